"""Open complaints follow the policies, just as the dry-run said, whatever a worker dies of."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import OperationalError

from complaints import tasks
from complaints.models import Complaint, ComplaintEvent, Deadline, SlaPolicy
from complaints.operations import clocks, holding, merging, platform_cases, policies, progress, reapplying
from complaints.queries.policy_drafts import Draft, draft_of, drafted, listed
from complaints.queries.policy_preview import Change, Preview, preview
from knowledge.models import IssueType
from tests.crashes import every_crash
from tests.factories.complaints import NOW, OrderFactory, current, registered
from tests.factories.policies import PolicyFactory, WorkCalendarFactory, draft, quick

LATER = NOW + timedelta(hours=1)
SETTLED = LATER + reapplying.LATECOMERS


@pytest.fixture
def manager(user_with: Any) -> Any:
    return user_with("shop_manager")


def reapply_all(now: datetime = LATER) -> None:
    """As the ticks do: until nothing is left, latecomers included."""
    while reapplying.reapply(now=now):
        pass
    reapplying.reapply(now=SETTLED)
    assert reapplying.pending() is None


def state_of_everything() -> dict[int, tuple[Any, ...]]:
    """Complaint -> policy, priority, and kind and due time of each running clock."""
    return {
        case.pk: (
            case.policy_id, case.priority, case.next_due_at,
            *((clock.kind, clock.due_at) for clock in case.deadlines.running().order_by("pk")),
        )
        for case in Complaint.objects.open()
    }  # fmt: skip


@pytest.fixture
def cases(shop: Any, agent: Any, case: Callable[..., Any]) -> list[Complaint]:
    """Complaints of all kinds: every open stage, by hand, paused, with a platform case, of a shop in working time."""
    WorkCalendarFactory(default=True)
    PolicyFactory(name="其他", priority="P3", position=9)
    made = [case(state) for state in ("new", "accepted", "verifying", "proposing", "executing", "awaiting_followup")]
    made += [registered(shop, actor=agent, severity=severity) for severity in ("S1", "S3", "S4")]
    made.append(registered(shop, actor=agent, priority="P1"))
    made.append(registered(shop, actor=agent, order=OrderFactory(shop=shop, paid_amount=Decimal(2500))))
    held, free = case("verifying"), case("verifying")
    until = NOW + timedelta(days=2)
    holding.hold(held.pk, reason="等客户寄回", until=until, actor=agent, version=held.version, now=NOW)
    holding.hold(free.pk, reason="等客户寄回", until=until, actor=agent, version=free.version, now=NOW)
    holding.resume(free.pk, actor=agent, version=current(free).version, now=NOW + timedelta(minutes=30))
    platform = case("proposing")
    due_at = NOW + timedelta(hours=20)
    platform_cases.set_deadline(platform.pk, due_at=due_at, actor=agent, version=platform.version, now=NOW)
    clocks.watch(current(made[1]), clocks.Kind.RECOVERY, subject=7, now=NOW)
    case("closed")
    return [*made, held, free, platform]


DRAFTS: list[Callable[[], Draft]] = [
    lambda: draft(severities=("S3", "S4"), lines=quick(10)),
    lambda: draft(priority="P1", amount_from=Decimal(1000)),
    lambda: draft(priority="P4", lines=quick(960, working=True, pausable=True)),
    lambda: draft(priority="P2", lines=quick(3000, pausable=False)),
    lambda: draft(priority="P1", platform_case=True, lines=quick(4000)),
    lambda: draft(issue_types=tuple(IssueType.objects.filter(code="LOGI")), lines=quick(45, pausable=True)),
    lambda: draft(active=False, lines=quick(1)),
]


@pytest.mark.parametrize("number", range(len(DRAFTS)))
def test_what_the_dry_run_says_is_what_comes(number: int, cases: list[Complaint], manager: Any) -> None:
    wanted, last = DRAFTS[number](), SlaPolicy.objects.get()
    before = state_of_everything()
    told = preview(manager, drafted(wanted, listed(), instead_of=None, before=last.pk), now=LATER)
    assert state_of_everything() == before
    policies.create(wanted, before=last.pk, actor=manager, now=LATER)
    reapply_all()
    assert_as_told(told, before)
    assert (told.changed > 0) == wanted.active


def test_a_change_of_a_policy_that_complaints_have_comes_as_told(cases: list[Complaint], manager: Any) -> None:
    policy = SlaPolicy.objects.get()
    stored = draft_of(policy)
    wanted = replace(stored, priority="P2", severities=("S1", "S2"), lines=quick(500, working=True))
    before = state_of_everything()
    told = preview(manager, drafted(wanted, listed(), instead_of=policy.pk, before=None), now=LATER)
    policies.change(policy.pk, wanted, before=None, seen=stored.fingerprint(), actor=manager, now=LATER)
    reapply_all()
    assert_as_told(told, before)
    assert told.changed


def clock_of(row: Change) -> tuple[int, str]:
    return row.complaint_id, row.kind


def assert_as_told(told: Preview, before: dict[int, tuple[Any, ...]]) -> None:
    """Exactly the clocks of the preview are due at another time, at that; and so many have another priority."""
    after = state_of_everything()
    assert set(after) == set(before)
    rows = []
    for pk, (_policy, priority, _due, *old) in before.items():
        _policy, new_priority, _due, *new = after[pk]
        assert [kind for kind, _at in old] == [kind for kind, _at in new]
        number = Complaint.objects.get(pk=pk).number
        rows += [
            Change(pk, number, kind, priority, new_priority, old_due, new_due, old_due > LATER >= new_due)
            for (kind, old_due), (_kind, new_due) in zip(old, new, strict=True)
            if old_due != new_due
        ]
    assert sorted(told.rows, key=clock_of) == sorted(rows, key=clock_of)
    assert (told.earlier, told.later) == (
        sum(row.new_due < row.old_due for row in rows),
        sum(row.new_due > row.old_due for row in rows),
    )
    moves = [(before[pk][1], after[pk][1]) for pk in before]
    assert {(old, new): count for old, new, count in told.priorities} == {
        move: moves.count(move) for move in moves if move[0] != move[1]
    }
    assert told.looked_at == told.open == len(before)


def test_a_priority_by_hand_stays(cases: list[Complaint], manager: Any) -> None:
    chosen = Complaint.objects.get(priority_by_hand=True)
    policies.create(draft(priority="P4"), before=SlaPolicy.objects.get().pk, actor=manager, now=LATER)
    reapply_all()
    assert current(chosen).priority == "P1"
    assert set(Complaint.objects.open().exclude(pk=chosen.pk).values_list("priority", flat=True)) == {"P4"}


def test_another_priority_is_told_in_the_history_and_the_same_is_not(shop: Any, agent: Any, manager: Any) -> None:
    PolicyFactory(priority="P3")
    serious, other = (registered(shop, actor=agent, severity=severity) for severity in ("S4", "S2"))
    version = other.version
    policies.create(
        draft(priority="P1", severities=("S4",)), before=SlaPolicy.objects.get().pk, actor=manager, now=LATER
    )
    reapply_all()
    event = ComplaintEvent.objects.get(kind=reapplying.APPLIED)
    assert (event.complaint_id, event.actor, event.at) == (serious.pk, None, LATER)
    assert event.data == {"changes": {"priority": ["P3", "P1"]}}
    assert current(other).version == version


def test_what_is_met_or_over_stays_as_it_was(case: Callable[..., Any], manager: Any) -> None:
    PolicyFactory(priority="P3")
    case("executing")
    case("closed")
    done = Deadline.objects.filter(met_at__isnull=False)
    before = list(done.order_by("pk").values())
    assert before
    policies.create(draft(lines=quick(1)), before=SlaPolicy.objects.get().pk, actor=manager, now=LATER)
    reapply_all()
    assert list(done.order_by("pk").values()) == before


def test_a_run_stops_after_its_share_and_the_next_one_goes_on(
    shop: Any, agent: Any, manager: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reapplying, "BATCH", 2)
    monkeypatch.setattr(reapplying, "BATCHES", 2)
    for _n in range(7):
        registered(shop, actor=agent)
    policies.create(draft(priority="P1"), before=None, actor=manager, now=LATER)
    urgent = Complaint.objects.filter(priority="P1")
    assert reapplying.reapply(now=LATER) == 4
    assert urgent.count() == 4
    assert reapplying.reapply(now=LATER) == 3
    assert urgent.count() == 7
    assert reapplying.reapply(now=LATER) == 0
    assert reapplying.pending() == LATER


def test_a_change_meanwhile_begins_anew(shop: Any, agent: Any, manager: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reapplying, "BATCH", 1)
    monkeypatch.setattr(reapplying, "BATCHES", 2)
    cases = [registered(shop, actor=agent) for _n in range(3)]
    policy = policies.create(draft(priority="P1"), before=None, actor=manager, now=LATER)
    assert reapplying.reapply(now=LATER) == 2
    stored = draft_of(policy)
    wanted = replace(stored, priority="P4")
    policies.change(policy.pk, wanted, before=None, seen=stored.fingerprint(), actor=manager, now=LATER)
    for _n in range(3):
        reapplying.reapply(now=LATER)
    assert [current(one).priority for one in cases] == ["P4", "P4", "P4"]


def test_a_registration_that_read_the_old_policies_and_appears_late_is_found(
    shop: Any, agent: Any, manager: Any
) -> None:
    registered(shop, actor=agent, now=LATER)
    late = registered(shop, actor=agent, now=LATER)
    policies.create(draft(priority="P1"), before=None, actor=manager, now=LATER)
    # It was not there yet when the others were asked.
    SlaPolicy.objects.update(recomputed_up_to=late.pk)
    assert reapplying.reapply(now=LATER) == 0
    assert current(late).priority == "P3"
    reapplying.reapply(now=SETTLED)
    assert current(late).priority == "P1"
    assert reapplying.pending() is None


def test_a_complaint_that_cannot_be_done_holds_up_no_other(
    shop: Any, agent: Any, manager: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    poison, other = registered(shop, actor=agent), registered(shop, actor=agent)
    recompute = clocks.recompute

    def bad(complaint: Complaint, **how: Any) -> bool:
        if complaint == poison:
            raise ValueError("poison")
        return recompute(complaint, **how)

    monkeypatch.setattr(clocks, "recompute", bad)
    policies.create(draft(priority="P1"), before=None, actor=manager, now=LATER)
    reapply_all()
    assert [current(one).priority for one in (poison, other)] == ["P3", "P1"]


def test_a_database_that_goes_away_leaves_nobody_out(
    shop: Any, agent: Any, manager: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is no fault of the complaint at hand, which must not be passed over for it."""
    complaint = registered(shop, actor=agent)

    def away(complaint: Complaint, **how: Any) -> bool:
        raise OperationalError("server closed the connection")

    policies.create(draft(priority="P1"), before=None, actor=manager, now=LATER)
    with monkeypatch.context() as patched:
        patched.setattr(clocks, "recompute", away)
        with pytest.raises(OperationalError):
            reapplying.reapply(now=LATER)
    reapply_all()
    assert current(complaint).priority == "P1"


