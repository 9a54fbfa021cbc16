"""What the phrase rules say to words for a customer, as a page shows it; and who else writes some just now (R1.3)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from complaints.models import Complaint, Writing
from complaints.models.writing import FRESH
from knowledge import rendering
from knowledge.linting import Finding
from knowledge.models import PhraseRule, ReplyScript
from knowledge.queries import placeholders, reply_findings

from .displays import staff_name

ICONS = {"block": "circle-x", "warn": "triangle-alert", "hint": "info"}
TONES = {"block": "breached", "warn": "risk", "hint": "neutral"}


@dataclass(frozen=True, slots=True)
class Advice:
    """One finding as the page shows it: the words, why, and what could stand there instead."""

    words: str
    finding: Finding
    replacement: str
    """What can stand there instead, with its gaps."""
    script: ReplyScript | None

    @property
    def icon(self) -> str:
        return ICONS[self.finding.rule.level]

    @property
    def tone(self) -> str:
        return TONES[self.finding.rule.level]

    @property
    def level(self) -> str:
        return str(PhraseRule.Level(self.finding.rule.level).label)

    @property
    def key(self) -> str:
        """Names the place, for the button that takes the advice."""
        return f"{self.finding.start}-{self.finding.end}-{self.finding.rule.code}"

    @property
    def instead(self) -> str:
        """The replacement as a person reads it: a gap by its name."""
        labels = {one.name: one.label for one in placeholders()}
        return "".join(
            f"【{labels.get(part.name, part.name)}】" if part.kind == "gap" else part.text
            for part in rendering.parts(self.replacement, {})
        )

    @property
    def wants_time(self) -> bool:
        return self.finding.rule.category == PhraseRule.Category.VAGUE_TIME


TIME_NAMED = re.compile(
    r"最晚|最迟|\d{1,2}[:：]\d{2}\s*(之?前|以前)|\d+\s*(个?小时|天|日|个?工作日)(之?内|以内)|(今|明|后)天.{0,6}前"
)
"""What in a reply sounds like a promise of a time."""


def found(complaint: Complaint, body: str, user: Any, *, promised: str = "", now: datetime) -> dict[str, Any]:
    """What the page shows below the text: three queries at most. `promised`: the time in the form, as it was typed."""
    findings = reply_findings(body, now=now) if body else []
    advice = _advice(body, findings)
    return {
        "advice": advice,
        "blocked": any(one.finding.blocks for one in advice),
        "unpromised": not promised and bool(TIME_NAMED.search(body)),
        "may_overrule": user.has_perm("complaints.overrule_phrases"),
        "writers": others(complaint, user, now=now),
    }


def others(complaint: Complaint, user: Any, *, now: datetime) -> list[str]:
    """Who else writes to this customer just now."""
    rows = Writing.objects.filter(complaint=complaint, at__gt=now - FRESH).exclude(user=user).select_related("user")
    return [staff_name(one.user) for one in rows.order_by("pk")]


def _advice(body: str, findings: Sequence[Finding]) -> list[Advice]:
    codes = {one.rule.script for one in findings if one.rule.script}
    scripts = ReplyScript.objects.filter(code__in=codes, active=True).in_bulk(field_name="code") if codes else {}
    return [
        Advice(body[one.start : one.end], one, one.replacement_in(body), scripts.get(one.rule.script))
        for one in findings
    ]


def replaced(body: str, key: str, facts: dict[str, str], *, now: datetime) -> str:
    """The text with the advice that the key names; as it was where that is not found there any more."""
    for one in _advice(body, reply_findings(body, now=now)):
        if one.key == key and one.replacement:
            instead = rendering.render(one.replacement, facts)
            return body[: one.finding.start] + instead + body[one.finding.end :]
    return body
