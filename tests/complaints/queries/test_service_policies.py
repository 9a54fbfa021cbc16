"""Which terms a case and a page go by: those of the moment, the shop's own before the common ones."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from complaints.models import Shop, WorkCalendar
from complaints.queries import service_policies
from complaints.queries.service_policies import terms_of
from knowledge.models import ServicePolicyVersion
from tests.factories.service_policies import published

DAY = timedelta(days=1)


@pytest.fixture
def matter(case: Callable[..., Any], now: Any) -> Callable[[str], Any]:
    """`matter("returns")`: that line of the terms of a case whose order was placed ten days ago."""
    complaint = case("accepted")
    complaint.order.placed_at = now - 10 * DAY
    complaint.order.save()

    def read(kind: str) -> Any:
        return next(one for one in terms_of(complaint, now=now).matters if one.kind == kind)

    return read


def default(kind: str) -> ServicePolicyVersion:
    return ServicePolicyVersion.objects.get(policy__kind=kind, policy__shop_ref=None, number=1)


def test_the_terms_of_an_order_are_those_of_its_moment(matter: Any, now: Any) -> None:
    assert (matter("returns").version, matter("returns").changed) == (default("returns"), False)
    newer = published("returns", since=now - 9 * DAY)
    assert (matter("returns").version, matter("returns").today) == (default("returns"), newer)
    assert matter("returns").changed
    at_that_moment = published("returns", since=now - 10 * DAY)
    assert matter("returns").version == at_that_moment


def test_a_shops_own_terms_go_first_and_those_of_another_shop_do_not_count(matter: Any, shop: Shop, now: Any) -> None:
    other = Shop.objects.create(code="jd", name="京东店", platform="jd")
    published("returns", since=now - 20 * DAY, shop=other)
    assert matter("returns").version == default("returns")
    own = published("returns", since=now - 20 * DAY, shop=shop, until=now - DAY)
    assert (matter("returns").version, matter("returns").today) == (own, default("returns"))
    assert matter("returns").changed


def test_terms_to_come_change_nothing_yet(matter: Any, now: Any) -> None:
    published("returns", since=now + DAY)
    assert not matter("returns").changed


def test_without_a_time_of_order_the_receipt_counts_and_that_is_told(case: Callable[..., Any], now: Any) -> None:
    complaint = case("accepted")
    complaint.order.placed_at = None
    terms = terms_of(complaint, now=now)
    assert (terms.at, terms.ordered) == (complaint.received_at, False)
    complaint.order.placed_at = now - DAY
    terms = terms_of(complaint, now=now)
    assert (terms.at, terms.ordered) == (now - DAY, True)


def test_what_was_not_published_then_is_told_and_what_never_was_is_left_out(
    matter: Any, case: Callable[..., Any], now: Any
) -> None:
    ServicePolicyVersion.objects.filter(policy__kind="warranty", status="published").update(
        status="retired", ended_at=default("warranty").effective_from
    )
    published("warranty", since=now - DAY)
    assert matter("warranty").version is None
    assert not matter("warranty").changed


def test_it_takes_one_query_however_many_versions_there_are(
    case: Callable[..., Any], shop: Shop, now: Any, django_assert_num_queries: Any
) -> None:
    complaint = case("accepted")
    for n in range(20):
        published("returns", since=now - n * DAY, shop=shop)
        published("disputes", since=now - n * DAY)
    assert (complaint.order.shop_id, complaint.shop) == (shop.pk, shop)
    with django_assert_num_queries(1):
        own = [one.kind for one in terms_of(complaint, now=now).matters if one.today and one.today.own]
    assert own == ["returns"]
    with django_assert_num_queries(1):
        assert len(service_policies.matters(shop, at=now)) == 4
    with django_assert_num_queries(1):
        assert len(service_policies.history(shop, "returns")) == 21


def test_a_day_begins_in_the_zone_of_the_shops_calendar(shop: Shop) -> None:
    assert service_policies.zone_of(shop) == ZoneInfo("Asia/Shanghai")
    WorkCalendar.objects.create(name="默认", time_zone="Asia/Tokyo", is_default=True)
    assert service_policies.zone_of(shop) == service_policies.zone_of(None) == ZoneInfo("Asia/Tokyo")
    shop.calendar = WorkCalendar.objects.create(name="柏林", time_zone="Europe/Berlin")
    assert service_policies.zone_of(shop) == ZoneInfo("Europe/Berlin")
