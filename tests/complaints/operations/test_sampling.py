"""Which replies are drawn: at random and again the same, never twice, never more than asked."""

from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from complaints.models import Contact, ReplyReview, SampleDraw, SampleWeek, Shop
from complaints.operations import reviews, sampling
from tests.factories.complaints import NOW, ComplaintFactory, ContactFactory
from tests.factories.quality import IN_WEEK, MONDAY, drawn, replies


@pytest.fixture
def inspector(user_with: Callable[..., Any]) -> Any:
    return user_with("quality_inspector", shops=[])


def draw(inspector: Any, **values: Any) -> sampling.Drawn:
    return sampling.draw(MONDAY, **{"per_agent": 5, "actor": inspector, "now": NOW} | values)


def test_so_many_of_each_agent_are_drawn_and_all_of_who_wrote_less(
    shop: Shop, agent: Any, inspector: Any, user_with: Callable[..., Any]
) -> None:
    complaint, other = ComplaintFactory(shop=shop), user_with("agent")
    replies(complaint, agent, 12)
    replies(complaint, other, 2)
    assert draw(inspector) == sampling.Drawn(added=7, agents=2, short=1)
    assert Counter(ReplyReview.objects.values_list("author", flat=True)) == {agent.pk: 5, other.pk: 2}
    record = SampleDraw.objects.get()
    assert (record.actor, record.at, record.added, record.per_agent) == (inspector, NOW, 7, 5)


def test_drawing_again_adds_nothing_and_more_goes_on_in_the_same_order(shop: Shop, agent: Any, inspector: Any) -> None:
    replies(ComplaintFactory(shop=shop), agent, 12)
    draw(inspector)
    first = set(ReplyReview.objects.values_list("contact", flat=True))
    assert draw(inspector).added == 0
    assert draw(inspector, per_agent=8).added == 3
    assert first < set(ReplyReview.objects.values_list("contact", flat=True))
    assert SampleWeek.objects.count() == 1


def test_the_same_seed_draws_the_same_and_another_one_others(shop: Shop, agent: Any, inspector: Any) -> None:
    replies(ComplaintFactory(shop=shop), agent, 30)
    found = []
    for seed in ("a", "a", "b"):
        with transaction.atomic():
            SampleWeek.objects.create(monday=MONDAY, seed=seed)
            draw(inspector)
            found.append(list(ReplyReview.objects.order_by("pk").values_list("contact", flat=True)))
            transaction.set_rollback(True)
    assert found[0] == found[1]
    assert set(found[0]) != set(found[2])


def test_every_reply_has_the_same_chance() -> None:
    """Of twenty, five by each of 4,000 seeds: each is expected 1,000 times, with a deviation of about 27."""
    taken = Counter(
        reply
        for seed in range(4000)
        for reply in sorted(range(20), key=lambda reply: sampling._place(str(seed), reply))[:5]
    )
    assert all(abs(taken[reply] - 1000) < 120 for reply in range(20))


def test_only_what_people_wrote_to_customers_in_that_week_is_drawn(shop: Shop, agent: Any, inspector: Any) -> None:
    complaint = ComplaintFactory(shop=shop)
    begin = NOW.replace(month=11, day=8, hour=16, minute=0)
    [first, last] = [replies(complaint, agent, 1, at=at)[0] for at in (begin, begin + timedelta(days=7, seconds=-1))]
    for at in (begin - timedelta(seconds=1), begin + timedelta(days=7)):
        replies(complaint, agent, 1, at=at)
    ContactFactory(complaint=complaint, at=IN_WEEK, author=agent)
    ContactFactory(complaint=complaint, at=IN_WEEK, author=agent, internal=True)
    ContactFactory(complaint=complaint, at=IN_WEEK, acknowledgement=True, author=agent)
    ContactFactory(complaint=complaint, at=IN_WEEK, reply=True, author=None)
    for purpose in ("notice", "apology_call", "callback"):
        replies(complaint, agent, 1, purpose=purpose)
    assert draw(inspector, per_agent=50).added == 2
    assert set(ReplyReview.objects.values_list("contact", flat=True)) == {first.pk, last.pk}


def test_what_was_left_out_is_replaced(shop: Shop, agent: Any, inspector: Any) -> None:
    replies(ComplaintFactory(shop=shop), agent, 8)
    draw(inspector)
    gone = ReplyReview.objects.earliest("pk")
    reviews.skip(gone.pk, "只有表情", version=1, actor=inspector, now=NOW)
    assert draw(inspector).added == 1
    assert ReplyReview.objects.exclude(status="skipped").count() == 5


def test_one_shop_is_drawn_by_itself(shop: Shop, agent: Any, inspector: Any) -> None:
    other = Shop.objects.create(code="jd", name="京东店", platform="jd")
    replies(ComplaintFactory(shop=shop), agent, 8)
    replies(ComplaintFactory(shop=other), agent, 8)
    assert draw(inspector, shop=other, per_agent=3).added == 3
    assert set(ReplyReview.objects.values_list("contact__complaint__shop", flat=True)) == {other.pk}
    assert draw(inspector, per_agent=3).added == 0
    assert draw(inspector, shop=shop, per_agent=3).added == 3


def test_who_sees_one_shop_draws_of_that_one_alone(shop: Shop, agent: Any, user_with: Callable[..., Any]) -> None:
    other = Shop.objects.create(code="jd", name="京东店", platform="jd")
    replies(ComplaintFactory(shop=other), agent, 3)
    [own] = replies(ComplaintFactory(shop=shop), agent, 1)
    assert draw(user_with("team_lead")).added == 1
    assert ReplyReview.objects.get().contact == own


@pytest.mark.parametrize("monday", [date(2026, 11, 16), date(2026, 11, 20), date(2026, 12, 7)])
def test_a_week_that_is_not_over_is_refused(monday: date, inspector: Any) -> None:
    with pytest.raises(sampling.WeekNotOver):
        sampling.draw(monday, per_agent=5, actor=inspector, now=NOW)
    assert not SampleDraw.objects.exists()


@pytest.mark.parametrize("number", [0, -1, 51])
def test_odd_numbers_are_refused(number: int, inspector: Any) -> None:
    with pytest.raises(sampling.OutOfRange):
        draw(inspector, per_agent=number)


def test_a_reply_is_in_one_sample_at_most(shop: Shop, agent: Any) -> None:
    review = drawn(ComplaintFactory(shop=shop), agent)
    with pytest.raises(IntegrityError), transaction.atomic():
        ReplyReview.objects.create(contact=review.contact, week=review.week, author=agent)


def test_many_replies_take_the_same_few_queries(shop: Shop, agent: Any, inspector: Any) -> None:
    complaint = ComplaintFactory(shop=shop)
    Contact.objects.bulk_create(
        Contact(complaint=complaint, direction="out", body="好", author=agent, at=IN_WEEK) for _ in range(3000)
    )
    with CaptureQueriesContext(connection) as taken:
        draw(inspector)
    assert len(taken) <= 14
    assert not any("RANDOM" in query["sql"].upper() for query in taken)
