from .alert import Alert
from .api_key import ApiAnswer, ApiKey, Scope
from .calendar import CalendarDay, CalendarYear, WorkCalendar
from .complaint import Channel, Complaint, DailyNumber, Priority, Severity
from .confirmation import ConfirmationRecord
from .contact import Contact, Promise, ScriptUse
from .customer import Customer
from .customer_link import CustomerLink
from .deadline import Deadline
from .draft import RegistrationDraft
from .duty import Absence
from .duty_profile import DutyProfile
from .event import ComplaintEvent
from .evidence import Evidence
from .heartbeat import Heartbeat
from .hook import HookChannel, HookDelivery, Subscription
from .importjob import ImportJob, ImportKind, ImportMapping
from .inquiry import Department, Inquiry
from .liability import LiabilityShare
from .mail import InboundMail, Mailbox
from .matter import Matter
from .order import Order, OrderLine
from .outbox import OutboxMessage
from .policy import SlaPolicy, SlaTarget
from .preference import AlertPreference
from .product import ListingCheck, OpenFinding, Product
from .quality import ReplyReview, ReviewEvent, ReviewPoint, SampleDraw, SampleWeek
from .recovery import RecoveryClaim
from .remedy import Approval, Remedy
from .robot import Robot
from .setting_change import SettingChange
from .shop import Platform, Shop
from .web_submission import StagedUpload, WebSubmission
from .writing import Writing

__all__ = [
    "ApiAnswer",
    "ApiKey",
    "Scope",
    "Absence",
    "AlertPreference",
    "CalendarDay",
    "CalendarYear",
    "Heartbeat",
    "HookChannel",
    "HookDelivery",
    "Robot",
    "SettingChange",
    "SlaPolicy",
    "SlaTarget",
    "Subscription",
    "WorkCalendar",
    "Alert",
    "Approval",
    "Channel",
    "Complaint",
    "ComplaintEvent",
    "ConfirmationRecord",
    "Contact",
    "Customer",
    "CustomerLink",
    "DailyNumber",
    "Deadline",
    "Department",
    "DutyProfile",
    "Evidence",
    "ImportJob",
    "ImportKind",
    "ImportMapping",
    "Inquiry",
    "InboundMail",
    "LiabilityShare",
    "ListingCheck",
    "Mailbox",
    "Matter",
    "Order",
    "OrderLine",
    "OpenFinding",
    "OutboxMessage",
    "Platform",
    "Priority",
    "Product",
    "Promise",
    "RecoveryClaim",
    "RegistrationDraft",
    "Remedy",
    "ReplyReview",
    "ReviewEvent",
    "ReviewPoint",
    "SampleDraw",
    "SampleWeek",
    "Severity",
    "ScriptUse",
    "Shop",
    "StagedUpload",
    "WebSubmission",
    "Writing",
]
