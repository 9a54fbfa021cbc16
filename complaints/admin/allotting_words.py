"""Why somebody was given a case, or nobody, in words (R7.3); the event keeps ids and numbers."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from complaints.duty_roster import Bar, Because, Candidate
from complaints.models import ComplaintEvent
from complaints.models.staff import staff_name
from knowledge.models import IssueType

ALONE = "alone"
"""What the event says where nobody works for the shop."""

_NOBODY = {
    ALONE: gettext_lazy("nobody who handles complaints works for this shop"),
    Bar.OFF: gettext_lazy("nobody of this shop is given new cases"),
    Bar.ACCUSED: gettext_lazy("the only one who could have it is complained about"),
    Bar.PASSED: gettext_lazy("those who could have it have given it back"),
    Bar.SKILL: gettext_lazy("nobody handles this kind of issue"),
    Bar.ABSENT: gettext_lazy("everybody who could have it is away"),
    Bar.SHIFT: gettext_lazy("nobody who could have it is on duty"),
    Bar.FULL: gettext_lazy("everybody on duty has the most cases that they may have"),
}


def skills_of(events: list[ComplaintEvent]) -> dict[int, IssueType]:
    """The types of issue that these events name; one query, or none."""
    ids = {event.data.get("rule", {}).get("skill") for event in events} - {None}
    return IssueType.objects.in_bulk(ids) if ids else {}


def why_given(event: ComplaintEvent) -> str:
    """For example: handles product quality, on duty, 12 of 30 cases in hand, least to do of 3 who could have it."""
    rule = event.data.get("rule")
    if not rule:
        return ""
    skill = getattr(event, "skill", None) or skills_of([event]).get(rule["skill"])
    hand = _("%(load)s of %(limit)s cases in hand") % {"load": rule["load"], "limit": rule["limit"]}
    parts = [
        _("handles %(skill)s") % {"skill": skill.label} if skill else "",
        _("on duty") if rule["shift"] else "",
        hand,
        _because(rule),
    ]
    return pgettext("enumeration of reasons", ", ").join(part for part in parts if part)


def _because(rule: dict[str, Any]) -> str:
    number = {"n": rule["among"]}
    if rule["because"] == Because.LOAD:
        return _("the least to do of the %(n)s who could have it") % number
    if rule["because"] == Because.TURN:
        return _("next in turn among the %(n)s who could have it") % number
    return _("the only one who can have it now")


def why_nobody(waits: str) -> str:
    reason = _NOBODY.get(waits)
    return _("Given to nobody yet: %(reason)s") % {"reason": reason} if reason else ""


_WHETHER_THERE = {
    "away": pgettext_lazy("person", "away"),
    "on": pgettext_lazy("person", "on duty"),
    "off": pgettext_lazy("person", "off duty"),
}


def whether_there(candidate: Candidate) -> Any:
    """Away, on duty or off duty, in one word."""
    if candidate.absent:
        return _WHETHER_THERE["away"]
    return _WHETHER_THERE["on" if candidate.on_duty else "off"]


def standing_words(person: Any, candidate: Candidate | None) -> str:
    """How a choice of a colleague reads: the name, the open cases against the limit, and whether they are there."""
    if candidate is None:
        return staff_name(person)
    return f"{staff_name(person)} · {candidate.load}/{candidate.limit} · {whether_there(candidate)}"
