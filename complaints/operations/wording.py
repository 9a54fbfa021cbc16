"""What a person of ours may tell a customer: the phrase rules, and going past them with a reason (R1.3, R4.7)."""

import hashlib
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext

from complaints.models import Complaint
from complaints.refusals import ReasonMissing, Refused
from knowledge.linting import Finding
from knowledge.queries import reply_findings

from .locking import locked, record

OVERRULED = "phrases_overruled"


class PhraseBlocked(Refused):
    message = _("This must not be sent as it is: %(phrases)s. Change these words.")
    panel = "reply"


def is_blocked(text: str, *, now: datetime) -> bool:
    return bool(_blocking(text, now=now))


def refuse_blocked(text: str, *, now: datetime) -> None:
    """For words to a customer that nobody can let pass. Raises PhraseBlocked."""
    if blocking := _blocking(text, now=now):
        raise _blocked(text, blocking)


def check(complaint: Complaint, text: str, *, now: datetime) -> None:
    """Raise PhraseBlocked, unless somebody who may has let exactly this text pass on this complaint."""
    blocking = _blocking(text, now=now)
    if blocking and not _let_pass(complaint, text):
        raise _blocked(text, blocking)


def overrule(complaint_id: int, text: str, *, reason: str, actor: Any, now: datetime) -> None:
    """Let this text pass although rules block it; without a block there is nothing to write. Raises ReasonMissing."""
    if not reason.strip():
        raise ReasonMissing
    rules = sorted({one.rule.code for one in _blocking(text, now=now)})
    if not rules:
        return
    with locked(complaint_id) as complaint:
        record(complaint, OVERRULED, actor=actor, now=now, reason=reason.strip(), rules=rules, text=_mark(text))


def _blocking(text: str, *, now: datetime) -> list[Finding]:
    return [one for one in reply_findings(text, now=now) if one.blocks]


def _let_pass(complaint: Complaint, text: str) -> bool:
    return complaint.events.filter(kind=OVERRULED, data__text=_mark(text)).exists()


def _mark(text: str) -> str:
    """Stands for the text in the history, which holds no words to customers."""
    return hashlib.sha256(text.strip().encode()).hexdigest()[:32]


def _blocked(text: str, blocking: list[Finding]) -> PhraseBlocked:
    words = dict.fromkeys(f"“{text[one.start : one.end]}”" for one in blocking)
    return PhraseBlocked(phrases=pgettext("enumeration", ", ").join(words))
