from . import alerts, complaint, records, settings, time_actions

__all__ = ["alerts", "complaint", "records", "settings", "time_actions"]
