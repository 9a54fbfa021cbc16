"""Publish what buyers are to confirm: each change is another version, and none ever changes."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from knowledge.models import ConfirmationText
from knowledge.refusals import Refused

from .customer_texts import refuse_blocked, refuse_placeholders
from .turns import take_turn


class JustPublished(Refused):
    message = _(
        "Somebody else has just published a version of this text. Yours is still in the form: compare and save again."
    )


def mark() -> int:
    """The latest of all versions: whoever begins to write now knows those until then."""
    return ConfirmationText.objects.aggregate(last=Max("pk"))["last"] or 0


def publish(*, code: str, name: str, text: str, text_en: str, seen: int, actor: Any, now: datetime) -> ConfirmationText:
    """The text as the next version under its code; `seen` is the `mark` when it was begun.

    Raises PlaceholderLeft, TextBlocked, JustPublished.
    """
    words = {"text": text, "text_en": text_en}
    refuse_placeholders(words)
    refuse_blocked(words, now=now)
    versions = ConfirmationText.objects.filter(code=code)
    with transaction.atomic():
        take_turn(f"confirmation text {code}")
        if versions.filter(pk__gt=seen).exists():
            raise JustPublished
        number = (versions.aggregate(last=Max("number"))["last"] or 0) + 1
        return versions.create(code=code, number=number, name=name, **words, author=actor, published_at=now)


def is_in_force(*, code: str, name: str, text: str, text_en: str) -> bool:
    """Whether the latest version says the same."""
    last = ConfirmationText.objects.filter(code=code).order_by("-number").first()
    return bool(last and (last.name, last.text, last.text_en) == (name, text, text_en))
