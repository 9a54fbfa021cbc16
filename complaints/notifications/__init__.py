"""Which message goes to whom: the only place that knows, and the only one that writes mail text."""

from .alerts import alerts, happening
from .audience import audience
from .customer import remedy_done_mails, reply_mail
from .links import case_link

__all__ = ["alerts", "audience", "case_link", "happening", "remedy_done_mails", "reply_mail"]
