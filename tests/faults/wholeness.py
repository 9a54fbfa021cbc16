"""What must hold of every complaint at rest, whatever has been killed: read from the tables alone.

Independent of the operations: it knows what they promise, and none of how they keep it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

from complaints.models import Alert, Complaint, ComplaintEvent, Contact, Deadline, OutboxMessage
from followups.models import FollowUp

STAGE_CLOCKS = {"first_response", "verification", "proposal", "execution", "callback"}
OVER = {"closed", "withdrawn", "unfounded", "merged"}
MOST = 20
"""Examples that are told; a broken desk has thousands."""


def problems() -> list[str]:
    """One line for each thing that is not whole."""
    return list(_found())


def gaps_in_history() -> list[str]:
    """Those of the problems that are half-written steps."""
    return list(_history())


def _found() -> Iterator[str]:
    yield from _history()
    yield from _clocks()
    yield from _alerts()
    yield from _breaches()
    yield from _replies()
    yield from _callbacks()


def _history() -> Iterator[str]:
    """Each complaint stands where its history leads without a gap, and each version of it has its event."""
    told: dict[int, list[tuple[str, str, int]]] = defaultdict(list)
    rows = ComplaintEvent.objects.order_by("id").values_list("complaint_id", "from_state", "to_state", "version")
    for case, before, after, version in rows:
        told[case].append((before, after, version))
    for case in _cases("number", "state", "version"):
        pk, number, state, version = case
        steps = [(before, after) for before, after, _version in told[pk] if after]
        if not steps or steps[-1][1] != state:
            yield f"{number} is {state}, its history ends at {steps[-1][1] if steps else 'nothing'}"
        for (_before, left), (entered, _after) in zip(steps, steps[1:], strict=False):
            if left != entered:
                yield f"{number} went from {left} and came from {entered}"
        versions = {number for _before, _after, number in told[pk]}
        if versions != set(range(1, version + 1)):
            yield f"{number} has version {version} and events of {sorted(versions)}"


def _clocks() -> Iterator[str]:
    """An open complaint has its stage's clock and is due with the first of its clocks; one that is over has none."""
    running: dict[int, list[tuple[str, object]]] = defaultdict(list)
    rows = Deadline.objects.filter(met_at=None, stopped_at=None).values_list("complaint_id", "kind", "due_at")
    for case, kind, due_at in rows:
        running[case].append((kind, due_at))
    for pk, number, state, next_due_at, held_at in _cases("number", "state", "next_due_at", "held_at"):
        stage = [kind for kind, _due in running[pk] if kind in STAGE_CLOCKS]
        if len(stage) != (state not in OVER):
            yield f"{number} is {state} and has the clocks {stage}"
        first = min((due for _kind, due in running[pk]), default=None)
        if held_at is None and state not in OVER and next_due_at != first:
            yield f"{number} is due at {next_due_at}, its first clock at {first}"


def _alerts() -> Iterator[str]:
    """Nobody has been alerted twice of one level of one clock."""
    same = ("recipient_id", "complaint_id", "kind", "subject", "level", "due_at")
    for alert, times in Counter(Alert.objects.values_list(*same)).items():
        if times > 1:
            yield f"alert {alert} stands {times} times"


def _breaches() -> Iterator[str]:
    """A clock that has fired at 100 % is breached, and the history says so once."""
    told = Counter(
        (case, data["clock"], data["due_at"])
        for case, data in ComplaintEvent.objects.filter(kind="breached").values_list("complaint_id", "data")
    )
    yield from (f"breach {breach} is told {times} times" for breach, times in told.items() if times > 1)
    late = Deadline.objects.filter(level__gte=100)
    for case, kind, due_at, breached_at in late.values_list("complaint_id", "kind", "due_at", "breached_at"):
        if breached_at is None or (case, kind, due_at.isoformat()) not in told:
            yield f"{kind} of {case} has fired at 100 %, breached at {breached_at}, and the history does not tell"


def _replies() -> Iterator[str]:
    """Each reply by mail has its message, each message its reply."""
    by_mail = Contact.objects.filter(direction="out", channel="email", automatic=False).exclude(purpose="callback")
    replies = set(by_mail.values_list("pk", flat=True))
    keys = OutboxMessage.objects.filter(dedup_key__startswith="reply:").values_list("dedup_key", flat=True)
    messages = {int(key.removeprefix("reply:")) for key in keys}
    yield from (f"reply {pk} has no message" for pk in replies - messages)
    yield from (f"message of reply {pk} has no reply" for pk in messages - replies)


def _callbacks() -> Iterator[str]:
    """A call-back is open exactly while its complaint waits for it."""
    rows = FollowUp.objects.filter(status="open").values_list("complaint_id", "round")
    waiting = Complaint.objects.filter(state="awaiting_followup").values_list("pk", "round")
    for case, number in set(rows) ^ set(waiting):
        yield f"call-back of round {number} of {case} is open, or is missing"


def _cases(*fields: str) -> Iterable[tuple[object, ...]]:
    return Complaint.objects.order_by("pk").values_list("pk", *fields).iterator()
