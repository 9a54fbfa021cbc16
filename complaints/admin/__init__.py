from . import (
    alerts,
    complaint,
    departments,
    inquiries,
    inquiry_actions,
    promises,
    records,
    settings,
    time_actions,
)

__all__ = [
    "alerts",
    "complaint",
    "departments",
    "inquiries",
    "inquiry_actions",
    "promises",
    "records",
    "settings",
    "time_actions",
]
