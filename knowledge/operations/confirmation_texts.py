"""Publish what buyers are to confirm: each change is another version, and none ever changes."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max

from knowledge.models import ConfirmationText


def publish(*, code: str, name: str, text: str, text_en: str, actor: Any, now: datetime) -> ConfirmationText:
    """The text as the next version under its code. The unique number refuses the second of two at once."""
    with transaction.atomic():
        last = ConfirmationText.objects.filter(code=code).aggregate(last=Max("number"))["last"] or 0
        return ConfirmationText.objects.create(
            code=code, number=last + 1, name=name, text=text, text_en=text_en, author=actor, published_at=now
        )


def is_in_force(*, code: str, name: str, text: str, text_en: str) -> bool:
    """Whether the latest version says the same."""
    last = ConfirmationText.objects.filter(code=code).order_by("-number").first()
    return bool(last and (last.name, last.text, last.text_en) == (name, text, text_en))
