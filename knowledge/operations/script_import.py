"""Scripts out of a file: new ones and new texts become drafts, in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from knowledge.models import ReplyScript

from . import scripts


@dataclass(frozen=True, slots=True)
class Line:
    """A script as the file has it; `text` is None where it stays as it is."""

    code: str
    details: Mapping[str, Any]
    text: str | None


def take_over(lines: Sequence[Line], *, actor: Any, now: datetime) -> int:
    """Add or change each script; returns how many. Nothing is published, and no open draft is written over.

    Raises what `scripts.create` and `scripts.write` raise, and then nothing was changed.
    """
    with transaction.atomic():
        known = dict(ReplyScript.objects.filter(code__in=[line.code for line in lines]).values_list("code", "pk"))
        for line in lines:
            pk = known.get(line.code)
            if pk is None:
                scripts.create(line.code, line.text or "", line.details, actor=actor, now=now)
                continue
            scripts.change_details(pk, line.details, actor=actor, now=now)
            if line.text is not None:
                scripts.write(pk, line.text, actor=actor, now=now)
    return len(lines)
