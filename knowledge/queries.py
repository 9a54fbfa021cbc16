"""Named reads of what managers edit."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from django.contrib.auth import get_permission_codename, get_user_model
from django.db import models
from django.db.models import Count, F, Max, Q, QuerySet, Sum
from django.utils import timezone
from django.utils.translation import get_language

from knowledge.linting import Finding, RuleSet
from knowledge.models import PhraseRule, ReplyScript, ScriptVersion, ServicePolicyVersion
from knowledge.versioning import Status

CONTENT = Path(__file__).resolve().parent / "content"
MODEL_BACKEND = "django.contrib.auth.backends.ModelBackend"

_STAGE_OF_STATE = {
    "new": ReplyScript.Stage.ACCEPT,
    "accepted": ReplyScript.Stage.VERIFY,
    "verifying": ReplyScript.Stage.VERIFY,
    "proposing": ReplyScript.Stage.PROPOSE,
    "negotiating": ReplyScript.Stage.PROPOSE,
    "executing": ReplyScript.Stage.EXECUTE,
    "awaiting_followup": ReplyScript.Stage.FOLLOWUP,
}
_STAGES = [stage.value for stage in ReplyScript.Stage]
_STEPS = [step.value for step in ReplyScript.Step]


@dataclass(frozen=True, slots=True)
class Worked:
    """How a script has done lately: uses, how many of them were edited, the mean satisfaction of the cases."""

    uses: int = 0
    edited: int = 0
    satisfaction: float | None = None
    rated: int = 0

    @property
    def percent_edited(self) -> int:
        return round(100 * self.edited / self.uses) if self.uses else 0

    @property
    def score(self) -> tuple[float, int]:
        """For sorting: well rated first, one that nobody has rated yet in the middle, then by use."""
        return (self.satisfaction or MIDDLE, self.uses)


MIDDLE = 3.5
UNUSED = Worked()


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What decides which scripts fit: of a complaint, in plain values."""

    state: str
    issue_types: frozenset[int] = frozenset()
    """Ids of its type and of the type above that."""
    issue_type: int | None = None
    channel: str = ""
    language: str = "zh-hans"
    worked: Mapping[int, Worked] = field(default_factory=dict)


def scripts_for(case: Case, query: str = "") -> list[ScriptVersion]:
    """Published texts, the best for this case first; with `query` those that contain all its words. Two queries.

    What the customer cannot read comes last, before that what is meant for other complaints or channels; then the
    stage decides, the order listen -> soothe -> next step (R3.3), how closely the issue type fits, and what worked.
    """
    found = ScriptVersion.objects.in_force()
    for word in query.split()[:5]:
        script = Q(script__name__icontains=word) | Q(script__name_en__icontains=word) | Q(script__code__icontains=word)
        found = found.filter(script | Q(text__icontains=word))
    stage = _STAGE_OF_STATE.get(case.state, ReplyScript.Stage.CLOSE)
    return sorted(found.prefetch_related("script__issue_types"), key=lambda version: _rank(version.script, case, stage))


def _rank(script: ReplyScript, case: Case, stage: str) -> tuple[Any, ...]:
    types = {one.pk for one in script.issue_types.all()}
    elsewhere = bool(types and not types & case.issue_types) or bool(
        script.channels and case.channel not in script.channels
    )
    close = 0 if case.issue_type in types else 1 if types else 2
    satisfaction, uses = case.worked.get(script.pk, UNUSED).score
    return (
        script.language[:2] != case.language[:2], elsewhere, script.stage != stage, _STAGES.index(script.stage),
        _STEPS.index(script.step), close, not script.channels, -satisfaction, -uses, script.code,
    )  # fmt: skip


def second_publisher(documents: type[models.Model], *, besides: Any, among: QuerySet[Any] | None = None) -> bool:
    """Whether anybody else on the staff may publish such documents. `among`: who sees this one, if not all."""
    permission = f"knowledge.{get_permission_codename('publish', documents._meta)}"
    people = get_user_model().objects.with_perm(permission, backend=MODEL_BACKEND).filter(is_staff=True)
    if among is not None:
        people = people.filter(pk__in=among.values("pk"))
    return people.exclude(pk=besides.pk).exists()


@dataclass(frozen=True, slots=True)
class Placeholder:
    """One entry of the catalogue: what may stand in a script, what it becomes, and where that comes from."""

    name: str
    label: str
    example: str
    source: str


def placeholders() -> list[Placeholder]:
    """The catalogue in the reader's language."""
    english = (get_language() or "").startswith("en")
    return [
        Placeholder(
            row["name"],
            row["label"] if english else row["label_zh"],
            row.get("example_en", row["example"]) if english else row["example"],
            row["source"] if english else row["source_zh"],
        )
        for row in _catalogue()
    ]


def examples(language: str) -> dict[str, str]:
    """A value for each placeholder, as a script in this language would be filled."""
    key = "example_en" if language.startswith("en") else "example"
    return {row["name"]: row.get(key, row["example"]) for row in _catalogue()}


@cache
def _catalogue() -> list[dict[str, str]]:
    rows: list[dict[str, str]] = json.loads((CONTENT / "placeholders.json").read_text(encoding="utf-8"))
    return rows


_RULES: dict[str, tuple[Any, RuleSet]] = {}
"""Language -> the stamp of the rules, and the rules made ready."""


def phrase_rules() -> RuleSet:
    """The rules that are switched on, with texts in the reader's language, made ready once for each change: one query.

    A change anywhere is noticed at the next look, for it gives the rule another edition.
    """
    language = "en" if (get_language() or "").startswith("en") else "zh"
    stamp = PhraseRule.objects.active().aggregate(Count("pk"), Sum("pk"), Sum("edition"), Max("updated_at"))
    known = _RULES.get(language)
    if known is None or known[0] != stamp:
        rules = PhraseRule.objects.active().select_related("script").order_by("pk")
        known = _RULES[language] = (stamp, RuleSet(rule.spec for rule in rules))
    return known[1]


def reply_findings(text: str, *, now: datetime) -> list[Finding]:
    """What the rules for replies find in it today: one query, and a second one after a change of the rules."""
    return phrase_rules().findings(text, scope="reply", on=timezone.localtime(now).date())


def terms_before(kind: str, shop_ref: int | None) -> ServicePolicyVersion | None:
    """What was published last for this shop, else for all, else what was withdrawn last: the words that a new version
    takes the place of.
    """
    rows = ServicePolicyVersion.objects.announced(shop_ref).filter(policy__kind=kind)
    published_first = models.Case(models.When(status=Status.PUBLISHED, then=0), default=1)
    return rows.order_by(published_first, F("policy__shop_ref").asc(nulls_last=True), "-number").first()
