from . import (
    alerts,
    calendars,
    complaint,
    departments,
    inquiries,
    inquiry_actions,
    policies,
    promises,
    records,
    setting_changes,
    settings,
    time_actions,
)

__all__ = [
    "alerts",
    "calendars",
    "complaint",
    "departments",
    "inquiries",
    "inquiry_actions",
    "policies",
    "promises",
    "records",
    "setting_changes",
    "settings",
    "time_actions",
]
