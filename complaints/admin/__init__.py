from . import alerts, complaint, promises, records, settings

__all__ = ["alerts", "complaint", "promises", "records", "settings"]
