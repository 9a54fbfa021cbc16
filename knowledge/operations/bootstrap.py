"""Load the default content; run again, it adds what is missing and leaves what managers edited (idempotent)."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from django.db import transaction

from knowledge.models import (
    ConfirmationText,
    Criterion,
    CriterionVersion,
    IssueType,
    ListingItem,
    PhraseRule,
    ReplyScript,
    ScriptVersion,
    ServicePolicy,
    ServicePolicyVersion,
)
from knowledge.versioning import Status

from . import synonyms

_DETAILS = ("code", "name", "name_en", "stage", "step", "language", "tone")
_RULE_DETAILS = (
    "code", "category", "level", "scope", "kind", "reason", "reason_en", "suggestion", "suggestion_en", "replacement",
    "replacement_en",
)  # fmt: skip
_RULE_LINES = ("patterns", "exceptions", "examples_found", "examples_innocent")
CONTENT_DATE = datetime(2026, 11, 26, tzinfo=UTC)
"""When the default rules were last looked through."""

CONTENT = Path(__file__).resolve().parent.parent / "content"


def load_content() -> dict[str, int]:
    """Add the default content that does not exist yet; returns how many of each kind."""
    with transaction.atomic():
        return {
            "issue_types": _load_issue_types(),
            "scripts": _load_scripts(),
            "phrase_rules": _load_phrase_rules(),
            "criteria": _load_rubric(),
            "service_policies": _load_service_policies(),
            "synonyms": synonyms.load(_read("synonyms.json")),
            "listing_items": _load_listing_items(),
            "confirmation_texts": _load_confirmation_texts(),
        }


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
    """Each with its first version, published; a script that exists is a manager's and stays as it is."""
    known = set(ReplyScript.objects.values_list("code", flat=True))
    rows = {row["code"]: row for row in _read("scripts.json") if row["code"] not in known}
    scripts = [ReplyScript(**{name: row[name] for name in _DETAILS}) for row in rows.values()]
    ReplyScript.objects.bulk_create(scripts)
    versions = [
        ScriptVersion(script=script, number=1, text=rows[script.code]["text"], status=Status.PUBLISHED)
        for script in scripts
    ]
    ScriptVersion.objects.bulk_create(versions)
    types = dict(IssueType.objects.values_list("code", "pk"))
    through: Any = ReplyScript.issue_types.through
    through.objects.bulk_create(
        through(replyscript=script, issuetype_id=types[code])
        for script in scripts
        for code in rows[script.code]["issue_types"]
        if code in types
    )
    return len(scripts)


def _load_phrase_rules() -> int:
    known = set(PhraseRule.objects.values_list("code", flat=True))
    scripts = dict(ReplyScript.objects.values_list("code", "pk"))
    return len(PhraseRule.objects.bulk_create(rule for rule in default_rules(scripts) if rule.code not in known))


def default_rules(scripts: Mapping[str, int]) -> list[PhraseRule]:
    """The rules that come with the product, not saved. `scripts`: ids by code; one that is not there is not named."""
    return [
        PhraseRule(
            **{name: row[name] for name in _RULE_DETAILS},
            **{name: "\n".join(row[name]) for name in _RULE_LINES},
            script_id=scripts.get(row["script"]),
            updated_at=CONTENT_DATE,
        )
        for row in _read("phrases.json")
    ]


def _load_rubric() -> int:
    """The criteria by which replies are scored, where there is none at all: a rubric is one whole."""
    if Criterion.objects.exists():
        return 0
    rows = {row.pop("code"): row for row in _read("rubric.json")}
    criteria = Criterion.objects.bulk_create(Criterion(code=code) for code in rows)
    CriterionVersion.objects.bulk_create(
        CriterionVersion(
            criterion=criterion,
            number=1,
            position=position,
            most=len(rows[criterion.code]["anchors"]) - 1,
            **rows[criterion.code],
        )  # fmt: skip
        for position, criterion in enumerate(criteria, start=1)
    )
    return len(criteria)


def _load_service_policies() -> int:
    """For all shops, each with its first version, published; a matter that has a policy is a manager's.

    They say what the law gives a customer anyway, so they hold from the day on which the law did.
    """
    known = set(ServicePolicy.objects.filter(shop_ref=None).values_list("kind", flat=True))
    fresh = [row for row in _read("service_policies.json") if row["kind"] not in known]
    for row in fresh:
        ServicePolicyVersion.objects.create(
            policy=ServicePolicy.objects.create(kind=row["kind"]),
            number=1,
            text="\n".join(row["text"]),
            text_en="\n".join(row["text_en"]),
            sources=row["sources"],
            reviewed_on=date.fromisoformat(row["reviewed_on"]),
            status=Status.PUBLISHED,
            effective_from=datetime.fromisoformat(row["effective_from"]),
        )
    return len(fresh)


def _load_listing_items() -> int:
    known = set(ListingItem.objects.values_list("code", flat=True))
    fresh = [
        ListingItem(position=place, **row | {name: "\n".join(row[name]) for name in ("phrases", "expressions")})
        for place, row in enumerate(_read("listing_items.json"))
        if row["code"] not in known
    ]
    ListingItem.objects.bulk_create(fresh)
    return len(fresh)


def _load_confirmation_texts() -> int:
    known = set(ConfirmationText.objects.values_list("code", flat=True))
    fresh = [ConfirmationText(number=1, **row) for row in _read("confirmation_texts.json") if row["code"] not in known]
    ConfirmationText.objects.bulk_create(fresh)
    return len(fresh)


def _read(name: str) -> Any:
    return json.loads((CONTENT / name).read_text(encoding="utf-8"))
