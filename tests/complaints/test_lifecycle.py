"""Every edge of the process, every refusal, and nothing else; the tables are written by hand, from the process."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from complaints import lifecycle
from complaints.lifecycle import OPEN, STAGES, STEPS, CaseFacts, State
from complaints.models import Complaint
from complaints.refusals import NotPossibleNow, Refused

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
EARLIER = NOW - timedelta(days=3)

OPEN_BY_HAND = ("new", "accepted", "verifying", "proposing", "negotiating", "executing", "awaiting_followup")

EDGES: dict[str, list[tuple[str, str]]] = {
    "accept": [("new", "accepted")],
    "start_verification": [("accepted", "verifying")],
    "conclude_verification": [("verifying", "proposing")],
    "offer": [("proposing", "negotiating")],
    "decline": [("negotiating", "proposing")],
    "agree": [("negotiating", "executing")],
    "resolve": [("executing", "awaiting_followup")],
    "close": [("awaiting_followup", "closed")],
    "supplement": [("awaiting_followup", "proposing")],
    "reopen": [("closed", "proposing")],
    "withdraw": [(state, "withdrawn") for state in OPEN_BY_HAND],
    "find_unfounded": [("verifying", "unfounded")],
    "merge": [(state, "merged") for state in OPEN_BY_HAND],
    "unmerge": [("merged", state) for state in OPEN_BY_HAND],
}
ALL_EDGES = [(name, source, target) for name, edges in EDGES.items() for source, target in edges]

ENOUGH: dict[str, dict[str, Any]] = {
    "accept": {"human_reply": True, "promise": True},
    "start_verification": {"assignee": 1},
    "conclude_verification": {"evidence": 1, "liability_percent": 100, "root_cause": True},
    "offer": {"options": 2},
    "decline": {"reason": "都不想要"},
    "agree": {"chosen": "A", "choice_contact": True},
    "resolve": {},
    "close": {"satisfaction": 4},
    "supplement": {"satisfaction": 3, "reason": "还是坏的"},
    "reopen": {"closed_at": EARLIER, "reason": "又坏了"},
    "withdraw": {"reason": "自行解决", "customer_contact": True},
    "find_unfounded": {"reason": "签收完好", "basis_reply": True},
    "merge": {"merge_related": True, "reason": "同一件事"},
    "unmerge": {"state_before_merge": "new", "reason": "是两件事"},
}
"""The least that lets each step through."""

OVER = timedelta(microseconds=1)
REFUSALS: list[tuple[str, dict[str, Any], str]] = [
    ("accept", {"missing_fields": ("诉求",)}, "FieldsMissing"),
    ("accept", {"human_reply": False}, "NoHumanReply"),
    ("accept", {"promise": False}, "NoPromise"),
    ("start_verification", {"assignee": None}, "NoAssignee"),
    ("start_verification", {"accused": 1}, "AccusedCannotVerify"),
    ("start_verification", {"accused": 7, "actor": 7}, "AccusedCannotVerify"),
    ("conclude_verification", {"accused": 1, "assignee": 1}, "AccusedCannotVerify"),
    ("conclude_verification", {"accused": 7, "actor": 7}, "AccusedCannotVerify"),
    ("conclude_verification", {"evidence": 0}, "EvidenceMissing"),
    ("conclude_verification", {"open_inquiries": 1}, "InquiriesOpen"),
    ("conclude_verification", {"liability_percent": 0}, "LiabilityIncomplete"),
    ("conclude_verification", {"liability_percent": 99}, "LiabilityIncomplete"),
    ("conclude_verification", {"liability_percent": 101}, "LiabilityIncomplete"),
    ("conclude_verification", {"root_cause": False}, "RootCauseMissing"),
    ("offer", {"options": 0}, "OptionsMissing"),
    ("offer", {"options": 0, "single_option_reason": True}, "OptionsMissing"),
    ("offer", {"options": 1}, "OptionsMissing"),
    ("offer", {"unapproved": ("A",)}, "ApprovalMissing"),
    ("decline", {"reason": ""}, "ReasonMissing"),
    ("decline", {"reason": " \n"}, "ReasonMissing"),
    ("agree", {"chosen": ""}, "ChoiceMissing"),
    ("agree", {"choice_contact": False}, "ChoiceContactMissing"),
    ("agree", {"unapproved": ("A",)}, "ApprovalMissing"),
    ("resolve", {"unapproved": ("B",)}, "ApprovalMissing"),
    ("resolve", {"steps_missing": ("快递单号",)}, "StepsMissing"),
    ("resolve", {"apology_needed": True}, "ApologyMissing"),
    ("close", {"satisfaction": 3}, "NotSatisfied"),
    ("close", {"satisfaction": 1, "callback_attempts": 9}, "NotSatisfied"),
    ("close", {"satisfaction": None}, "NotSatisfied"),
    ("close", {"satisfaction": None, "callback_attempts": 2}, "NotSatisfied"),
    ("supplement", {"satisfaction": 4}, "StillSatisfied"),
    ("supplement", {"satisfaction": None}, "StillSatisfied"),
    ("supplement", {"reason": ""}, "ReasonMissing"),
    ("reopen", {"closed_at": NOW - timedelta(days=15) - OVER}, "ReopenWindowOver"),
    ("reopen", {"closed_at": None}, "ReopenWindowOver"),
    ("reopen", {"reason": ""}, "ReasonMissing"),
    ("withdraw", {"reason": ""}, "ReasonMissing"),
    ("withdraw", {"customer_contact": False}, "CustomerContactMissing"),
    ("find_unfounded", {"accused": 7, "actor": 7}, "AccusedCannotVerify"),
    ("find_unfounded", {"accused": 1, "assignee": 1}, "AccusedCannotVerify"),
    ("find_unfounded", {"reason": ""}, "ReasonMissing"),
    ("find_unfounded", {"basis_reply": False}, "BasisReplyMissing"),
    ("merge", {"merge_related": False}, "MergeTargetMissing"),
    ("merge", {"reason": ""}, "ReasonMissing"),
    ("unmerge", {"state_before_merge": ""}, "NothingToUnmerge"),
    ("unmerge", {"reason": ""}, "ReasonMissing"),
]

STILL_ENOUGH: list[tuple[str, dict[str, Any]]] = [
    ("start_verification", {"accused": 7, "assignee": 1, "actor": 2}),
    ("conclude_verification", {"evidence": 0, "evidence_waived": True}),
    ("offer", {"options": 1, "single_option_reason": True}),
    ("offer", {"options": 5}),
    ("resolve", {"apology_needed": True, "apology_logged": True}),
    ("close", {"satisfaction": 5}),
    ("close", {"satisfaction": None, "callback_attempts": 3}),
    ("supplement", {"satisfaction": 1}),
    ("reopen", {"closed_at": NOW - timedelta(days=15)}),
]


def complaint(state: str, **values: Any) -> Complaint:
    return Complaint(state=state, round_started_at=EARLIER, **values)


def facts(step: str, **changed: Any) -> CaseFacts:
    return CaseFacts(**ENOUGH[step] | changed)


def take(case: Complaint, step: str, known: CaseFacts) -> None:
    getattr(case, step)(known, now=NOW)


def fields_of(case: Complaint) -> dict[str, Any]:
    return {name: value for name, value in vars(case).items() if name != "_state"}


# ---------------------------------------------------------------- the edges


def test_the_code_knows_exactly_the_edges_of_the_process() -> None:
    declared = {
        (name, source, target)
        for name, step in STEPS.items()
        for source in step.sources
        for target in ([step.target] if step.target else OPEN)
    }
    assert declared == set(ALL_EDGES)


def test_open_means_every_stage_before_closed() -> None:
    assert tuple(OPEN) == OPEN_BY_HAND
    assert tuple(STAGES) == (*OPEN_BY_HAND, "closed")


@pytest.mark.parametrize(("step", "source", "target"), ALL_EDGES)
def test_each_edge_can_be_taken(step: str, source: str, target: str) -> None:
    case = complaint(source)
    known = facts(step)
    if step == "unmerge":
        case.state_before_merge = target
    take(case, step, known)
    assert case.state == target


@pytest.mark.parametrize(
    ("step", "state"),
    [(step, state) for step, edges in EDGES.items() for state in State.values if state not in dict(edges)],
)
def test_a_step_is_refused_from_every_other_stage(step: str, state: str) -> None:
    case = complaint(state, state_before_merge="new")
    before = fields_of(case)
    with pytest.raises(NotPossibleNow) as refused:
        take(case, step, facts(step))
    assert fields_of(case) == before
    assert str(State(state).label) in refused.value.text


def test_the_stage_cannot_be_set_past_the_steps() -> None:
    case = complaint("new")
    with pytest.raises(AttributeError):
        case.state = "closed"
    assert case.state == "new"


# ---------------------------------------------------------------- the guards


@pytest.mark.parametrize(("step", "lacking", "error"), REFUSALS)
def test_each_guard_refuses_with_its_own_error(step: str, lacking: dict[str, Any], error: str) -> None:
    case = complaint(EDGES[step][0][0], state_before_merge="new" if step == "unmerge" else "")
    before = fields_of(case)
    with pytest.raises(getattr(lifecycle, error)) as refused:
        take(case, step, facts(step, **lacking))
    assert type(refused.value).__name__ == error
    assert "%(" not in refused.value.text
    assert fields_of(case) == before


@pytest.mark.parametrize(("step", "changed"), STILL_ENOUGH)
def test_what_just_suffices_is_let_through(step: str, changed: dict[str, Any]) -> None:
    source, target = EDGES[step][0]
    case = complaint(source)
    take(case, step, facts(step, **changed))
    assert case.state == target


def test_no_guard_escapes_the_table() -> None:
    untested = [
        (name, guard.__name__)
        for name, step in STEPS.items()
        for guard in step.guards
        if not any(
            guard(CaseFacts(**ENOUGH[name] | {"now": NOW} | lacking)) for at, lacking, _error in REFUSALS if at == name
        )
    ]
    assert untested == []


def test_every_refusal_of_the_lifecycle_is_raised_by_some_guard() -> None:
    named = {cls.__name__ for cls in vars(lifecycle).values() if isinstance(cls, type) and issubclass(cls, Refused)}
    assert named - {"Refused", "NotPossibleNow"} == {error for _step, _facts, error in REFUSALS}


def test_all_obstacles_are_named_together_in_the_order_of_mending() -> None:
    refusals = STEPS["conclude_verification"].refusals("verifying", CaseFacts(accused=1, actor=1, open_inquiries=2))
    assert [type(refusal).__name__ for refusal in refusals] == [
        "AccusedCannotVerify",
        "EvidenceMissing",
        "InquiriesOpen",
        "LiabilityIncomplete",
        "RootCauseMissing",
    ]


def test_a_refusal_names_what_is_missing() -> None:
    (fields,) = STEPS["accept"].refusals("new", CaseFacts(**ENOUGH["accept"], missing_fields=("order", "demand")))
    (inquiries,) = STEPS["conclude_verification"].refusals(
        "verifying", facts("conclude_verification", open_inquiries=3)
    )
    (percent,) = STEPS["conclude_verification"].refusals(
        "verifying", facts("conclude_verification", liability_percent=60)
    )
    (labels,) = STEPS["offer"].refusals("proposing", facts("offer", unapproved=("A", "C")))
    assert all(name in fields.text for name in ("order", "demand"))
    assert inquiries.names == {"n": 3}
    assert percent.names == {"percent": 60}
    assert "60" in percent.text
    assert all(label in labels.text for label in "AC")


def test_a_refusal_leads_to_the_place_where_it_is_mended() -> None:
    panels = {
        error: getattr(lifecycle, error).panel
        for error in (
            "FieldsMissing",
            "NoHumanReply",
            "EvidenceMissing",
            "InquiriesOpen",
            "LiabilityIncomplete",
            "ApologyMissing",
        )
    }
    assert panels == {
        "FieldsMissing": "registration",
        "NoHumanReply": "reply",
        "EvidenceMissing": "evidence",
        "InquiriesOpen": "inquiries",
        "LiabilityIncomplete": "liability",
        "ApologyMissing": "apology",
    }


# ---------------------------------------------------------------- the moments


@pytest.mark.parametrize(
    ("step", "moment"),
    [
        ("accept", "accepted_at"),
        ("resolve", "resolved_at"),
        ("close", "closed_at"),
        ("withdraw", "closed_at"),
        ("find_unfounded", "closed_at"),
    ],
)
def test_a_step_fixes_its_moment(step: str, moment: str) -> None:
    case = complaint(EDGES[step][0][0])
    take(case, step, facts(step))
    assert getattr(case, moment) == NOW


@pytest.mark.parametrize("step", ["supplement", "reopen"])
def test_a_further_round_is_counted_and_starts_now(step: str) -> None:
    case = complaint(EDGES[step][0][0], round=1, resolved_at=EARLIER, closed_at=EARLIER)
    take(case, step, facts(step))
    assert (case.round, case.round_started_at, case.resolved_at, case.closed_at) == (2, NOW, None, None)


def test_no_other_step_counts_a_round() -> None:
    for step, edges in EDGES.items():
        if step not in ("supplement", "reopen"):
            case = complaint(edges[0][0], state_before_merge="new" if step == "unmerge" else "")
            take(case, step, facts(step))
            assert (case.round, case.round_started_at) == (1, EARLIER), step


@pytest.mark.parametrize("state", OPEN_BY_HAND)
def test_a_merge_and_its_undoing_lead_back_to_the_same_stage(state: str) -> None:
    case = complaint(state)
    take(case, "merge", facts("merge"))
    assert (case.state, case.state_before_merge) == ("merged", state)
    take(case, "unmerge", facts("unmerge", state_before_merge=case.state_before_merge))
    assert (case.state, case.state_before_merge) == (state, "")


# ---------------------------------------------------------------- at random


def test_twenty_thousand_random_steps_stay_on_the_edges() -> None:
    dice = random.Random(20261120)
    edges = set(ALL_EDGES)
    case = complaint("new")
    taken = 0
    for _ in range(20_000):
        if case.state in ("withdrawn", "unfounded") or dice.random() < 0.01:
            case = complaint(dice.choice(OPEN_BY_HAND))
        name, before = dice.choice(list(STEPS)), case.state
        known = ENOUGH[name] if dice.random() < 0.8 else {}
        if name == "unmerge":
            known = known | {"state_before_merge": case.state_before_merge}
        try:
            take(case, name, CaseFacts(**known))
        except Refused:
            assert case.state == before
        else:
            taken += 1
            assert (name, before, case.state) in edges
    assert taken > 2_000
