"""Give out what waits for somebody: when a shift begins, an absence ends, or a desk gets room again (R7.3)."""

import logging
from datetime import datetime
from typing import Any

from django.db.models import Q

from complaints.duty_roster import Candidate, Matter, bar
from complaints.models import Complaint, DutyProfile, Shop
from complaints.queries import roster

from . import assignment

log = logging.getLogger(__name__)

BATCH = 200
"""Of one shop at one tick; each is a transaction of its own, so that the other writers get their turn."""


def give_out(*, now: datetime) -> int:
    """Let the rule look at the complaints that wait, the most urgent first. Returns how many found somebody.

    Any number may run at once: each case is looked at again under its lock. A case that nobody can take stays where
    it is and holds up no other.
    """
    given = 0
    for shop in Shop.objects.filter(active=True, allots_cases=True):
        given += _give_out(shop, now=now)
    return given


def _give_out(shop: Shop, *, now: datetime) -> int:
    """Of one shop, until the desks of those who are there are full."""
    given = 0
    waiting, room = _waiting(shop, now=now)
    for pk in waiting:
        if given == room:
            break
        given += _give(pk, now=now)
    return given


def _give(pk: int, *, now: datetime) -> bool:
    try:
        return assignment.allot(pk, now=now)
    except Exception:
        log.exception("giving out: complaint %s waits for the next tick", pk)
        return False


def _waiting(shop: Shop, *, now: datetime) -> tuple[list[int], int]:
    """Ids of what somebody who is there may be able to take, and for how many there is room.

    More are read than there is room for: one that was passed back by the only person there must not hold up the next.
    """
    waiting = Complaint.objects.unassigned().filter(shop=shop)
    if not waiting.exists():
        return [], 0
    there = [one for one in roster.candidates(shop, None, now=now) if bar(one, Matter()) is None]
    if not there:
        return [], 0
    # The clock of the urgent ones runs out first.
    known = waiting.filter(_within_skills(there)).order_by("next_due_at", "pk")
    return list(known.values_list("pk", flat=True)[:BATCH]), sum(one.limit - one.load for one in there)


def _within_skills(people: list[Candidate]) -> Q:
    """What these people handle between them; a case without a type is for everybody."""
    ids = [one.person for one in people]
    skills = DutyProfile.skills.through.objects.filter(dutyprofile__user__in=ids)
    named = dict.fromkeys(ids, False)
    roots: set[Any] = set()
    for person, root in skills.values_list("dutyprofile__user", "issuetype"):
        named[person] = True
        roots.add(root)
    if not all(named.values()):
        return Q()
    return Q(issue_type=None) | Q(issue_type__in=roots) | Q(issue_type__parent__in=roots)
