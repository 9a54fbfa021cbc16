from . import alerts, complaint, promises, records, robots, settings, time_actions

__all__ = ["alerts", "complaint", "promises", "records", "robots", "settings", "time_actions"]
