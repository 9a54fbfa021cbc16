from . import alerts, complaint, policies, promises, records, setting_changes, settings, time_actions

__all__ = [
    "alerts",
    "complaint",
    "policies",
    "promises",
    "records",
    "setting_changes",
    "settings",
    "time_actions",
]
