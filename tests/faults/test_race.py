"""Two people, one complaint: one wins and the other is told. The controls show what happens without the lock."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils import timezone

from complaints.models import Complaint, Customer, DailyNumber, DutyProfile, Order, Shop
from complaints.operations import (
    allotting,
    assignment,
    conversation,
    correcting,
    customers,
    intake,
    merging,
    progress,
    remedies,
    typed_orders,
    verification,
)
from complaints.operations.assignment import AlreadyTaken
from complaints.operations.customers import Person
from complaints.operations.locking import StaleVersion
from complaints.operations.matters import AlreadyOpen
from complaints.operations.verification import MAX_FILES, TooMuchEvidence
from complaints.queries import roster
from complaints.refusals import Refused
from followups.operations import callback
from tests.factories.complaints import NOW, EvidenceFactory, OrderFactory, accept, current, registered, registration
from tests.faults.at_once import LONGEST, Outcome, at_once

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def two(user_with: Callable[..., Any]) -> list[Any]:
    """Two colleagues with the same complaint before them."""
    return [user_with("supervisor"), user_with("supervisor")]


def errors(outcomes: list[Outcome]) -> list[type[Exception]]:
    return [type(outcome.error) for outcome in outcomes if outcome.error]


def correct(case: Complaint, actor: Any, changes: dict[str, Any], version: int | None = None) -> Complaint:
    seen = current(case).version if version is None else version
    return correcting.correct(case.pk, changes, actor=actor, version=seen, now=NOW)


# ---------------------------------------------------------------- the same step twice


def _approve(case: Complaint, who: dict[str, Any]) -> Any:
    return remedies.approve(case.pk, case.remedies.get().pk, **who)


STEPS: dict[str, tuple[str, str, Callable[[Complaint, dict[str, Any]], Any]]] = {
    "accept": ("new", "accept", accept),
    "start_verification": (
        "accepted",
        "start_verification",
        lambda case, who: progress.start_verification(case.pk, **who),
    ),
    "agree": (
        "negotiating",
        "agree",
        lambda case, who: progress.agree(case.pk, label="A", words="好", channel="phone", **who),
    ),
    "withdraw": (
        "executing",
        "withdraw",
        lambda case, who: progress.withdraw(case.pk, reason="算了", words="算了", channel="phone", **who),
    ),
    "attempt": (
        "awaiting_followup",
        "callback_attempt",
        lambda case, who: callback.record_attempt(case.pk, comment="未接", **who),
    ),
    "rate": (
        "awaiting_followup",
        "close",
        lambda case, who: callback.record_rating(case.pk, satisfaction=5, comment="", channel="phone", **who),
    ),
    "reopen": ("closed", "reopen", lambda case, who: progress.reopen(case.pk, reason="又坏了", **who)),
}


@pytest.mark.parametrize("name", STEPS)
def test_of_two_who_take_the_same_step_exactly_one_wins(name: str, case: Callable[..., Any], two: list[Any]) -> None:
    state, event, step = STEPS[name]
    complaint = case(state)
    before = complaint.events.filter(kind=event).count()
    outcomes = at_once([
        lambda actor=actor: step(complaint, {"actor": actor, "version": complaint.version, "now": NOW})
        for actor in two
    ])  # fmt: skip
    assert errors(outcomes) == [StaleVersion]
    assert complaint.events.filter(kind=event).count() == before + 1
    assert current(complaint).version == complaint.version + 1


def test_an_option_is_signed_by_one_of_two_who_sign_at_once(
    case: Callable[..., Any], agent: Any, two: list[Any]
) -> None:
    complaint = case("verifying")
    step = {"actor": agent, "version": complaint.version, "now": NOW}
    remedy = remedies.prepare(complaint.pk, kind="gift", text="赠品", cost=Decimal(90), **step)
    seen = current(complaint)
    outcomes = at_once([
        lambda actor=actor: _approve(complaint, {"actor": actor, "version": seen.version, "now": NOW}) for actor in two
    ])  # fmt: skip
    assert errors(outcomes) == [StaleVersion]
    assert remedy.approvals.count() == 1


def test_of_twenty_who_claim_one_has_the_case(case: Callable[..., Any], user_with: Callable[..., Any]) -> None:
    complaint = case("new", assignee=None)
    agents = [user_with("agent") for _ in range(20)]
    outcomes = at_once([lambda a=a: assignment.claim(complaint.pk, actor=a, now=NOW) for a in agents])
    assert errors(outcomes) == [AlreadyTaken] * 19
    (winner,) = [agent for agent, outcome in zip(agents, outcomes, strict=True) if outcome.error is None]
    assert current(complaint).assignee == winner
    assert complaint.events.filter(kind="assigned").count() == 1


@pytest.mark.parametrize("looks_again", [True, False])
@pytest.mark.row_locks
def test_two_cases_at_once_go_to_two_people(
    case: Callable[..., Any],
    shop: Shop,
    user_with: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    looks_again: bool,
) -> None:
    """Both see the same roster. The control does not compare whether the person has been given one meanwhile."""
    shop.allots_cases = True
    shop.save()
    waiting = [case("new", assignee=None) for _ in range(2)]
    Complaint.objects.update(assignee=None)
    DutyProfile.objects.bulk_create([DutyProfile(user=user_with("agent")) for _ in range(2)])
    get_user_model().objects.exclude(duty__isnull=False).update(is_active=False)
    both = threading.Barrier(2)
    read, looks = roster.candidates, iter(range(100))

    def read_together(*args: Any, **values: Any) -> Any:
        found = read(*args, **values)
        if next(looks) < 2:
            both.wait(LONGEST)
        return found

    monkeypatch.setattr(roster, "candidates", read_together)
    if not looks_again:
        monkeypatch.setattr(allotting, "_take_turn", lambda candidate, *, now: True)
    outcomes = at_once([lambda one=one: assignment.allot(one.pk, now=NOW) for one in waiting])
    assert [outcome.result for outcome in outcomes] == [True, True]
    assert len({current(one).assignee_id for one in waiting}) == (2 if looks_again else 1)


def test_of_twelve_that_come_in_at_once_everybody_gets_four(shop: Shop, user_with: Callable[..., Any]) -> None:
    shop.allots_cases = True
    shop.save()
    agents = [user_with("agent") for _ in range(3)]
    templates = [registration(shop, person=Person(buyer=f"tb{n}")) for n in range(12)]
    outcomes = at_once([lambda one=one: intake.register(one, actor=None, now=NOW) for one in templates])
    assert errors(outcomes) == []
    assert [agent.assigned_complaints.count() for agent in agents] == [4, 4, 4]
    assert [agent.duty.given for agent in agents] == [4, 4, 4]


# ---------------------------------------------------------------- no edit is lost


def test_of_two_edits_the_second_is_told_and_the_first_stays(case: Callable[..., Any], two: list[Any]) -> None:
    complaint = case("new")
    changes: list[dict[str, Any]] = [{"title": "桌面开裂"}, {"demand": "全额退款"}]
    outcomes = at_once([
        lambda actor=actor, change=change: correct(complaint, actor, change, complaint.version)
        for actor, change in zip(two, changes, strict=True)
    ])  # fmt: skip
    assert errors(outcomes) == [StaleVersion]
    winner = next(change for change, outcome in zip(changes, outcomes, strict=True) if outcome.error is None)
    after = current(complaint)
    assert {name: getattr(after, name) for name in winner} == winner
    assert complaint.events.filter(kind="corrected").count() == 1


def test_control_without_the_lock_an_edit_is_lost(
    case: Callable[..., Any], two: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    both_have_read = threading.Barrier(2)

    @contextmanager
    def unlocked(complaint_id: int, *, version: int | None = None) -> Iterator[Complaint]:
        complaint = Complaint.objects.get(pk=complaint_id)
        if version is not None and complaint.version != version:
            raise StaleVersion
        both_have_read.wait(LONGEST)
        with transaction.atomic():
            yield complaint

    complaint = case("new")
    monkeypatch.setattr(correcting, "locked", unlocked)
    changes: list[dict[str, Any]] = [{"title": "桌面开裂"}, {"demand": "全额退款"}]
    outcomes = at_once([
        lambda actor=actor, change=change: correct(complaint, actor, change, complaint.version)
        for actor, change in zip(two, changes, strict=True)
    ])  # fmt: skip
    after = current(complaint)
    assert errors(outcomes) == []
    assert complaint.events.filter(kind="corrected").count() == 2
    assert (after.title == "桌面开裂") != (after.demand == "全额退款")
    assert after.version == complaint.version + 1


def test_whoever_tries_again_after_being_told_gets_through(
    case: Callable[..., Any], user_with: Callable[..., Any]
) -> None:
    complaint = case("new")
    agents = [user_with("agent") for _ in range(6)]

    def five_edits(number: int) -> int:
        told = 0
        for edit in range(5):
            while True:
                try:
                    correct(complaint, agents[number], {"title": f"第 {number} 人第 {edit} 次"})
                    break
                except StaleVersion:
                    told += 1
        return told

    outcomes = at_once([lambda number=number: five_edits(number) for number in range(6)])
    assert errors(outcomes) == []
    versions = list(complaint.events.filter(kind="corrected").order_by("id").values_list("version", flat=True))
    assert versions == list(range(complaint.version + 1, complaint.version + 31))
    assert current(complaint).version == complaint.version + 30


def test_twenty_who_only_add_do_not_disturb_each_other(case: Callable[..., Any], agent: Any) -> None:
    complaint = case("new")
    before = complaint.contacts.count()
    outcomes = at_once([
        lambda n=n: conversation.receive(complaint.pk, f"第 {n} 条", channel="phone", actor=agent, now=NOW)
        for n in range(20)
    ])  # fmt: skip
    assert errors(outcomes) == []
    assert complaint.contacts.count() == before + 20
    assert complaint.events.filter(kind="heard").count() == 20


def test_the_last_place_for_evidence_is_taken_once(case: Callable[..., Any], agent: Any) -> None:
    complaint = case("verifying")
    EvidenceFactory.create_batch(MAX_FILES - 1, complaint=complaint)
    outcomes = at_once([
        lambda n=n: verification.add_evidence(complaint.pk, kind="photo", reference=f"IMG-{n}", actor=agent, now=NOW)
        for n in range(4)
    ])  # fmt: skip
    assert errors(outcomes) == [TooMuchEvidence] * 3
    assert complaint.evidence.count() == MAX_FILES


def test_two_complaints_merged_into_each_other_end_as_one(shop: Shop, agent: Any, two: list[Any]) -> None:
    one = registered(shop, actor=agent)
    other = registered(shop, actor=agent, order=one.order)
    outcomes = at_once([
        lambda a=a, b=b, actor=actor: merging.merge(
            a.pk, b.pk, reason="同一件事", actor=actor, version=a.version, now=NOW
        )
        for a, b, actor in ((one, other, two[0]), (other, one, two[1]))
    ])  # fmt: skip
    (refused,) = errors(outcomes)
    assert issubclass(refused, Refused)
    assert sorted([current(one).state, current(other).state]) == ["merged", "new"]


# ---------------------------------------------------------------- registering


def test_of_two_who_register_one_order_the_second_is_told(shop: Shop, two: list[Any]) -> None:
    template = registration(shop, separate=False)
    outcomes = at_once([lambda actor=actor: intake.register(template, actor=actor, now=NOW) for actor in two])
    assert errors(outcomes) == [AlreadyOpen]
    (complaint,) = Complaint.objects.all()
    refused = next(outcome.error for outcome in outcomes if outcome.error)
    assert refused.names == {"number": complaint.number}


def test_of_two_who_type_one_order_the_second_is_told(shop: Shop, two: list[Any]) -> None:
    typed = typed_orders.TypedOrder(number="202611200001", product="书桌")
    template = registration(shop, separate=False, order=None, typed_order=typed)
    outcomes = at_once([lambda actor=actor: intake.register(template, actor=actor, now=NOW) for actor in two])
    assert errors(outcomes) == [AlreadyOpen]
    assert (Complaint.objects.count(), Order.objects.count()) == (1, 1)


@pytest.mark.parametrize("values", [{}, {"separate": False}, {"order": None, "no_order_reason": "售前"}])
def test_a_registration_sent_five_times_is_one_complaint(shop: Shop, agent: Any, values: dict[str, Any]) -> None:
    template = registration(shop, token=uuid4(), **values)
    outcomes = at_once([lambda: intake.register(template, actor=agent, now=NOW) for _ in range(5)])
    assert errors(outcomes) == []
    assert {outcome.result for outcome in outcomes} == set(Complaint.objects.all())
    assert Complaint.objects.count() == 1
    assert Complaint.objects.get().contacts.count() == 1


def test_of_two_who_link_one_order_the_second_is_told(case: Callable[..., Any], shop: Shop, two: list[Any]) -> None:
    order, cases = OrderFactory(shop=shop), [case("new", order=None) for _ in two]
    outcomes = at_once([
        lambda actor=actor, complaint=complaint: correct(complaint, actor, {"order": order})
        for actor, complaint in zip(two, cases, strict=True)
    ])  # fmt: skip
    assert errors(outcomes) == [AlreadyOpen]


def test_a_buyer_who_is_added_twice_at_once_is_one_customer(shop: Shop) -> None:
    person = Person(buyer="tb_new", phone="13900001234")
    outcomes = at_once([lambda: customers.find_or_create_customer("taobao", person, now=NOW) for _ in range(8)])
    assert errors(outcomes) == []
    assert {outcome.result for outcome in outcomes} == {Customer.objects.get()}


def test_registrations_of_a_new_buyer_at_once_all_succeed(shop: Shop, agent: Any) -> None:
    person = Person(buyer="tb_new", phone="13900001234")
    template = registration(shop, order=None, no_order_reason="售前", person=person)
    outcomes = at_once([lambda: intake.register(template, actor=agent, now=NOW) for _ in range(8)])
    assert errors(outcomes) == []
    assert set(Complaint.objects.values_list("customer", flat=True)) == {Customer.objects.get().pk}


def test_what_an_import_adds_to_a_customer_meanwhile_stays(case: Callable[..., Any], agent: Any) -> None:
    """Each round one corrects the phone while another completes what else is known."""
    for place in range(10):
        complaint = case("new", order=None, person=Person(buyer=f"tb_{place}"))
        imported = Person(buyer=f"tb_{place}", name="郑凯文", email=f"{place}@mail.example")
        spoken = Person(phone=f"1390000{place:04d}")
        outcomes = at_once([
            lambda complaint=complaint, spoken=spoken: correcting.correct(
                complaint.pk, {}, person=spoken, actor=agent, version=complaint.version, now=NOW
            ),
            lambda imported=imported: customers.find_or_create_customer("taobao", imported, now=NOW),
        ])  # fmt: skip
        assert errors(outcomes) == []
        after = Customer.objects.get(pk=complaint.customer_id)
        assert (after.name, after.email, after.phone) == (imported.name, imported.email, spoken.phone)


# ---------------------------------------------------------------- numbers


def test_twenty_registrations_at_once_have_consecutive_numbers(shop: Shop, agent: Any) -> None:
    outcomes = at_once([
        lambda: intake.register(registration(shop, order=None, no_order_reason="售前"), actor=agent, now=NOW)
        for _ in range(20)
    ])  # fmt: skip
    assert errors(outcomes) == []
    assert sorted(outcome.result.number for outcome in outcomes) == [f"A20261120-{n:04d}" for n in range(1, 21)]
    assert DailyNumber.objects.get().last == 20


def test_control_with_a_plain_counter_two_have_the_same_number() -> None:
    both_have_read = threading.Barrier(2)

    def plain(now: datetime) -> int:
        counter, _created = DailyNumber.objects.get_or_create(day=timezone.localdate(now))
        both_have_read.wait(LONGEST)
        counter.last += 1
        counter.save()
        return counter.last

    DailyNumber.objects.create(day=timezone.localdate(NOW))
    outcomes = at_once([lambda: plain(NOW), lambda: plain(NOW)])
    assert errors(outcomes) == []
    assert [outcome.result for outcome in outcomes] == [1, 1]
