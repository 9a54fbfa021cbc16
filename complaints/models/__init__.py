from .alert import Alert
from .complaint import Channel, Complaint, DailyNumber, Priority, Severity
from .contact import Contact, Promise
from .customer import Customer
from .deadline import Deadline
from .event import ComplaintEvent
from .evidence import Evidence
from .liability import LiabilityShare
from .order import Order, OrderLine
from .outbox import OutboxMessage
from .remedy import Approval, Remedy
from .shop import Platform, Shop

__all__ = [
    "Alert",
    "Approval",
    "Channel",
    "Complaint",
    "ComplaintEvent",
    "Contact",
    "Customer",
    "DailyNumber",
    "Deadline",
    "Evidence",
    "LiabilityShare",
    "Order",
    "OrderLine",
    "OutboxMessage",
    "Platform",
    "Priority",
    "Promise",
    "Remedy",
    "Severity",
    "Shop",
]
