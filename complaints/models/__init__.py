from .alert import Alert
from .calendar import CalendarDay, CalendarYear, WorkCalendar
from .complaint import Channel, Complaint, DailyNumber, Priority, Severity
from .contact import Contact, Promise
from .customer import Customer
from .deadline import Deadline
from .duty import Absence
from .event import ComplaintEvent
from .evidence import Evidence
from .heartbeat import Heartbeat
from .inquiry import Department, Inquiry
from .liability import LiabilityShare
from .order import Order, OrderLine
from .outbox import OutboxMessage
from .policy import SlaPolicy, SlaTarget
from .preference import AlertPreference
from .recovery import RecoveryClaim
from .remedy import Approval, Remedy
from .robot import Robot
from .setting_change import SettingChange
from .shop import Platform, Shop

__all__ = [
    "Absence",
    "AlertPreference",
    "CalendarDay",
    "CalendarYear",
    "Heartbeat",
    "Robot",
    "SettingChange",
    "SlaPolicy",
    "SlaTarget",
    "WorkCalendar",
    "Alert",
    "Approval",
    "Channel",
    "Complaint",
    "ComplaintEvent",
    "Contact",
    "Customer",
    "DailyNumber",
    "Deadline",
    "Department",
    "Evidence",
    "Inquiry",
    "LiabilityShare",
    "Order",
    "OrderLine",
    "OutboxMessage",
    "Platform",
    "Priority",
    "Promise",
    "RecoveryClaim",
    "Remedy",
    "Severity",
    "Shop",
]
