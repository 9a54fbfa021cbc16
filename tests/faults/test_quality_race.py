"""Two inspectors at the same moment: one sample, one score; the other is told."""

from collections.abc import Callable
from typing import Any

import pytest

from complaints.models import ReplyReview, ReviewEvent, ReviewPoint, SampleWeek, Shop
from complaints.operations import reviews, sampling
from knowledge.models import CriterionVersion
from knowledge.operations import rubric
from tests.factories.complaints import NOW, ComplaintFactory
from tests.factories.quality import MONDAY, drawn, full, replies
from tests.faults.at_once import at_once

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def two(user_with: Callable[..., Any]) -> list[Any]:
    return [user_with("quality_inspector"), user_with("quality_inspector")]


def test_two_who_draw_at_once_draw_one_sample(shop: Shop, agent: Any, two: list[Any]) -> None:
    replies(ComplaintFactory(shop=shop), agent, 20)
    outcomes = at_once([
        lambda actor=actor: sampling.draw(MONDAY, per_agent=5, actor=actor, now=NOW) for actor in two
    ])  # fmt: skip
    assert [outcome.error for outcome in outcomes] == [None, None]
    assert sorted(outcome.result.added for outcome in outcomes) == [0, 5]
    assert (ReplyReview.objects.count(), SampleWeek.objects.count()) == (5, 1)


def test_of_two_who_score_at_once_one_wins(shop: Shop, agent: Any, two: list[Any]) -> None:
    review = drawn(ComplaintFactory(shop=shop), agent)
    points = [full(), full(time=0)]
    outcomes = at_once([
        lambda actor=actor, given=given: reviews.score(review.pk, given, "说明", version=1, actor=actor, now=NOW)
        for actor, given in zip(two, points, strict=True)
    ])  # fmt: skip
    assert [type(outcome.error) for outcome in outcomes if outcome.error] == [reviews.ReviewChanged]
    assert (ReviewPoint.objects.count(), ReviewEvent.objects.count()) == (6, 1)
    [winner] = [actor for actor, outcome in zip(two, outcomes, strict=True) if not outcome.error]
    assert ReplyReview.objects.get().inspector == winner


def test_a_score_and_a_change_of_the_rubric_at_once_leave_one_meaning(shop: Shop, agent: Any, two: list[Any]) -> None:
    review, given = drawn(ComplaintFactory(shop=shop), agent), full()
    time = CriterionVersion.objects.as_now().get(criterion__code="time")
    values = {name: getattr(time, name) for name in rubric.VALUES} | {"weight": 9}
    outcomes = at_once([
        lambda: reviews.score(review.pk, given, "", version=1, actor=two[0], now=NOW),
        lambda: rubric.change(time.criterion_id, values, seen=1, actor=two[1], now=NOW),
    ])  # fmt: skip
    assert outcomes[1].error is None
    assert outcomes[0].error is None or isinstance(outcomes[0].error, reviews.RubricChanged)
    assert ReviewPoint.objects.count() == (0 if outcomes[0].error else 6)


def test_two_managers_do_not_empty_the_rubric_together(content: None, two: list[Any]) -> None:
    found = list(CriterionVersion.objects.in_force())
    for one in found[2:]:
        rubric.change(one.criterion_id, off(one), seen=1, actor=two[0], now=NOW)
    outcomes = at_once([
        lambda one=one: rubric.change(one.criterion_id, off(one), seen=1, actor=two[0], now=NOW) for one in found[:2]
    ])  # fmt: skip
    assert [type(outcome.error) for outcome in outcomes if outcome.error] == [rubric.LastCriterion]
    assert CriterionVersion.objects.in_force().count() == 1


def off(one: CriterionVersion) -> dict[str, Any]:
    return {name: getattr(one, name) for name in rubric.VALUES} | {"active": False}
