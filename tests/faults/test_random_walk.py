"""Clerks who do anything at any time, allowed or not: what must always hold, holds after every act."""

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from complaints import sla
from complaints.lifecycle import OPEN, State
from complaints.models import Channel, Complaint, Promise, Remedy, Shop
from complaints.operations import (
    assignment,
    conversation,
    correcting,
    holding,
    mending,
    merging,
    platform_cases,
    progress,
    promises,
    remedies,
    sweeping,
    verification,
)
from complaints.operations.promises import Promised
from complaints.refusals import Refused
from followups.models import FollowUp
from followups.operations import callback
from tests.factories.complaints import NOW, OrderFactory, current, registered
from tests.faults import wholeness
from tests.unchanged import everything_about

ACTS = 250

SENSIBLE = {
    "new": ["accept", "accept", "accept", "promise", "mail"],
    "accepted": ["start_verification", "hold", "platform", "keep", "renew"],
    "verifying": ["settle", "evidence", "waive", "conclude_verification", "option"],
    "proposing": ["option", "offer", "offer"],
    "negotiating": ["agree", "agree", "decline"],
    "executing": ["execute", "apology", "resolve"],
    "awaiting_followup": ["rate", "attempt", "merge"],
    "closed": ["reopen"],
    "merged": ["unmerge"],
}
"""What helps a case on; without it the walk would hardly leave the first stages."""

FACTS = {
    "courier": "顺丰",
    "tracking_number": "SF1",
    "eta": NOW.date(),
    "actual_cost": Decimal("5"),
    "reference": "ALI-1",
    "coupon_code": "AM20",
}


class Walk:
    """A few complaints about one order, and one act after the other on one of them."""

    def __init__(self, fresh: Callable[[datetime], Complaint], people: list[Any], dice: random.Random) -> None:
        self.fresh, self.people, self.dice = fresh, people, dice
        self.cases = [fresh(NOW) for _ in range(3)]
        self.now = NOW
        self.taken: dict[str, int] = {}
        self.settled: dict[int, tuple[Any, Any]] = {}

    def act(self) -> None:
        """One act by somebody, some time later; a refused one writes nothing."""
        self.now += timedelta(minutes=self.dice.choice([1, 5, 30, 90, 400, 2000]))
        case = current(self.dice.choice(self.cases))
        if case.state in (State.WITHDRAWN, State.UNFOUNDED):
            self.cases[self.cases.index(case)] = case = self.fresh(self.now)
        name = self.dice.choice(SENSIBLE[case.state] if self.dice.random() < 0.7 else list(DEEDS))
        before = everything_about(case)
        who = {"actor": self.dice.choice(self.people), "now": self.now}
        try:
            DEEDS[name](self, case, who)
        except Refused:
            assert everything_about(case) == before, name
        else:
            self.taken[name] = self.taken.get(name, 0) + 1
            self.check(undone=name == "unmerge")

    def check(self, *, undone: bool) -> None:
        """What must always hold."""
        for case in map(current, self.cases):
            _one_clock(case)
            _replays(case)
            _one_callback(case)
            _facts_stay(self, case, undone=undone)
            assert sum(share.percent for share in case.liability.all()) <= 100
            assert (case.merged_into_id is not None) == (case.state == State.MERGED)
        assert mending.mend(now=self.now) == 0
        assert callback.mend(now=self.now) == 0

    def words(self) -> str:
        """Something to say; sometimes nothing."""
        return " " if self.dice.random() < 0.15 else f"这是第 {self.dice.randrange(10**6)} 次说"

    def other(self, case: Complaint) -> Complaint:
        return self.dice.choice(self.cases)


def versioned(operation: Callable[..., Any], **given: Any) -> Callable[[Walk, Complaint, dict[str, Any]], Any]:
    """Now and then with the version of somebody who has slept."""

    def deed(walk: Walk, case: Complaint, who: dict[str, Any]) -> Any:
        values = {name: value(walk) if callable(value) else value for name, value in given.items()}
        version = case.version if walk.dice.random() < 0.9 else max(case.version - 1, 0)
        return operation(case.pk, **values, version=version, **who)

    return deed


def _accept(walk: Walk, case: Complaint, who: dict[str, Any]) -> Any:
    promise = walk.dice.choice(
        [None, Promised(text="答复", due_at=walk.now + timedelta(hours=walk.dice.choice([-1, 4])))]
    )
    return progress.accept(case.pk, body=walk.words(), channel="phone", promise=promise, version=case.version, **who)


def _evidence(walk: Walk, case: Complaint, who: dict[str, Any]) -> Any:
    return verification.add_evidence(case.pk, kind="photo", reference=walk.words(), **who)


