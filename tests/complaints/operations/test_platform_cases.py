"""The platform's own deadline overrides our clocks."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from complaints.models import Alert, Complaint, Deadline, SlaPolicy, SlaTarget
from complaints.operations import clocks, correcting, merging, platform_cases, sweeping
from complaints.operations.ended import ComplaintOver
from complaints.operations.platform_cases import NoPlatformCase, PlatformDeadlinePast
from tests.factories.complaints import NOW, current, registered
from tests.unchanged import nothing_written

H = timedelta(hours=1)


def open_case(case: Complaint, agent: Any, due_at: datetime, now: datetime = NOW) -> Complaint:
    version = current(case).version
    return platform_cases.set_deadline(case.pk, due_at=due_at, reference="TB-1", actor=agent, version=version, now=now)


def stage(case: Complaint) -> Deadline:
    return case.deadlines.running().of_stage().get()


def test_our_clock_is_due_six_hours_before_the_platform(case: Callable[..., Any], agent: Any) -> None:
    complaint = case("verifying")
    open_case(complaint, agent, NOW + 18 * H)
    clock, platform = stage(complaint), complaint.deadlines.running().get(kind="platform")
    assert (clock.due_at, clock.latest_at, platform.due_at) == (NOW + 12 * H,) * 3
    assert current(complaint).next_due_at <= NOW + 12 * H


@pytest.mark.parametrize(("minutes", "hours"), [(600, 10), (None, 6)])
def test_the_margin_is_the_policys_and_follows_it(
    case: Callable[..., Any], agent: Any, minutes: int | None, hours: int
) -> None:
    """A line of the policy with levels only leaves the usual margin."""
    complaint = case("verifying")
    open_case(complaint, agent, NOW + 20 * H)
    policy = SlaPolicy.objects.create(name="提前", priority="P3")
    SlaTarget.objects.create(policy=policy, kind="platform", budget_minutes=minutes)
    Complaint.objects.filter(pk=complaint.pk).update(policy=policy)
    clocks.recompute(current(complaint), now=NOW + H)
    platform = complaint.deadlines.running().get(kind="platform")
    assert (stage(complaint).due_at, platform.due_at) == (NOW + (20 - hours) * H,) * 2


def test_a_later_deadline_leaves_our_own_time(case: Callable[..., Any], agent: Any) -> None:
    complaint = case("verifying")
    open_case(complaint, agent, NOW + 80 * H)
    assert stage(complaint).due_at == NOW + 24 * H


def test_levels_follow_the_time_that_is_left(case: Callable[..., Any], agent: Any) -> None:
    """Warnings within what the cap leaves; lateness by the whole budget, or everybody would be told at once."""
    complaint = case("verifying")
    open_case(complaint, agent, NOW + 16 * H)
    assert {warn.level: warn.at - NOW for warn in stage(complaint).plan} == {
        50: 5 * H,
        80: 8 * H,
        100: 10 * H,
        150: 22 * H,
        200: 34 * H,
    }


@pytest.mark.parametrize(("left", "ours"), [(4 * H, 2 * H), (11 * H, 5.5 * H), (12 * H, 6 * H), (13 * H, 7 * H)])
def test_a_short_deadline_leaves_half_of_the_time(
    case: Callable[..., Any], agent: Any, left: timedelta, ours: timedelta
) -> None:
    """With the whole margin it would be overdue at once, and everybody up to the manager told of a breach."""
    complaint = case("verifying")
    open_case(complaint, agent, NOW + left)
    platform = complaint.deadlines.running().get(kind="platform")
    assert (stage(complaint).due_at, platform.due_at, platform.budget) == (NOW + ours, NOW + ours, ours)
    sweeping.sweep(now=NOW + timedelta(minutes=1))
    assert not Alert.objects.exists()


def test_levels_of_a_short_deadline_are_reached_one_after_the_other(
    case: Callable[..., Any], agent: Any, staff: Any
) -> None:
    complaint = case("verifying")
    open_case(complaint, agent, NOW + 4 * H)
    sweeping.sweep(now=NOW + 2 * H)
    assert {alert.level for alert in Alert.objects.filter(kind="platform")} == {100}
    sweeping.sweep(now=NOW + 3 * H)
    assert {alert.level for alert in Alert.objects.filter(kind="platform")} == {100, 150}


def test_the_end_of_the_platform_case_gives_our_time_back(case: Callable[..., Any], agent: Any) -> None:
    complaint = case("verifying")
    open_case(complaint, agent, NOW + 18 * H)
    platform_cases.end(complaint.pk, actor=agent, version=current(complaint).version, now=NOW + H)
    clock = stage(complaint)
    assert (clock.due_at, clock.latest_at) == (NOW + 24 * H, None)
    assert complaint.deadlines.get(kind="platform").met_at == NOW + H


def test_a_new_deadline_takes_the_place_of_the_old_one(case: Callable[..., Any], agent: Any) -> None:
    complaint = case("verifying")
    open_case(complaint, agent, NOW + 18 * H)
    open_case(complaint, agent, NOW + 28 * H, now=NOW + H)
    assert stage(complaint).due_at == NOW + 22 * H
    ended, running = complaint.deadlines.filter(kind="platform").order_by("pk")
    assert (ended.met_at, ended.stopped_at) == (None, NOW + H)
    assert (running.started_at, running.due_at) == (NOW + H, NOW + 22 * H)


def test_the_next_stage_is_capped_too_but_not_the_call_back(case: Callable[..., Any], agent: Any) -> None:
    complaint = case("executing")
    open_case(complaint, agent, NOW + 18 * H)
    assert stage(complaint).due_at == NOW + 12 * H
    waiting = case("awaiting_followup")
    open_case(waiting, agent, NOW + 18 * H)
    assert stage(waiting).due_at == NOW + 24 * H


def test_a_policy_may_make_it_urgent(case: Callable[..., Any], agent: Any) -> None:
    SlaPolicy.objects.create(name="平台介入", position=1, platform_case=True, priority="P2")
    complaint = case("verifying")
    open_case(complaint, agent, NOW + 80 * H)
    assert (current(complaint).priority, stage(complaint).due_at) == ("P2", NOW + 12 * H)
    platform_cases.end(complaint.pk, actor=agent, version=current(complaint).version, now=NOW + H)
    assert (current(complaint).priority, stage(complaint).due_at) == ("P3", NOW + 24 * H)


def test_a_merge_takes_it_along_and_its_undoing_gives_it_back(case: Callable[..., Any], agent: Any, staff: Any) -> None:
    source = case("verifying")
    target = registered(source.shop, actor=agent, title="同一单", order=source.order)
    open_case(source, agent, NOW + 18 * H)
    step = {"reason": "同一件事", "actor": staff["team_lead"], "now": NOW + H}
    merging.merge(source.pk, target.pk, version=current(source).version, **step)
    assert current(target).platform_due_at == NOW + 18 * H
    assert stage(target).due_at <= NOW + 12 * H
    merging.unmerge(source.pk, version=current(source).version, **step | {"now": NOW + 2 * H})
    assert current(target).platform_due_at is None
    assert not target.deadlines.running().filter(kind="platform").exists()
    assert source.deadlines.running().get(kind="platform").due_at == NOW + 12 * H


def test_odd_deadlines_are_refused(case: Callable[..., Any], agent: Any) -> None:
    complaint = case("verifying")
    with nothing_written(complaint), pytest.raises(PlatformDeadlinePast):
        open_case(complaint, agent, NOW)
    with nothing_written(complaint), pytest.raises(NoPlatformCase):
        platform_cases.end(complaint.pk, actor=agent, version=current(complaint).version, now=NOW)
    with pytest.raises(ComplaintOver):
        open_case(case("closed"), agent, NOW + 18 * H)


def test_a_correction_keeps_the_cap(case: Callable[..., Any], agent: Any) -> None:
    complaint = case("verifying")
    open_case(complaint, agent, NOW + 18 * H)
    correcting.correct(complaint.pk, {"priority": "P4"}, actor=agent, version=current(complaint).version, now=NOW)
    assert stage(complaint).due_at == NOW + 12 * H


def test_the_targets_own_case_comes_back_when_the_earlier_one_leaves(
    case: Callable[..., Any], agent: Any, staff: Any
) -> None:
    source = case("verifying")
    target = registered(source.shop, actor=agent, title="同一单", order=source.order)
    open_case(source, agent, NOW + 18 * H)
    step = {"due_at": NOW + 30 * H, "reference": "TB-2", "actor": agent, "now": NOW}
    platform_cases.set_deadline(target.pk, version=target.version, **step)
    undo = {"reason": "同一件事", "actor": staff["team_lead"]}
    merging.merge(source.pk, target.pk, version=current(source).version, now=NOW + H, **undo)
    assert (current(target).platform_due_at, current(target).platform_reference) == (NOW + 18 * H, "TB-1")
    merging.unmerge(source.pk, version=current(source).version, now=NOW + 2 * H, **undo)
    after = current(target)
    assert (after.platform_opened_at, after.platform_due_at) == (NOW, NOW + 30 * H)
    assert after.platform_reference == "TB-2"
    assert target.deadlines.running().get(kind="platform").due_at == NOW + 24 * H


def test_the_same_deadline_again_tells_nothing_again(case: Callable[..., Any], agent: Any) -> None:
    """Only the number was corrected; the clock that is overdue already goes on."""
    complaint = case("verifying")
    for at in (NOW, NOW + H):
        open_case(complaint, agent, NOW + 4 * H, now=at)
        sweeping.sweep(now=at + 2 * H)
    assert complaint.deadlines.filter(kind="platform").count() == 1
    assert complaint.events.filter(kind="breached", data__clock="platform").count() == 1


def test_a_case_that_comes_back_with_an_undone_merge_is_breached_once(
    case: Callable[..., Any], agent: Any, staff: Any
) -> None:
    source = case("verifying")
    target = registered(source.shop, actor=agent, title="同一单", order=source.order)
    open_case(source, agent, NOW + 4 * H)
    sweeping.sweep(now=NOW + 2 * H)
    step = {"reason": "同一件事", "actor": staff["team_lead"], "now": NOW + 2 * H}
    for change in (merging.merge, merging.unmerge) * 2:
        into = {"target_id": target.pk} if change is merging.merge else {}
        change(source.pk, version=current(source).version, **into, **step)
        sweeping.sweep(now=NOW + 2 * H)
    for complaint in (source, target):
        assert complaint.deadlines.filter(kind="platform").count() == 1
        assert complaint.events.filter(kind="breached", data__clock="platform").count() == 1
