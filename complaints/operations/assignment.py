"""Who works on a complaint: claimed, assigned, passed on, or given out by the rule."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from complaints.duty_roster import Choice, Nobody
from complaints.models import Complaint
from complaints.models.staff import staff_name
from complaints.refusals import Refused

from . import alerting, allotting
from .ended import refuse_ended
from .locking import locked, record, save_change

PASSED_ON = "passed_on"
"""The event of a case that somebody gave away; without a person after it, it went back to the queue."""


class AlreadyTaken(Refused):
    message = _("%(name)s has taken this complaint already.")


class NotOnThisShop(Refused):
    message = _("%(name)s does not work for this shop. Add them to the shop or choose somebody else.")


class NotYours(Refused):
    message = _("This case is not in your charge, so it is not yours to pass on.")


class AlreadyTheirs(Refused):
    message = _("%(name)s is in charge of this case already.")


class NobodyThere(Refused):
    message = _("Nobody is in charge of this case, and the system finds nobody who can have it now.")


class AccusedOfIt(Refused):
    message = _("The complaint is about %(name)s. Choose somebody else.")


def claim(complaint_id: int, *, actor: Any, now: datetime) -> Complaint:
    """Take an unassigned complaint. Raises AlreadyTaken when somebody was faster, AccusedOfIt."""
    with locked(complaint_id) as complaint:
        _refuse_accused(complaint, actor)
        if complaint.assignee_id not in (None, actor.pk):
            raise AlreadyTaken(name=staff_name(complaint.assignee))
        if complaint.assignee_id is None:
            _hand_over(complaint, actor, actor=actor, now=now, reason="")
    return complaint


def assign(complaint_id: int, assignee: Any, *, reason: str, actor: Any, version: int, now: datetime) -> Complaint:
    """Give the complaint to somebody who may see it. Raises NotOnThisShop, AccusedOfIt, StaleVersion."""
    with locked(complaint_id, version=version) as complaint:
        _refuse_stranger(complaint, assignee)
        _refuse_accused(complaint, assignee)
        _hand_over(complaint, assignee, actor=actor, now=now, reason=reason)
    return complaint


def pass_on(complaint_id: int, assignee: Any, *, reason: str, actor: Any, version: int, now: datetime) -> Complaint:
    """Give an own case to a colleague or, where `assignee` is None, back to the queue.

    In a shop that gives out cases by itself the rule then chooses at once, but never who has passed the case back.
    Raises NotYours, NotOnThisShop, AccusedOfIt, AlreadyTheirs, StaleVersion.
    """
    with locked(complaint_id, version=version) as complaint:
        if complaint.assignee_id != actor.pk:
            raise NotYours
        _give_away(complaint, assignee, reason=reason, actor=actor, now=now)
    return complaint


def reassign(complaint_id: int, assignee: Any, *, reason: str, actor: Any, version: int, now: datetime) -> Complaint:
    """What a lead does with the cases of others: like `pass_on`, whoever is in charge of them."""
    with locked(complaint_id, version=version) as complaint:
        _give_away(complaint, assignee, reason=reason, actor=actor, now=now)
    return complaint


def allot(complaint_id: int, *, now: datetime) -> bool:
    """Let the rule give out a complaint that waits; whether it found somebody. Asking again changes nothing."""
    with locked(complaint_id) as complaint:
        if complaint.assignee_id is not None or not complaint.is_open or not complaint.shop.allots_cases:
            return False
        return _by_rule(complaint, now=now)


def _give_away(complaint: Complaint, assignee: Any, *, reason: str, actor: Any, now: datetime) -> None:
    if assignee is not None:
        _refuse_stranger(complaint, assignee)
        _refuse_accused(complaint, assignee)
        if assignee.pk == complaint.assignee_id:
            raise AlreadyTheirs(name=staff_name(assignee))
    if assignee is None and complaint.assignee_id is None:
        if not complaint.shop.allots_cases or not _by_rule(complaint, now=now):
            raise NobodyThere
        return
    choice = None
    if assignee is None and complaint.shop.allots_cases:
        passed_by = _passed_by(complaint) | frozenset(filter(None, [complaint.assignee_id]))
        choice = allotting.choose(complaint, passed_by=passed_by, now=now)
    waits = {"waits": allotting.why(choice)} if isinstance(choice, Nobody) else {}
    _hand_over(complaint, assignee, kind=PASSED_ON, actor=actor, now=now, reason=reason, **waits)
    if isinstance(choice, Choice):
        _give(complaint, choice, now=now)


def _by_rule(complaint: Complaint, *, now: datetime) -> bool:
    choice = allotting.choose(complaint, passed_by=_passed_by(complaint), now=now)
    if not isinstance(choice, Choice):
        return False
    _give(complaint, choice, now=now)
    return True


def _give(complaint: Complaint, choice: Choice, *, now: datetime) -> None:
    rule = allotting.told(choice, complaint)
    _hand_over(complaint, allotting.person_of(choice), actor=None, now=now, reason="", rule=rule)


def _passed_by(complaint: Complaint) -> frozenset[int]:
    """From whom the case came back to the queue: the rule does not give it to them again."""
    passed = complaint.events.filter(kind=PASSED_ON).values_list("data", flat=True)
    return frozenset(data["before"] for data in passed if data["after"] is None and data["before"])


def _refuse_stranger(complaint: Complaint, assignee: Any) -> None:
    if not Complaint.objects.visible_to(assignee).filter(pk=complaint.pk).exists():
        raise NotOnThisShop(name=staff_name(assignee))


def _refuse_accused(complaint: Complaint, person: Any) -> None:
    """Nobody is in charge of what is said about them (R4.3)."""
    if person.pk == complaint.accused_id:
        raise AccusedOfIt(name=staff_name(person))


def _hand_over(
    complaint: Complaint,
    assignee: Any,
    *,
    kind: str = "assigned",
    actor: Any,
    now: datetime,
    reason: str,
    **data: Any,
) -> None:
    refuse_ended(complaint)
    before = complaint.assignee_id
    complaint.assignee = assignee
    save_change(complaint, "assignee")
    alerting.hand_over(complaint, now=now)
    after = assignee.pk if assignee else None
    record(complaint, kind, actor=actor, now=now, reason=reason, before=before, after=after, **data)
