"""When what happens in a case: its record read as cues, in hours before now."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from .case import Case

Record = Mapping[str, Any]

MINUTE = 1 / 60
REGISTERED_AFTER = 1.5 * MINUTE
CLAIMED_AFTER = 4 * MINUTE
BETWEEN_EVIDENCE = 0.25
SETTLED_BEFORE = 0.5


@dataclass(frozen=True, slots=True)
class Cue:
    """Somebody does something about the case, so many hours before now."""

    hours: float
    act: Callable[..., None]
    values: Record = field(default_factory=dict)


def cues(record: Record, *, now: datetime) -> Iterator[Cue]:
    """All cues of the case; those at the same moment stand in the order in which they happen."""
    yield from _arrival(record, now=now)
    yield from _talk(record)
    yield from _verification(record)
    first = record.get("first_round")
    if first:
        yield from _solution(first, first["timeline"])
        verdict = {"satisfaction": first["satisfaction"], "comment": first["unsatisfied_reason"]}
        yield Cue(record["timeline"]["proposing"], Case.call_back, verdict)
    yield from _solution(record, record.get("timeline", {}))
    yield from _ending(record, record.get("timeline", {}))


def _arrival(record: Record, *, now: datetime) -> Iterator[Cue]:
    age, timeline = record["age_hours"], record.get("timeline", {})
    yield Cue(age - REGISTERED_AFTER, Case.register, {"received_at": now - timedelta(hours=age)})
    if "assignee" in record:
        yield Cue(age - CLAIMED_AFTER, Case.claim)
    if "accepted" in timeline:
        yield Cue(timeline["accepted"], Case.accept)


def _talk(record: Record) -> Iterator[Cue]:
    for message in record.get("messages", []):
        act = Case.hear if message["direction"] == "in" else Case.reply
        yield Cue(message["age_hours"], act, {"text": message["text"]})
    for note in record.get("notes", []):
        yield Cue(note["age_hours"], Case.note, {"text": note["text"]})
    if "apology_call" in record:
        yield Cue(record["apology_call"]["age_hours"], Case.apologise, {"call": record["apology_call"]})


def _verification(record: Record) -> Iterator[Cue]:
    timeline = record.get("timeline", {})
    if "verifying" not in timeline:
        return
    yield Cue(timeline["verifying"], Case.start_verification)
    for place, piece in enumerate(record.get("evidence", []), 1):
        hours = piece.get("age_hours", timeline["verifying"] - place * BETWEEN_EVIDENCE)
        yield Cue(hours, Case.add_evidence, {"piece": piece, "place": place})
    concluded = record.get("first_round", record)["timeline"].get("proposing")
    if "root_cause" in record:
        yield Cue((concluded or timeline["unfounded"]) + SETTLED_BEFORE, Case.settle_liability)
    if concluded:
        yield Cue(concluded, Case.conclude_verification)


def _solution(part: Record, timeline: Record) -> Iterator[Cue]:
    """One round: options prepared in the first third of the time until they are offered, and signed in the second."""
    if "remedies" not in part:
        return
    start, end = timeline.get("proposing", 0), timeline.get("negotiating", 0)
    prepared = part.get("prepared_age_hours", start - (start - end) / 3)
    for option in part["remedies"]:
        yield Cue(prepared, Case.prepare, {"option": option})
    for signature in part.get("signed", []):
        yield Cue(signature["age_hours"], Case.sign, {"label": signature["label"], "by": signature["by"]})
    if "negotiating" in timeline:
        yield Cue(prepared - (prepared - end) / 2, Case.sign_all)
        yield Cue(end, Case.offer)
    if "executing" in timeline:
        yield Cue(timeline["executing"], Case.agree, {"label": part["choice"], "words": part["customer_choice_words"]})
    if "execution" in part:
        yield Cue(part["execution"]["age_hours"], Case.execute, {"facts": part["execution"]})
    if "awaiting_followup" in timeline:
        yield Cue(timeline["awaiting_followup"], Case.resolve)


def _ending(record: Record, timeline: Record) -> Iterator[Cue]:
    for attempt in record.get("callback_attempts", []):
        yield Cue(attempt["age_hours"], Case.call_in_vain, {"comment": attempt["comment"]})
    if "closed" in timeline:
        verdict = {"satisfaction": record["satisfaction"], "comment": record["followup_comment"]}
        yield Cue(timeline["closed"], Case.call_back, verdict)
    if "withdrawn" in timeline:
        yield Cue(timeline["withdrawn"], Case.withdraw)
    if "unfounded" in timeline:
        yield Cue(timeline["unfounded"], Case.find_unfounded)
