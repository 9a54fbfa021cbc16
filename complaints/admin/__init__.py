from . import alerts, calendars, complaint, policies, promises, records, setting_changes, settings, time_actions

__all__ = [
    "alerts",
    "calendars",
    "complaint",
    "policies",
    "promises",
    "records",
    "setting_changes",
    "settings",
    "time_actions",
]
