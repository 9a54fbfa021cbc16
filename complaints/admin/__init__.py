from . import alerts, complaint, policies, records, setting_changes, settings

__all__ = ["alerts", "complaint", "policies", "records", "setting_changes", "settings"]
