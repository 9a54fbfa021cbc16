"""Publish what buyers are to confirm: each change is another version, and none ever changes."""

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from knowledge.models import ConfirmationText
from knowledge.refusals import Refused


class JustPublished(Refused):
    message = _(
        "Somebody else has just published a version of this text. Yours is still in the form: compare and save again."
    )


def publish(*, code: str, name: str, text: str, text_en: str, actor: Any, now: datetime) -> ConfirmationText:
    """The text as the next version under its code. Raises JustPublished: of two at once the number takes one."""
    number = _last_number(code) + 1
    try:
        with transaction.atomic():
            return ConfirmationText.objects.create(
                code=code, number=number, name=name, text=text, text_en=text_en, author=actor, published_at=now
            )
    except IntegrityError as error:
        raise JustPublished from error


def is_in_force(*, code: str, name: str, text: str, text_en: str) -> bool:
    """Whether the latest version says the same."""
    last = ConfirmationText.objects.filter(code=code).order_by("-number").first()
    return bool(last and (last.name, last.text, last.text_en) == (name, text, text_en))


def _last_number(code: str) -> int:
    return ConfirmationText.objects.filter(code=code).aggregate(last=Max("number"))["last"] or 0
