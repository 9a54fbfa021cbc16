"""Give a case to whoever is on duty, knows the matter and has the least to do; in turn among equals (R7.3).

Called within the transaction that writes the case. Of two at once that choose the same person the second waits for the
first, finds that the person has been given one meanwhile, and looks again.
"""

from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import F

from complaints import duty_roster
from complaints.duty_roster import Candidate, Choice, Matter, Nobody
from complaints.models import Complaint, DutyProfile
from complaints.queries import roster

ATTEMPTS = 32
"""So often one looks again where others were faster: more than come in at once, each of whom has been served by then.
After that the choice stands and is counted, as fair as it can be."""


def choose(complaint: Complaint, *, passed_by: frozenset[int] = frozenset(), now: datetime) -> Choice | Nobody:
    """Find who gets the complaint and mark that they have been given one; nothing of the complaint is written."""
    matter = Matter(accused=complaint.accused_id, passed_by=passed_by)
    for _attempt in range(ATTEMPTS):
        found = roster.candidates(complaint.shop, complaint.issue_type, now=now)
        choice = duty_roster.choose(found, matter)
        if isinstance(choice, Nobody) or _take_turn(choice.candidate, now=now):
            return choice
    if isinstance(choice, Choice):
        DutyProfile.objects.filter(user=choice.candidate.person).update(given=F("given") + 1, last_given_at=now)
    return choice


def why(nobody: Nobody) -> str:
    """What the history says of a choice that found nobody."""
    return str(nobody.closest or "alone")


class _Overtaken(Exception):
    """Somebody else was faster."""


def _take_turn(candidate: Candidate, *, now: datetime) -> bool:
    """Count the case to the person, unless somebody else has done so since the person was looked at.

    Then the attempt is rolled back: PostgreSQL keeps the lock of a row for which an UPDATE has waited, even where the
    row does not fit any more, and two who look on would wait for each other.
    """
    try:
        with transaction.atomic():
            _count(candidate, now=now)
    except _Overtaken:
        return False
    return True


def _count(candidate: Candidate, *, now: datetime) -> None:
    """Raises _Overtaken."""
    turn = {"given": F("given") + 1, "last_given_at": now}
    seen = DutyProfile.objects.filter(user=candidate.person, given=candidate.given)
    if seen.update(**turn):
        return
    # The first case that the rule gives to somebody about whom nothing has been entered.
    DutyProfile.objects.bulk_create([DutyProfile(user_id=candidate.person)], ignore_conflicts=True)
    if candidate.given or not seen.update(**turn):
        raise _Overtaken


def person_of(choice: Choice) -> Any:
    return get_user_model().objects.get(pk=choice.candidate.person)


def told(choice: Choice, complaint: Complaint) -> dict[str, Any]:
    """Why this person got it, as the event keeps it: ids and numbers, words are made of them when it is read."""
    one, issue = choice.candidate, complaint.issue_type
    skill = (issue.parent_id or issue.pk) if issue and one.handles else None
    return {
        "skill": skill,
        "shift": one.has_shifts,
        "load": one.load,
        "limit": one.limit,
        "among": choice.among,
        "because": str(choice.because),
    }
