"""Which message goes to whom: the only place that knows, and the only one that writes mail text."""

from .alerts import happening
from .audience import audience
from .customer import link_mail, receipt_mail, remedy_done_mails, reply_mail
from .digests import morning_mail, weekly_mail
from .links import case_link
from .staff import messages

__all__ = [
    "audience",
    "case_link",
    "happening",
    "link_mail",
    "messages",
    "morning_mail",
    "receipt_mail",
    "remedy_done_mails",
    "reply_mail",
    "weekly_mail",
]
