"""Load the default content; run again, it adds what is missing and leaves what managers edited (idempotent)."""

import json
from pathlib import Path
from typing import Any

from django.db import transaction

from knowledge.models import IssueType, ReplyScript

CONTENT = Path(__file__).resolve().parent.parent / "content"


def load_content() -> dict[str, int]:
    """Add the default issue types and scripts that do not exist yet; returns how many of each were added."""
    with transaction.atomic():
        return {"issue_types": _load_issue_types(), "scripts": _load_scripts()}


def _load_issue_types() -> int:
    known = set(IssueType.objects.values_list("code", flat=True))
    added = 0
    for position, root in enumerate(_read("issue_types.json")):
        parent, created = IssueType.objects.get_or_create(
            code=root["code"],
            defaults={"name": root["name"], "name_en": root["name_en"], "position": position},
        )
        fresh = [
            IssueType(parent=parent, code=child["code"], name=child["name"], name_en=child["name_en"], position=place)
            for place, child in enumerate(root["children"])
            if child["code"] not in known
        ]
        IssueType.objects.bulk_create(fresh)
        added += created + len(fresh)
    return added


def _load_scripts() -> int:
    known = set(ReplyScript.objects.values_list("code", flat=True))
    fields = ("code", "name", "name_en", "stage", "step", "language", "text")
    fresh = [
        ReplyScript(**{name: script[name] for name in fields})
        for script in _read("scripts.json")
        if script["code"] not in known
    ]
    ReplyScript.objects.bulk_create(fresh)
    return len(fresh)


def _read(name: str) -> Any:
    return json.loads((CONTENT / name).read_text(encoding="utf-8"))
