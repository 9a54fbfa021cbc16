from . import alerts, calendars, complaint, records, settings

__all__ = ["alerts", "calendars", "complaint", "records", "settings"]
