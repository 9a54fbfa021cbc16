"""Who reads what changed misses nothing: pages in the order of the last change, with a cursor of ours."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db.models import F

from complaints.intake.api.complaints import OVERLAP
from complaints.models import Complaint
from complaints.operations import conversation
from tests.factories.complaints import ComplaintFactory

pytestmark = pytest.mark.django_db


def walk(program: Any, limit: int, **filters: str) -> list[str]:
    numbers, cursor = [], None
    while True:
        page = program.get("/complaints", {"limit": limit} | filters | ({"cursor": cursor} if cursor else {}))
        assert page.status_code == 200, page.content
        numbers += [one["number"] for one in page.json()["items"]]
        cursor = page.json()["next"]
        if cursor is None:
            return numbers


def test_pages_have_no_gap_and_no_double_also_where_moments_are_equal(program: Any, shop: Any) -> None:
    numbers = [ComplaintFactory(shop=shop).number for _ in range(7)]
    ComplaintFactory()
    Complaint.objects.filter(number__in=numbers[2:6]).update(changed_at=Complaint.objects.earliest("pk").changed_at)

    assert sorted(walk(program, 2)) == sorted(numbers)


@pytest.mark.parametrize("microsecond", [0, 1, 1000, 120000])
def test_a_moment_is_compared_with_all_its_digits(microsecond: int, program: Any, shop: Any) -> None:
    numbers = [ComplaintFactory(shop=shop).number for _ in range(3)]
    Complaint.objects.update(changed_at=datetime(2026, 11, 20, 2, 0, 0, microsecond, tzinfo=UTC))

    assert walk(program, 1) == numbers


def test_each_change_moves_a_complaint_to_the_end(program: Any, case: Any, agent: Any, now: Any) -> None:
    first, second = case("new"), case("new")
    assert walk(program, 50) == [first.number, second.number]
    Complaint.objects.update(changed_at=F("changed_at") - timedelta(hours=1))

    conversation.receive(first.pk, "还在吗", channel="phone", actor=agent, now=now)

    assert walk(program, 50) == [second.number, first.number]
    since = (datetime.now(UTC) - timedelta(minutes=30)).isoformat()
    assert walk(program, 50, updated_since=since) == [first.number]


def test_one_that_changes_between_two_pages_comes_again_and_none_is_missed(program: Any, shop: Any) -> None:
    numbers = [ComplaintFactory(shop=shop).number for _ in range(4)]
    page = program.get("/complaints", {"limit": 2}).json()
    Complaint.objects.filter(number__in=numbers[:3]).update(changed_at=datetime(2099, 1, 1, tzinfo=UTC))
    rest = program.get("/complaints", {"limit": 50, "cursor": page["next"]}).json()

    assert [one["number"] for one in rest["items"]] == [numbers[3], *numbers[:3]]


def test_the_next_run_begins_some_minutes_before_the_first_page(program: Any, shop: Any) -> None:
    ComplaintFactory.create_batch(3, shop=shop)
    before = datetime.now(UTC)
    first = program.get("/complaints", {"limit": 1}).json()
    second = program.get("/complaints", {"limit": 1, "cursor": first["next"]}).json()

    assert first["updated_until"] == second["updated_until"]
    until = datetime.fromisoformat(first["updated_until"])
    assert before - OVERLAP - timedelta(minutes=1) < until < datetime.now(UTC) - OVERLAP + timedelta(minutes=1)


def test_a_cursor_is_good_for_its_own_question_alone(program: Any, shop: Any) -> None:
    ComplaintFactory.create_batch(2, shop=shop)
    cursor = program.get("/complaints", {"limit": 1}).json()["next"]
    for other in ({"status": "new"}, {"cursor": cursor[:-2] + "xx"}):
        assert program.get("/complaints", {"cursor": cursor} | other).status_code == 422


def test_a_page_costs_the_same_for_any_number_of_rows(program: Any, shop: Any, django_assert_num_queries: Any) -> None:
    from tests.factories.complaints import CustomerFactory

    program.get("/issue-types")  # writes down that the key was used
    ComplaintFactory(shop=shop, customer=CustomerFactory())
    for _more in range(2):
        with django_assert_num_queries(3):  # the key, the database's time, the rows
            assert program.get("/complaints").status_code == 200
        ComplaintFactory.create_batch(5, shop=shop, customer=CustomerFactory())