def test_latecomers_are_looked_for_around_the_change_and_not_in_all_that_came_since(
    shop: Any, agent: Any, manager: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A desk that stood still for days would have thousands of them, and a worker has to end in time."""
    days_later = LATER + timedelta(days=3)
    late = registered(shop, actor=agent, now=LATER)
    policies.create(draft(priority="P1"), before=None, actor=manager, now=LATER)
    since = registered(shop, actor=agent, now=days_later)
    SlaPolicy.objects.update(recomputed_up_to=since.pk)
    assert reapplying.reapply(now=days_later) == 1
    assert current(late).priority == "P1"
    assert reapplying.pending() is None


@pytest.mark.parametrize("state", ["closed", "merged"])
def test_what_comes_back_is_put_under_what_holds_by_then(
    state: str, case: Callable[..., Any], agent: Any, staff: dict[str, Any]
) -> None:
    """It was over when the others were asked, and its policy is switched off since."""
    old = PolicyFactory(priority="P2")
    complaint = case(state)
    assert complaint.policy == old
    policies.activate(old.pk, active=False, actor=staff["shop_manager"], now=LATER)
    reapply_all()
    back = {"closed": progress.reopen, "merged": merging.unmerge}[state]
    step = {"actor": staff["supervisor"], "version": current(complaint).version, "now": SETTLED}
    back(complaint.pk, reason="客户又来电", **step)
    after = current(complaint)
    assert (after.policy, after.priority) == (None, "P3")
    assert {clock.priority for clock in after.deadlines.running()} == {"P3"}
    assert state_of_everything()[after.pk] == left_alone(after, SETTLED)


def left_alone(complaint: Complaint, now: datetime) -> tuple[Any, ...]:
    """What it is when everything is put under the policies once more."""
    reapplying.apply_policy(complaint.pk, now=now)
    return state_of_everything()[complaint.pk]


def test_nothing_is_marked_by_a_change_that_was_rolled_back(manager: Any) -> None:
    PolicyFactory(name="甲")
    with pytest.raises(policies.NameTaken):
        policies.create(draft(name="甲"), before=None, actor=manager, now=LATER)
    assert reapplying.pending() is None


def test_the_worker_is_woken_once_the_change_is_through(
    manager: Any, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    woken = []
    monkeypatch.setattr(reapplying, "wake", lambda: woken.append(reapplying.pending()))
    with django_capture_on_commit_callbacks(execute=True):
        policies.create(draft(), before=None, actor=manager, now=LATER)
    assert woken == [LATER]


@pytest.mark.usefixtures("frozen")
def test_the_task_goes_on_where_the_mark_says(shop: Any, agent: Any, manager: Any) -> None:
    case = registered(shop, actor=agent)
    policies.create(draft(priority="P1"), before=None, actor=manager, now=NOW)
    tasks.recompute()
    assert current(case).priority == "P1"


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_dies_anywhere_leaves_the_others_to_go_on(
    shop: Any, agent: Any, manager: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reapplying, "BATCH", 1)
    cases = [registered(shop, actor=agent) for _n in range(2)]
    policy = policies.create(draft(priority="P1", lines=quick(90)), before=None, actor=manager, now=LATER)
    priorities = ["P4", "P1"]

    def change() -> str:
        """The other priority than the one before."""
        stored = draft_of(SlaPolicy.objects.get(pk=policy.pk))
        wanted = replace(stored, priority=next(one for one in priorities if one != stored.priority))
        policies.change(policy.pk, wanted, before=None, seen=stored.fingerprint(), actor=manager, now=LATER)
        return wanted.priority

    for priority in every_crash(change, lambda: reapplying.reapply(now=SETTLED)):
        reapply_all(now=SETTLED)
        assert [current(one).priority for one in cases] == [priority, priority]
        clock = [Deadline.objects.running().get(complaint=one) for one in cases]
        assert [one.due_at - one.started_at for one in clock] == [timedelta(minutes=90)] * 2
        # Once for each change, however often the worker died.
        told = ComplaintEvent.objects.filter(complaint=cases[0], kind=reapplying.APPLIED).order_by("pk")
        assert [event.data["changes"]["priority"][1] for event in told][-1] == priority
        moves = [event.data["changes"]["priority"] for event in told]
        assert all(old != new for old, new in moves)
        assert all(before[1] == after[0] for before, after in zip(moves, moves[1:], strict=False))
