from . import alerts, complaint, departments, inquiries, inquiry_actions, records, settings

__all__ = ["alerts", "complaint", "departments", "inquiries", "inquiry_actions", "records", "settings"]
