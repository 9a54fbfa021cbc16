from . import alerts, complaint, promises, records, settings, time_actions

__all__ = ["alerts", "complaint", "promises", "records", "settings", "time_actions"]
