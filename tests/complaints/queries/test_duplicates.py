"""Near matches: each with its reasons, the strongest first, bounded, and within the reader's shops."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from complaints.models import Complaint, Order, Shop
from complaints.operations import matters
from complaints.operations.customers import Person
from complaints.queries import duplicates
from complaints.queries.duplicates import Match, Strength, Typed
from knowledge.models import IssueType
from tests.factories.complaints import NOW, CustomerFactory, OrderFactory, OrderLineFactory, ShopFactory, registered

PHONE = "13912345678"


def near(
    user: Any, shop: Shop, *, person: Person | None = None, order: Order | None = None, title: str = "", **known: Any
) -> list[Match]:
    subject = matters.subject_of(
        shop, person=person, customer=order.customer if order else None, order=order, **known
    )  # fmt: skip
    typed = Typed(subject=subject, platform=shop.platform, title=title)
    return duplicates.near(user, typed, now=NOW, exact=matters.holder(subject, now=NOW))


def reasons(matches: list[Match]) -> dict[Complaint, list[Any]]:
    return {match.complaint: match.reasons for match in matches}


@pytest.fixture
def order(shop: Shop) -> Order:
    return OrderFactory(shop=shop, customer=CustomerFactory(phone=PHONE))


def test_what_the_rules_call_the_same_matter_is_marked_as_such_and_comes_first(
    order: Order, agent: Any, case: Callable[..., Any]
) -> None:
    ended, still_open = case("closed", order=order), case("new", order=order)
    matches = near(agent, order.shop, order=order)
    assert matches[0].complaint == still_open
    assert (matches[0].is_exact, matches[0].reasons) == (True, [duplicates.SAME_MATTER])
    assert reasons(matches)[ended] == [duplicates.ENDED_ORDER]
    assert not matches[1].is_exact


def test_the_same_order_number_in_another_shop_is_near(order: Order, agent: Any) -> None:
    elsewhere = ShopFactory(platform="jd")
    elsewhere.members.add(agent)
    theirs = OrderFactory(shop=elsewhere, number=order.number, customer=None)
    complaint = registered(elsewhere, actor=agent, order=theirs)
    assert reasons(near(agent, order.shop, order=order)) == {complaint: [duplicates.ORDER_ELSEWHERE]}
    elsewhere.members.remove(agent)
    del agent._shop_ids
    assert near(agent, order.shop, order=order) == []


def test_a_person_is_near_by_issue_by_order_and_by_platform(
    order: Order, agent: Any, case: Callable[..., Any], shop: Shop
) -> None:
    person = Person(phone=PHONE)
    without_order = case("new", order=None, person=person, issue_code="SERV-01")
    other_order = case("new", order=OrderFactory(shop=shop, customer=order.customer), issue_code="SERV-01")
    jd = ShopFactory(platform="jd")
    jd.members.add(agent)
    on_jd = registered(jd, actor=agent, order=None, person=person)
    assert reasons(near(agent, shop, order=order)) == {
        without_order: [duplicates.OTHER_ISSUE],
        other_order: [duplicates.OTHER_ORDER],
        on_jd: [duplicates.OTHER_PLATFORM],
    }
    assert reasons(near(agent, shop, person=person))[other_order] == [duplicates.OTHER_ISSUE]
    logistics = IssueType.objects.get(code="SERV-01")
    (first, *_rest) = near(agent, shop, person=person, issue_type=logistics)
    assert first.strength == Strength.EXACT


def test_the_same_product_with_a_similar_title_is_near(
    order: Order, agent: Any, case: Callable[..., Any], shop: Shop
) -> None:
    alike = case("new", order=OrderFactory(shop=shop), title="桌面有划痕，要求换")
    case("new", order=OrderFactory(shop=shop), title="客服态度恶劣")
    lamp = OrderFactory(shop=shop)
    lamp.lines.all().delete()
    OrderLineFactory(order=lamp, title="落地灯")
    case("new", order=lamp, title="桌面有划痕，要求换")
    case("closed", order=OrderFactory(shop=shop), title="桌面有划痕，要求换")
    assert reasons(near(agent, shop, order=order, title="桌面有两道划痕")) == {alike: [duplicates.SAME_PRODUCT]}
    assert near(agent, shop, order=order) == []


def test_what_ended_long_ago_is_history(order: Order, agent: Any, case: Callable[..., Any], shop: Shop) -> None:
    long_ago = NOW - duplicates.RECENT - timedelta(days=1)
    other = OrderFactory(shop=shop, customer=order.customer)
    case("withdrawn", order=other, now=long_ago)
    about = case("withdrawn", order=order, now=long_ago)
    assert list(reasons(near(agent, shop, order=order))) == [about]


def test_for_a_registered_complaint_only_open_others_are_named(
    order: Order, agent: Any, case: Callable[..., Any]
) -> None:
    complaint, second = case("new", order=order), case("new", order=order)
    case("withdrawn", order=order)
    subject = matters.subject_of_complaint(complaint)
    found = duplicates.near_to(agent, complaint, subject=subject, now=NOW)
    assert reasons(found) == {second: [duplicates.SAME_ORDER]}


def test_near_matches_take_the_same_few_queries_however_many_there_are(
    order: Order, agent: Any, case: Callable[..., Any], shop: Shop
) -> None:
    def queries() -> int:
        subject = matters.subject_of(shop, customer=order.customer, order=order)
        typed = Typed(subject=subject, platform=shop.platform, title="书桌桌面划痕")
        exact = matters.holder(subject, now=NOW)
        with CaptureQueriesContext(connection) as captured:
            shown = duplicates.near(agent, typed, now=NOW, exact=exact)
        assert len(shown) <= duplicates.SHOWN
        return len(captured)

    case("new", order=order)
    queries()
    few = queries()
    for _n in range(8):
        case("new", order=OrderFactory(shop=shop, customer=order.customer))
        case("new", order=OrderFactory(shop=shop))
    assert queries() == few <= 9
