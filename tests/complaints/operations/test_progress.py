"""Every step as an operation: what it writes when it succeeds, and that it writes nothing when it does not."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from complaints import lifecycle, signals
from complaints.lifecycle import OPEN, STEPS
from complaints.models import Complaint, ComplaintEvent, Contact, Promise, Remedy
from complaints.operations import merging, progress
from complaints.operations.locking import StaleVersion
from complaints.operations.promises import Promised
from complaints.refusals import NotPossibleNow
from tests.factories.complaints import NOW, bring, carry_out, current, establish, prepare_options, registered
from tests.unchanged import nothing_written

LATER = NOW + timedelta(minutes=30)


@dataclass(frozen=True, kw_only=True)
class Move:
    """One step as its operation is called, and what is expected of it."""

    name: str
    source: str
    target: str
    act: Callable[[Complaint, dict[str, Any]], Any]
    ready: Callable[[Complaint, dict[str, Any]], Any] | None = None
    reason: str = ""
    ended: dict[str, str] = field(default_factory=dict)
    running: str | None = None
    lacking: Callable[[Complaint, dict[str, Any]], Any] | None = None
    error: str = ""


def accepts(body: str, *, promise: bool) -> Callable[[Complaint, dict[str, Any]], Any]:
    def act(case: Complaint, who: dict[str, Any]) -> Any:
        given = Promised(text="今天答复", due_at=LATER + timedelta(hours=4)) if promise else None
        return progress.accept(case.pk, body=body, channel="platform_chat", promise=given, **who)

    return act


def agrees(label: str, words: str) -> Callable[[Complaint, dict[str, Any]], Any]:
    return lambda case, who: progress.agree(case.pk, label=label, words=words, channel="phone", **who)


def withdraws(reason: str, words: str) -> Callable[[Complaint, dict[str, Any]], Any]:
    return lambda case, who: progress.withdraw(case.pk, reason=reason, words=words, channel="phone", **who)


def finds(reason: str, body: str) -> Callable[[Complaint, dict[str, Any]], Any]:
    return lambda case, who: progress.find_unfounded(case.pk, reason=reason, body=body, channel="platform_chat", **who)


def merges(*, related: bool) -> Callable[[Complaint, dict[str, Any]], Any]:
    def act(case: Complaint, who: dict[str, Any]) -> Any:
        order = {"order": case.order} if related else {}
        target = Complaint.objects.filter(title="另一单").first() or registered(
            case.shop, actor=who["actor"], title="另一单", **order
        )
        return merging.merge(case.pk, target.pk, reason="同一件事", **who)

    return act


def plain(operation: Callable[..., Any], **values: Any) -> Callable[[Complaint, dict[str, Any]], Any]:
    return lambda case, who: operation(case.pk, **values, **who)


MOVES = [
    Move(
        name="accept", source="new", target="accepted", act=accepts("马上核实", promise=True),
        ended={"first_response": "met"}, running="verification",
        lacking=accepts("马上核实", promise=False), error="NoPromise",
    ),
    Move(
        name="start_verification", source="accepted", target="verifying", act=plain(progress.start_verification),
        running="verification",
    ),
    Move(
        name="conclude_verification", source="verifying", target="proposing",
        act=plain(progress.conclude_verification), ready=establish,
        ended={"verification": "met"}, running="proposal",
        lacking=plain(progress.conclude_verification), error="EvidenceMissing",
    ),
    Move(
        name="offer", source="proposing", target="negotiating", act=plain(progress.offer), ready=prepare_options,
        ended={"proposal": "met"}, running="execution",
        lacking=plain(progress.offer), error="OptionsMissing",
    ),
    Move(
        name="decline", source="negotiating", target="proposing", act=plain(progress.decline, reason="都不要"),
        reason="都不要", ended={"execution": "stopped"}, running="proposal",
        lacking=plain(progress.decline, reason=" "), error="ReasonMissing",
    ),
    Move(
        name="agree", source="negotiating", target="executing", act=agrees("B", "退 20 就行"), running="execution",
        lacking=agrees("B", " "), error="ChoiceMissing",
    ),
    Move(
        name="resolve", source="executing", target="awaiting_followup", act=plain(progress.resolve), ready=carry_out,
        ended={"execution": "met"}, running="callback",
        lacking=plain(progress.resolve), error="StepsMissing",
    ),
    Move(
        name="close", source="awaiting_followup", target="closed",
        act=plain(progress.close, satisfaction=5, attempts=1), ended={"callback": "met"},
        lacking=plain(progress.close, satisfaction=None, attempts=2), error="NotSatisfied",
    ),
    Move(
        name="supplement", source="awaiting_followup", target="proposing",
        act=plain(progress.supplement, satisfaction=2, reason="没修好"), reason="没修好",
        ended={"callback": "met"}, running="proposal",
        lacking=plain(progress.supplement, satisfaction=4, reason="没修好"), error="StillSatisfied",
    ),
    Move(
        name="reopen", source="closed", target="proposing", act=plain(progress.reopen, reason="又坏了"),
        reason="又坏了", running="proposal", lacking=plain(progress.reopen, reason=""), error="ReasonMissing",
    ),
    Move(
        name="withdraw", source="executing", target="withdrawn", act=withdraws("自行解决", "不用了"),
        reason="自行解决", ended={"execution": "stopped"},
        lacking=withdraws("自行解决", " "), error="CustomerContactMissing",
    ),
    Move(
        name="find_unfounded", source="verifying", target="unfounded", act=finds("签收完好", "签收照片完好"),
        reason="签收完好", ended={"verification": "stopped"},
        lacking=finds("签收完好", " "), error="BasisReplyMissing",
    ),
    Move(
        name="merge", source="verifying", target="merged", act=merges(related=True), reason="同一件事",
        ended={"verification": "stopped"}, lacking=merges(related=False), error="MergeTargetMissing",
    ),
    Move(
        name="unmerge", source="merged", target="new", act=plain(merging.unmerge, reason="是两件事"),
        reason="是两件事", running="first_response", lacking=plain(merging.unmerge, reason=""), error="ReasonMissing",
    ),
]  # fmt: skip
BY_NAME = {move.name: move for move in MOVES}
each_move = pytest.mark.parametrize("move", MOVES, ids=lambda move: move.name)


@pytest.fixture
def who(agent: Any) -> Callable[[Complaint], dict[str, Any]]:
    """`who(case)`: the agent, acting later on the version that the case has now."""
    return lambda case: {"actor": agent, "version": current(case).version, "now": LATER}


def started(case: Callable[..., Any], agent: Any, move: Move) -> Complaint:
    """A complaint before the move, with everything that the move needs."""
    complaint = case(move.source)
    if move.ready:
        move.ready(complaint, {"actor": agent, "version": complaint.version, "now": NOW})
    return current(complaint)


def clocks_of(case: Complaint) -> tuple[dict[str, str], list[str]]:
    """What became of the clocks that ended later, and which still run."""
    ended = {
        clock.kind: "met" if clock.met_at else "stopped"
        for clock in case.deadlines.of_stage()
        if LATER in (clock.met_at, clock.stopped_at)
    }
    return ended, [clock.kind for clock in case.deadlines.running().of_stage()]


def test_every_step_is_tried_here() -> None:
    assert set(BY_NAME) == set(STEPS)


@each_move
def test_a_step_moves_the_complaint_and_writes_one_event(
    move: Move, case: Callable[..., Any], agent: Any, who: Callable[[Complaint], dict[str, Any]]
) -> None:
    before = started(case, agent, move)
    move.act(before, who(before))
    after = current(before)
    assert (after.state, after.version) == (move.target, before.version + 1)
    event = after.events.get(kind=move.name)
    assert (event.at, event.actor, event.from_state, event.to_state) == (LATER, agent, move.source, move.target)
    assert (event.reason, event.version) == (move.reason, after.version)


@each_move
def test_a_step_settles_the_clocks(
    move: Move, case: Callable[..., Any], agent: Any, who: Callable[[Complaint], dict[str, Any]]
) -> None:
    complaint = started(case, agent, move)
    move.act(complaint, who(complaint))
    after = current(complaint)
    assert clocks_of(after) == (move.ended, [move.running] if move.running else [])
    due = [clock.due_at for clock in after.deadlines.running()]
    assert after.next_due_at == (min(due) if due else None)


@each_move
def test_a_stale_version_writes_nothing(
    move: Move, case: Callable[..., Any], agent: Any, who: Callable[[Complaint], dict[str, Any]]
) -> None:
    complaint = started(case, agent, move)
    for version in (complaint.version - 1, complaint.version + 1):
        with nothing_written(complaint), pytest.raises(StaleVersion):
            move.act(complaint, who(complaint) | {"version": version})


@pytest.mark.parametrize("move", [move for move in MOVES if move.lacking], ids=lambda move: move.name)
def test_a_refused_step_writes_nothing(
    move: Move, case: Callable[..., Any], who: Callable[[Complaint], dict[str, Any]]
) -> None:
    complaint = case(move.source)
    assert move.lacking
    with nothing_written(complaint), pytest.raises(getattr(lifecycle, move.error)):
        move.lacking(complaint, who(complaint))


@each_move
def test_a_step_in_the_wrong_stage_writes_nothing(
    move: Move, case: Callable[..., Any], who: Callable[[Complaint], dict[str, Any]]
) -> None:
    wrong = "closed" if move.name in ("withdraw", "merge") else "new" if move.source != "new" else "accepted"
    complaint = case(wrong)
    with nothing_written(complaint), pytest.raises(NotPossibleNow):
        move.act(complaint, who(complaint))


def test_nobody_verifies_the_own_case(case: Callable[..., Any], agent: Any, user_with: Callable[..., Any]) -> None:
    colleague = user_with("agent")
    complaint = case("accepted", accused=colleague)
    step = {"version": complaint.version, "now": LATER}
    with nothing_written(complaint), pytest.raises(lifecycle.AccusedCannotVerify):
        progress.start_verification(complaint.pk, actor=colleague, **step)
    assert progress.start_verification(complaint.pk, actor=agent, **step).state == "verifying"


@pytest.mark.parametrize("state", OPEN)
def test_a_complaint_can_be_withdrawn_from_every_open_stage(
    state: str, case: Callable[..., Any], who: Callable[[Complaint], dict[str, Any]]
) -> None:
    complaint = case(state)
    withdraws("自行解决", "不用了")(complaint, who(complaint))
    after = current(complaint)
    assert (after.state, after.closed_at, after.next_due_at) == ("withdrawn", LATER, None)
    assert not after.deadlines.running().exists()


# ---------------------------------------------------------------- what single steps bring along


def test_accepting_sends_the_first_reply_with_its_promise(
    case: Callable[..., Any], agent: Any, who: Callable[[Complaint], dict[str, Any]]
) -> None:
    complaint = case("new")
    accepts("马上核实", promise=True)(complaint, who(complaint))
    reply = Contact.objects.get(complaint=complaint, direction="out")
    promise = Promise.objects.get(complaint=complaint)
    assert (reply.body, reply.author, reply.at, reply.automatic) == ("马上核实", agent, LATER, False)
    assert (promise.contact, promise.made_at, promise.due_at) == (reply, LATER, LATER + timedelta(hours=4))


def test_a_refused_acceptance_takes_its_reply_back(
    case: Callable[..., Any], who: Callable[[Complaint], dict[str, Any]]
) -> None:
    complaint = case("new", demand="")
    with nothing_written(complaint), pytest.raises(lifecycle.FieldsMissing) as refused:
        accepts("马上核实", promise=True)(complaint, who(complaint))
    assert refused.value.panel == "registration"


def test_a_complaint_that_was_answered_before_is_accepted_without_another_reply(
    case: Callable[..., Any], agent: Any, who: Callable[[Complaint], dict[str, Any]]
) -> None:
    from complaints.operations import conversation

    complaint = case("new")
    promise = Promised(text="明天答复", due_at=LATER + timedelta(hours=20))
    conversation.reply(complaint.pk, "在核实", channel="phone", promise=promise, actor=agent, now=NOW)
    progress.accept(complaint.pk, **who(complaint))
    assert current(complaint).state == "accepted"
    assert Contact.objects.filter(complaint=complaint, direction="out").count() == 1


def test_offering_puts_all_prepared_options_on_the_table(case: Callable[..., Any]) -> None:
    complaint = case("negotiating")
    assert [remedy.status for remedy in complaint.remedies.all()] == ["offered", "offered"]


def test_a_single_option_needs_its_reason_which_is_kept(
    case: Callable[..., Any], agent: Any, who: Callable[[Complaint], dict[str, Any]]
) -> None:
    complaint = case("proposing")
    _first, second = prepare_options(complaint, {"actor": agent, "version": complaint.version, "now": NOW})
    second.delete()
    with nothing_written(complaint), pytest.raises(lifecycle.OptionsMissing):
        progress.offer(complaint.pk, **who(complaint))
    progress.offer(complaint.pk, single_option_reason="仅此一种桌面", **who(complaint))
    after = current(complaint)
    assert (after.state, after.single_option_reason) == ("negotiating", "仅此一种桌面")
    assert after.events.get(kind="offer").reason == "仅此一种桌面"


@pytest.mark.parametrize("road", ["decline", "supplement", "reopen"])
def test_the_reason_for_a_single_option_does_not_serve_a_second_time(
    road: str, case: Callable[..., Any], agent: Any, who: Callable[[Complaint], dict[str, Any]]
) -> None:
    complaint = case(BY_NAME[road].source)
    Complaint.objects.filter(pk=complaint.pk).update(single_option_reason="仅此一种桌面")
    BY_NAME[road].act(complaint, who(complaint))
    prepared = prepare_options(complaint, who(complaint))
    prepared[1].delete()
    with nothing_written(complaint), pytest.raises(lifecycle.OptionsMissing):
        progress.offer(complaint.pk, **who(complaint))


def test_declining_takes_the_offered_options_off_the_table(
    case: Callable[..., Any], who: Callable[[Complaint], dict[str, Any]]
) -> None:
    complaint = case("negotiating")
    progress.decline(complaint.pk, reason="都不要", **who(complaint))
    assert {remedy.status for remedy in complaint.remedies.all()} == {"declined"}


def test_agreeing_records_the_choice_with_the_words_that_show_it(
    case: Callable[..., Any], agent: Any, who: Callable[[Complaint], dict[str, Any]]
) -> None:
    complaint = case("negotiating")
    agrees("B", "退 20 就行")(complaint, who(complaint))
    chosen, other = (Remedy.objects.get(complaint=complaint, label=label) for label in "BA")
    words = chosen.choice_contact
    assert (chosen.status, chosen.chosen_at, other.status) == ("chosen", LATER, "declined")
    assert (words.body, words.direction, words.channel, words.purpose) == ("退 20 就行", "in", "phone", "choice")
    assert current(complaint).events.get(kind="agree").data == {"option": "B"}


@pytest.mark.parametrize("label", ["C", "", "AB"])
def test_an_option_that_was_not_offered_cannot_be_chosen(
    label: str, case: Callable[..., Any], who: Callable[[Complaint], dict[str, Any]]
) -> None:
    complaint = case("negotiating")
    with nothing_written(complaint), pytest.raises(lifecycle.ChoiceMissing):
        agrees(label, "就这个")(complaint, who(complaint))


def test_a_further_round_starts_with_an_empty_table(
    case: Callable[..., Any], who: Callable[[Complaint], dict[str, Any]]
) -> None:
    complaint = case("awaiting_followup")
    progress.supplement(complaint.pk, satisfaction=1, reason="没修好", **who(complaint))
    after = current(complaint)
    assert (after.round, after.round_started_at, after.resolved_at) == (2, LATER, None)
    with nothing_written(complaint), pytest.raises(lifecycle.OptionsMissing):
        progress.offer(complaint.pk, **who(complaint))


def test_two_rounds_end_like_one(case: Callable[..., Any], agent: Any, now: datetime) -> None:
    complaint = case("awaiting_followup")
    step = {"actor": agent, "now": now}
    progress.supplement(complaint.pk, satisfaction=1, reason="没修好", version=complaint.version, **step)
    after = bring(complaint, "closed", actor=agent, now=now)
    assert (after.state, after.round) == ("closed", 2)
    assert [remedy.label for remedy in after.remedies.filter(round=2)] == ["A", "B"]


def test_a_service_complaint_waits_for_the_apology_call(
    case: Callable[..., Any], agent: Any, who: Callable[[Complaint], dict[str, Any]]
) -> None:
    from complaints.operations import conversation

    complaint = case("executing", issue_code="SERV-01")
    carry_out(complaint, who(complaint))
    with nothing_written(complaint), pytest.raises(lifecycle.ApologyMissing):
        progress.resolve(complaint.pk, **who(complaint))
    conversation.log_apology(complaint.pk, "已向客户致歉", actor=agent, now=LATER)
    assert progress.resolve(complaint.pk, **who(complaint)).state == "awaiting_followup"


def test_the_reopening_window_ends_after_fifteen_days(case: Callable[..., Any], agent: Any) -> None:
    complaint = case("closed")
    step = {"reason": "又坏了", "actor": agent, "version": complaint.version}
    last = complaint.closed_at + timedelta(days=15)
    with nothing_written(complaint), pytest.raises(lifecycle.ReopenWindowOver):
        progress.reopen(complaint.pk, now=last + timedelta(seconds=1), **step)
    assert progress.reopen(complaint.pk, now=last, **step).state == "proposing"


# ---------------------------------------------------------------- signals


@pytest.fixture
def heard() -> Any:
    """What the storey above is told: (signal, complaint, state, actor, now)."""
    told: list[tuple[str, int, str, Any, datetime]] = []

    def listener(name: str) -> Callable[..., None]:
        def listen(sender: Any, *, complaint: Any, actor: Any, now: Any, **kwargs: Any) -> None:
            told.append((name, complaint.pk, complaint.state, actor, now))

        return listen

    resolved, left = listener("resolved"), listener("left_followup")
    signals.resolved.connect(resolved)
    signals.left_followup.connect(left)
    yield told
    signals.resolved.disconnect(resolved)
    signals.left_followup.disconnect(left)


@pytest.mark.parametrize("move", [move for move in MOVES if move.name != "unmerge"], ids=lambda move: move.name)
def test_the_storey_above_hears_of_resolution_and_of_leaving(
    move: Move, case: Callable[..., Any], agent: Any, who: Callable[[Complaint], dict[str, Any]], heard: list[Any]
) -> None:
    complaint = started(case, agent, move)
    heard.clear()
    move.act(complaint, who(complaint))
    told = {"resolve": "resolved", "withdraw": "left_followup", "merge": "left_followup"}.get(move.name)
    assert heard == ([(told, complaint.pk, move.target, agent, LATER)] if told else [])


def test_a_refused_step_tells_nobody(
    case: Callable[..., Any], who: Callable[[Complaint], dict[str, Any]], heard: list[Any]
) -> None:
    complaint = case("executing")
    with pytest.raises(lifecycle.StepsMissing):
        progress.resolve(complaint.pk, **who(complaint))
    assert heard == []


def test_when_the_storey_above_fails_nothing_is_written(
    case: Callable[..., Any], agent: Any, who: Callable[[Complaint], dict[str, Any]]
) -> None:
    def fail(**kwargs: Any) -> None:
        raise RuntimeError("no follow-up")

    complaint = started(case, agent, BY_NAME["resolve"])
    signals.resolved.connect(fail)
    try:
        with nothing_written(complaint), pytest.raises(RuntimeError):
            progress.resolve(complaint.pk, **who(complaint))
    finally:
        signals.resolved.disconnect(fail)


def test_the_history_replays_to_the_present_stage(case: Callable[..., Any]) -> None:
    complaint = case("closed")
    steps = ComplaintEvent.objects.filter(complaint=complaint).exclude(to_state="").order_by("id")
    assert [(event.from_state, event.to_state) for event in steps] == [
        ("", "new"),
        ("new", "accepted"),
        ("accepted", "verifying"),
        ("verifying", "proposing"),
        ("proposing", "negotiating"),
        ("negotiating", "executing"),
        ("executing", "awaiting_followup"),
        ("awaiting_followup", "closed"),
    ]
    assert [event.version for event in steps] == sorted({event.version for event in steps})