def _liability(walk: Walk, case: Complaint, who: dict[str, Any]) -> Any:
    shares = [("carrier", walk.dice.choice([40, 100]), ""), ("warehouse", walk.dice.choice([60, 61]), "")]
    chosen = shares[: walk.dice.choice([1, 2])]
    return verification.settle_liability(case.pk, chosen, root_cause=walk.words(), version=case.version, **who)


def _settle(walk: Walk, case: Complaint, who: dict[str, Any]) -> Any:
    share = [("carrier", 100, "")]
    return verification.settle_liability(case.pk, share, root_cause="挤压", version=case.version, **who)


def _on_some_option(operation: Callable[..., Any]) -> Callable[[Walk, Complaint, dict[str, Any]], Any]:
    def deed(walk: Walk, case: Complaint, who: dict[str, Any]) -> Any:
        options = list(Remedy.objects.filter(complaint__in=walk.cases)) or [Remedy(pk=0)]
        own = [option for option in options if option.complaint_id == case.pk and option.round == case.round]
        return operation(case.pk, walk.dice.choice(own or options).pk, version=case.version, **who)

    return deed


def _execute(complaint_id: int, remedy_id: int, **who: Any) -> Any:
    return remedies.execute(complaint_id, remedy_id, FACTS, **who)


def _say(operation: Callable[..., Any], **given: Any) -> Callable[[Walk, Complaint, dict[str, Any]], Any]:
    return lambda walk, case, who: operation(case.pk, walk.words(), **given, **who)


def _merge(walk: Walk, case: Complaint, who: dict[str, Any]) -> Any:
    return merging.merge(case.pk, walk.other(case).pk, reason=walk.words(), version=case.version, **who)


def _correct(walk: Walk, case: Complaint, who: dict[str, Any]) -> Any:
    changes = {"priority": walk.dice.choice(["P1", "P2", "P3", "", "P4"])}
    return correcting.correct(case.pk, changes, version=case.version, **who)


def _hold(walk: Walk, case: Complaint, who: dict[str, Any]) -> Any:
    until = walk.now + timedelta(hours=walk.dice.choice([-1, 2, 30]))
    return holding.hold(case.pk, reason=walk.words(), until=until, version=case.version, **who)


def _platform(walk: Walk, case: Complaint, who: dict[str, Any]) -> Any:
    due_at = walk.now + timedelta(hours=walk.dice.choice([-1, 3, 8, 60]))
    return platform_cases.set_deadline(case.pk, due_at=due_at, reference="TB1", version=case.version, **who)


def _some_promise(walk: Walk, case: Complaint) -> int:
    known = list(Promise.objects.filter(complaint__in=walk.cases).values_list("pk", flat=True))
    own = list(case.promises.filter(settled_at=None).values_list("pk", flat=True))
    return walk.dice.choice(own or known or [0])


def _keep(walk: Walk, case: Complaint, who: dict[str, Any]) -> Any:
    return promises.keep(case.pk, _some_promise(walk, case), version=case.version, **who)


def _renew(walk: Walk, case: Complaint, who: dict[str, Any]) -> Any:
    hours = walk.dice.choice([-1, 2, 50])
    promised = Promised(text="", due_at=walk.now + timedelta(hours=hours), beyond_clock=walk.dice.random() < 0.5)
    promise = _some_promise(walk, case)
    return promises.renew(case.pk, promise, promised, reason=walk.words(), version=case.version, **who)


def _promise(walk: Walk, case: Complaint, who: dict[str, Any]) -> Any:
    promised = Promised(text="", due_at=walk.now + timedelta(hours=walk.dice.choice([1, 70])))
    owed = frozenset(case.promises.values_list("pk", flat=True)) if walk.dice.random() < 0.5 else frozenset()
    return conversation.reply(case.pk, walk.words(), channel="phone", promise=promised, still_open=owed, **who)


def _sweep(walk: Walk, case: Complaint, who: dict[str, Any]) -> Any:
    return sweeping.sweep(now=walk.now)


