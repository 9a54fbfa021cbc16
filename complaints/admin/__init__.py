from . import alerts, complaint, records, settings

__all__ = ["alerts", "complaint", "records", "settings"]
