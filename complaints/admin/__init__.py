from . import alerts, calendars, complaint, promises, records, settings, time_actions

__all__ = ["alerts", "calendars", "complaint", "promises", "records", "settings", "time_actions"]