DEEDS: dict[str, Callable[[Walk, Complaint, dict[str, Any]], Any]] = {
    "accept": _accept,
    "start_verification": versioned(progress.start_verification),
    "conclude_verification": versioned(progress.conclude_verification),
    "offer": versioned(progress.offer, single_option_reason=Walk.words),
    "decline": versioned(progress.decline, reason=Walk.words),
    "agree": versioned(progress.agree, label=lambda walk: walk.dice.choice("ABC"), words=Walk.words, channel="phone"),
    "resolve": versioned(progress.resolve),
    "reopen": versioned(progress.reopen, reason=Walk.words),
    "withdraw": lambda walk, case, who: walk.dice.random() < 0.3
    and versioned(progress.withdraw, reason=Walk.words, words=Walk.words, channel="phone")(walk, case, who),
    "find_unfounded": lambda walk, case, who: walk.dice.random() < 0.3
    and versioned(progress.find_unfounded, reason=Walk.words, body=Walk.words, channel="phone")(walk, case, who),
    "merge": _merge,
    "unmerge": versioned(merging.unmerge, reason=Walk.words),
    "reply": _say(conversation.reply, channel="phone"),
    "mail": _say(conversation.reply, channel=Channel.EMAIL),
    "hear": _say(conversation.receive, channel="phone"),
    "note": _say(conversation.note),
    "apology": _say(conversation.log_apology),
    "evidence": _evidence,
    "waive": versioned(verification.waive_evidence, reason=Walk.words),
    "liability": _liability,
    "settle": _settle,
    "option": versioned(
        remedies.prepare, kind="partial_refund", text="退款",
        cost=lambda walk: walk.dice.choice([Decimal(0), Decimal(15), Decimal(90)]),
    ),
    "discard": lambda walk, case, who: walk.dice.random() < 0.3 and _on_some_option(remedies.discard)(walk, case, who),
    "approve": _on_some_option(remedies.approve),
    "execute": _on_some_option(_execute),
    "claim": lambda walk, case, who: assignment.claim(case.pk, **who),
    "assign": lambda walk, case, who: assignment.assign(
        case.pk, walk.dice.choice(walk.people), reason="", version=case.version, **who
    ),
    "priority": _correct,
    "rate": versioned(
        callback.record_rating, satisfaction=lambda walk: walk.dice.randrange(7), comment=Walk.words, channel="phone"
    ),
    "attempt": versioned(callback.record_attempt, comment=Walk.words),
    "sweep": _sweep,
    "hold": _hold,
    "resume": versioned(holding.resume),
    "platform": _platform,
    "platform_over": versioned(platform_cases.end),
    "keep": _keep,
    "renew": _renew,
    "promise": _promise,
}  # fmt: skip


# ---------------------------------------------------------------- what must always hold


def _one_clock(case: Complaint) -> None:
    """An open case has one clock for its stage, and one for what is owed beside it; one that is over has none."""
    running = list(case.deadlines.running())
    stage = [clock for clock in running if clock.kind in sla.STAGE_KINDS]
    assert len(stage) == (case.state in OPEN), case.state
    owed = case.promises.filter(settled_at=None)
    assert sorted(clock.subject for clock in running if clock.kind == "promise") == sorted(one.pk for one in owed)
    platform = [clock for clock in running if clock.kind == "platform"]
    assert len(platform) == (case.state in OPEN and case.platform_due_at is not None)
    assert all(clock.due_at <= platform[0].due_at for clock in stage if platform and clock.kind in sla.CAPPED)
    assert all(case.held_at for clock in running if clock.paused_at)
    assert all(clock.paused_at for clock in running if case.held_at and clock.pausable)
    waiting = [clock.due_at for clock in running if not clock.paused_at] + [case.hold_until]
    assert case.next_due_at == sla.earliest(waiting)
    assert (case.next_due_at is None) == (case.state not in OPEN)


def _replays(case: Complaint) -> None:
    """The history leads without a gap to the present stage."""
    steps = [(event.from_state, event.to_state) for event in case.events.exclude(to_state="").order_by("id")]
    assert [before for before, _after in steps[1:]] == [after for _before, after in steps[:-1]]
    assert steps[-1][1] == case.state
    versions = [event.version for event in case.events.order_by("id")]
    assert versions == sorted(versions)
    assert versions[-1] <= case.version


def _one_callback(case: Complaint) -> None:
    """A call-back is open exactly while the case waits for it."""
    waiting = [row.round for row in case.followups.filter(status=FollowUp.Status.OPEN)]
    assert waiting == ([case.round] if case.state == State.AWAITING_FOLLOWUP else [])


def _facts_stay(walk: Walk, case: Complaint, *, undone: bool) -> None:
    """What was met or breached once, stays so; only a merge that is undone takes the reply along that met the first."""
    for clock in case.deadlines.all():
        met, breached = walk.settled.get(clock.pk, (None, None))
        assert met in (None, clock.met_at) or (undone and clock.kind == "first_response")
        assert breached in (None, clock.breached_at)
        walk.settled[clock.pk] = (clock.met_at, clock.breached_at)


@pytest.mark.parametrize("seed", [1, 2])
def test_whatever_clerks_do_every_case_stays_whole(
    seed: int, shop: Shop, user_with: Callable[..., Any], now: datetime
) -> None:
    people = [user_with(role) for role in ("agent", "team_lead", "supervisor", "shop_manager")]
    order = OrderFactory(shop=shop)
    walk = Walk(lambda at: registered(shop, actor=people[0], now=at, order=order), people, random.Random(seed))
    for _ in range(ACTS):
        walk.act()
    assert len(walk.taken) > len(DEEDS) / 2
    assert wholeness.problems() == []
