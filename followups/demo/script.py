"""When what happens in a case: its record read as cues, in hours before now."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from . import around
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
    yield from _waiting(record, now=now)
    yield from _inquiries(record)
    yield from _claims(record)
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
        yield Cue(message["age_hours"], _said(message), {"text": message["text"]})
    for note in record.get("notes", []):
        yield Cue(note["age_hours"], Case.note, {"text": note["text"]})
    if "apology_call" in record:
        yield Cue(record["apology_call"]["age_hours"], Case.apologise, {"call": record["apology_call"]})


def _said(message: Record) -> Callable[..., None]:
    if message["direction"] == "in":
        return Case.hear
    return Case.ask_back if message.get("still_owed") else Case.reply


def _waiting(record: Record, *, now: datetime) -> Iterator[Cue]:
    """What moves the clocks from outside: the customer, the platform, and what was promised."""
    for waiting in record.get("holds", []):
        yield Cue(waiting["age_hours"], around.hold, {"waiting": waiting})
    if platform := record.get("platform_case"):
        values = {"due_at": now + timedelta(hours=platform["due_in_hours"]), "reference": platform["reference"]}
        yield Cue(platform["age_hours"], around.enter_platform_case, values)
    for renewal in record.get("renewals", []):
        yield Cue(renewal["age_hours"], around.renew_promise, {"renewal": renewal})
    for kept in record.get("promises_kept", []):
        yield Cue(kept["age_hours"], around.keep_promise, {"kept": kept})


def _inquiries(record: Record) -> Iterator[Cue]:
    for inquiry in record.get("inquiries", []):
        yield Cue(inquiry["age_hours"], around.ask, {"inquiry": inquiry})
        if "more_time" in inquiry:
            yield Cue(inquiry["more_time"]["age_hours"], around.need_time, {"inquiry": inquiry})
        if "answer" in inquiry:
            yield Cue(inquiry["answered_age_hours"], around.answer, {"inquiry": inquiry})


def _claims(record: Record) -> Iterator[Cue]:
    for claim in record.get("claims", []):
        yield Cue(claim["age_hours"], around.claim_back, {"claim": claim})
        if "recovered" in claim:
            yield Cue(claim["recovered"]["age_hours"], around.recover, {"claim": claim})


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
