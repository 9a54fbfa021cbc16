"""Merges, their undoing and what comes in meanwhile, at the same instant: nothing is lost and nobody hangs."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from complaints.models import Complaint, Contact, Matter, Shop
from complaints.operations import conversation, merging, receiving, splitting
from complaints.operations.locking import StaleVersion
from complaints.refusals import Refused
from tests.factories.complaints import NOW, current, registered
from tests.faults import wholeness
from tests.faults.at_once import Outcome, at_once

pytestmark = pytest.mark.django_db(transaction=True)

LATER = NOW + timedelta(minutes=5)


@pytest.fixture
def lead(user_with: Callable[..., Any]) -> Any:
    return user_with("supervisor")


@pytest.fixture
def three(shop: Shop, agent: Any) -> list[Complaint]:
    first = registered(shop, actor=agent)
    return [first, *(registered(shop, actor=agent, order=first.order) for _ in range(2))]


def merge(source: Complaint, target: Complaint, lead: Any) -> Any:
    return merging.merge(source.pk, target.pk, reason="同一件事", actor=lead, version=source.version, now=LATER)


def unmerge(source: Complaint, lead: Any) -> Any:
    return merging.unmerge(source.pk, reason="两件事", actor=lead, version=current(source).version, now=LATER)


def errors(outcomes: list[Outcome]) -> list[type[Exception]]:
    return [type(outcome.error) for outcome in outcomes if outcome.error]


def whole(cases: list[Complaint]) -> None:
    """Nothing lies at a merged complaint, and no key of a matter either."""
    merged = [case.pk for case in map(current, cases) if case.merged_into_id]
    assert not Contact.objects.filter(complaint__in=merged).exists()
    assert not Matter.objects.filter(complaint__in=merged).exists()
    assert wholeness.problems() == []


def test_of_two_merges_that_would_make_a_chain_one_is_told_of_the_other(three: list[Complaint], lead: Any) -> None:
    """Either the one between has changed meanwhile, or it is over."""
    first, between, last = three
    outcomes = at_once([lambda: merge(first, between, lead), lambda: merge(between, last, lead)])
    (refused,) = errors(outcomes)
    assert issubclass(refused, Refused)
    assert [current(first).merged_into_id, current(between).merged_into_id].count(None) == 1
    whole(three)


@pytest.mark.row_locks
@pytest.mark.parametrize("source_first", [True, False])
def test_what_comes_in_during_a_merge_is_where_the_case_goes_on(
    source_first: bool, three: list[Complaint], shop: Shop, agent: Any, lead: Any
) -> None:
    source, target = three[:2] if source_first else three[1::-1]
    answer = receiving.Incoming(shop=shop, channel="email", text="见附件", about=source, source="mail:1:a")
    outcomes = at_once([
        lambda: merge(source, target, lead),
        lambda: conversation.receive(source.pk, "还在吗", channel="phone", actor=agent, now=LATER),
        lambda: receiving.take_in(answer, actor=None, now=LATER),
    ])  # fmt: skip
    assert set(errors(outcomes)) <= {StaleVersion}
    if current(source).merged_into_id is None:
        merge(current(source), target, lead)
    assert target.contacts.filter(body__in=["还在吗", "见附件"]).count() == 2
    whole(three)


@pytest.mark.row_locks
@pytest.mark.parametrize("source_first", [True, False])
def test_what_comes_in_while_a_merge_is_undone_is_at_one_of_the_two(
    source_first: bool, three: list[Complaint], agent: Any, lead: Any
) -> None:
    source, target = three[:2] if source_first else three[1::-1]
    merge(source, target, lead)
    outcomes = at_once([
        lambda: unmerge(source, lead),
        *(lambda n=n: conversation.receive(source.pk, f"第 {n} 次", channel="phone", actor=agent, now=LATER)
          for n in range(3)),
    ])  # fmt: skip
    assert errors(outcomes) == []
    assert Contact.objects.filter(body__startswith="第 ", complaint__in=[source, target]).count() == 3
    whole(three)


def test_of_two_who_undo_a_merge_one_does(three: list[Complaint], lead: Any) -> None:
    source, target, _other = three
    merge(source, target, lead)
    version = current(source).version
    undo = {"reason": "两件事", "actor": lead, "version": version, "now": LATER}
    outcomes = at_once([lambda: merging.unmerge(source.pk, **undo) for _ in range(2)])
    assert errors(outcomes) == [StaleVersion]
    whole(three)


def test_of_two_who_split_off_one_message_one_does(three: list[Complaint], agent: Any, lead: Any) -> None:
    case = three[0]
    said = conversation.receive(case.pk, "椅子也坏了", channel="phone", actor=agent, now=NOW)
    split = splitting.Split(contact=said.pk, title="椅子", order=case.order)
    step = {"actor": lead, "version": current(case).version, "now": LATER}
    outcomes = at_once([lambda: splitting.split_off(case.pk, split, **step) for _ in range(2)])
    assert errors(outcomes) == [StaleVersion]
    assert Complaint.objects.filter(split_from=case).count() == 1
    whole(three)
