"""A score is given by somebody else, keeps its criteria, is answered and corrected, and nothing of it is lost."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from hypothesis import given
from hypothesis import strategies as st

from complaints.models import ReplyReview, ReviewEvent, Shop
from complaints.operations import reviews
from complaints.refusals import ReasonMissing
from knowledge.models import Criterion, CriterionVersion
from knowledge.operations import rubric
from tests.factories.complaints import NOW, ComplaintFactory
from tests.factories.quality import drawn, full, scored


@pytest.fixture
def inspector(user_with: Callable[..., Any]) -> Any:
    return user_with("quality_inspector", shops=[])


@pytest.fixture
def review(shop: Shop, agent: Any) -> ReplyReview:
    return drawn(ComplaintFactory(shop=shop), agent)


def score(review: ReplyReview, inspector: Any, points: dict[int, int], comment: str = "") -> ReplyReview:
    return reviews.score(review.pk, points, comment, version=review.version, actor=inspector, now=NOW)


def current(review: ReplyReview) -> ReplyReview:
    return ReplyReview.objects.get(pk=review.pk)


# ---------------------------------------------------------------- scoring


def test_a_score_is_the_share_of_the_points_by_weight(review: ReplyReview, inspector: Any) -> None:
    score(review, inspector, full(empathy=1, wording=0), "有错别字")
    found = current(review)
    assert (found.percent, found.status, found.inspector, found.comment) == (80, "scored", inspector, "有错别字")
    assert (found.seen_at, found.decided_at, found.points.count()) == (None, NOW, 6)
    event = found.events.get()
    assert (event.kind, event.actor, event.text, event.changes) == (
        "scored",
        inspector,
        "有错别字",
        {"percent": [None, 80]},
    )


@given(st.lists(st.tuples(st.integers(1, 10), st.integers(1, 4), st.integers(0, 4)), min_size=1, max_size=9))
def test_a_percentage_is_between_nothing_and_all(drawn: list[tuple[int, int, int]]) -> None:
    rubric = [CriterionVersion(pk=pk, weight=weight, most=most) for pk, (weight, most, _points) in enumerate(drawn)]
    some = {pk: min(points, most) for pk, (_weight, most, points) in enumerate(drawn)}
    assert 0 <= reviews.percent_of(rubric, some) <= 100
    assert reviews.percent_of(rubric, {one.pk: one.most for one in rubric}) == 100
    assert reviews.percent_of(rubric, {one.pk: 0 for one in rubric}) == 0


def test_nothing_is_scored_without_all_points(review: ReplyReview, inspector: Any) -> None:
    points = full()
    first = CriterionVersion.objects.in_force()[0]
    for wrong in ({**points, first.pk: 3}, {**points, first.pk: -1}, {pk: 1 for pk in points if pk != first.pk}, {}):
        with pytest.raises(reviews.PointsMissing, match=first.name):
            score(review, inspector, wrong)
    assert current(review).status == "waiting"


def test_no_points_need_a_comment(review: ReplyReview, inspector: Any) -> None:
    with pytest.raises(reviews.CommentMissing, match="时限"):
        score(review, inspector, full(time=0), "  ")
    score(review, inspector, full(time=0), "没有时间")


def test_a_comment_has_its_length(review: ReplyReview, inspector: Any) -> None:
    with pytest.raises(reviews.WordsTooLong, match="2001"):
        score(review, inspector, full(), "长" * 2001)


def test_nobody_scores_the_own_reply(shop: Shop, agent: Any, inspector: Any) -> None:
    own = drawn(ComplaintFactory(shop=shop), inspector)
    for attempt in (
        lambda: score(own, inspector, full()),
        lambda: reviews.skip(own.pk, "x", version=1, actor=inspector, now=NOW),
        lambda: reviews.correct(own.pk, full(), "", reason="x", version=1, actor=inspector, now=NOW),
        lambda: reviews.respond(own.pk, "x", version=1, actor=inspector, now=NOW),
    ):
        with pytest.raises(reviews.OwnReply):
            attempt()
    assert current(own).version == 1


def test_the_second_inspector_is_told(review: ReplyReview, inspector: Any, user_with: Callable[..., Any]) -> None:
    score(review, inspector, full())
    with pytest.raises(reviews.ReviewChanged):
        score(review, user_with("quality_inspector"), full(empathy=0), "不同意")
    with pytest.raises(reviews.ReviewChanged):
        reviews.skip(review.pk, "x", version=1, actor=inspector, now=NOW)
    with pytest.raises(reviews.ReviewChanged):
        reviews.score(review.pk, full(), "", version=2, actor=inspector, now=NOW)
    assert (current(review).percent, review.events.count()) == (100, 1)


def test_a_rubric_that_changed_meanwhile_is_looked_at_again(review: ReplyReview, inspector: Any, agent: Any) -> None:
    points = full()
    change(Criterion.objects.get(code="time"), agent, weight=3)
    with pytest.raises(reviews.RubricChanged):
        score(review, inspector, points)
    score(review, inspector, full())


def change(criterion: Criterion, actor: Any, **values: Any) -> None:
    latest = CriterionVersion.objects.as_now().get(criterion=criterion)
    old = {name: getattr(latest, name) for name in rubric.VALUES}
    rubric.change(criterion.pk, old | values, seen=latest.number, actor=actor, now=NOW)


def test_without_a_rubric_nothing_is_scored(
    review: ReplyReview, inspector: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(CriterionVersion.objects), "in_force", lambda rows: rows.none())
    with pytest.raises(reviews.NoCriterion):
        score(review, inspector, {})


def test_a_reply_is_left_out_with_a_reason_and_may_be_scored_after_all(review: ReplyReview, inspector: Any) -> None:
    with pytest.raises(ReasonMissing):
        reviews.skip(review.pk, " ", version=1, actor=inspector, now=NOW)
    reviews.skip(review.pk, "不是答复", version=1, actor=inspector, now=NOW)
    assert (current(review).status, current(review).reason) == ("skipped", "不是答复")
    score(current(review), inspector, full())
    assert [event.kind for event in review.events.all()] == ["skipped", "scored"]


# ---------------------------------------------------------------- answering, correcting


def test_agent_and_inspector_talk_about_a_score(shop: Shop, agent: Any, inspector: Any) -> None:
    review = scored(ComplaintFactory(shop=shop), agent, inspector, time=1)
    reviews.answer(review.pk, "客户没有要时间", actor=agent, now=NOW)
    found = current(review)
    assert (found.answer_open, found.seen_at) == (True, NOW)
    reviews.respond(review.pk, "首次答复都要写时间", version=found.version, actor=inspector, now=NOW)
    found = current(review)
    assert (found.answer_open, found.seen_at) == (False, None)
    reviews.answer(review.pk, "明白了", actor=agent, now=NOW)
    assert [event.kind for event in review.events.all()] == ["scored", "answered", "replied", "answered"]


def test_an_answer_that_came_meanwhile_is_not_passed_over(shop: Shop, agent: Any, inspector: Any) -> None:
    review = scored(ComplaintFactory(shop=shop), agent, inspector, time=1)
    reviews.answer(review.pk, "还有话说", actor=agent, now=NOW)
    with pytest.raises(reviews.ReviewChanged):
        reviews.respond(review.pk, "好", version=review.version, actor=inspector, now=NOW)
    assert current(review).answer_open


@pytest.mark.parametrize(
    ("text", "refusal"), [("", reviews.WordsMissing), (" ", reviews.WordsMissing), ("长" * 2001, reviews.WordsTooLong)]
)
def test_an_answer_says_something(text: str, refusal: Any, shop: Shop, agent: Any, inspector: Any) -> None:
    review = scored(ComplaintFactory(shop=shop), agent, inspector)
    with pytest.raises(refusal):
        reviews.answer(review.pk, text, actor=agent, now=NOW)


def test_a_button_pressed_twice_says_it_once(shop: Shop, agent: Any, inspector: Any) -> None:
    review = scored(ComplaintFactory(shop=shop), agent, inspector)
    reviews.answer(review.pk, "谢谢", actor=agent, now=NOW)
    with pytest.raises(reviews.SaidAlready):
        reviews.answer(review.pk, "谢谢 ", actor=agent, now=NOW)
    assert review.events.filter(kind="answered").count() == 1


def test_only_the_writer_answers_and_sees(
    review: ReplyReview, agent: Any, inspector: Any, user_with: Callable[..., Any]
) -> None:
    with pytest.raises(reviews.NotScored):
        reviews.answer(review.pk, "x", actor=agent, now=NOW)
    with pytest.raises(reviews.NotScored):
        reviews.see(review.pk, actor=agent, now=NOW)
    score(review, inspector, full())
    for attempt in (
        lambda: reviews.answer(review.pk, "x", actor=user_with("team_lead"), now=NOW),
        lambda: reviews.see(review.pk, actor=user_with("team_lead"), now=NOW),
    ):
        with pytest.raises(reviews.NotYours):
            attempt()


def test_a_score_is_seen_once(shop: Shop, agent: Any, inspector: Any) -> None:
    review = scored(ComplaintFactory(shop=shop), agent, inspector)
    for _ in range(2):
        reviews.see(review.pk, actor=agent, now=NOW)
    assert current(review).seen_at == NOW
    assert review.events.filter(kind="seen").count() == 1


def test_a_correction_keeps_the_criteria_and_says_what_was(shop: Shop, agent: Any, inspector: Any) -> None:
    review = scored(ComplaintFactory(shop=shop), agent, inspector, time=1)
    points = {row.criterion_id: row.points for row in review.points.all()}
    old = CriterionVersion.objects.in_force().get(criterion__code="time")
    change(old.criterion, agent, name="新的名字", weight=9)
    reviews.answer(review.pk, "写了时间", actor=agent, now=NOW)
    found = reviews.correct(
        review.pk,
        points | {old.pk: 2},
        "清楚",
        reason="看漏了",
        version=current(review).version,
        actor=inspector,
        now=NOW,
    )
    assert (found.percent, found.answer_open, found.seen_at) == (100, False, None)
    event = review.events.latest("pk")
    assert (event.kind, event.text) == ("corrected", "看漏了")
    assert event.changes == {"time": [1, 2], "percent": [90, 100]}
    assert review.points.get(criterion=old).points == 2
    assert review.points.get(criterion=old).criterion.name == "时限"


def test_a_correction_needs_a_reason_and_a_difference(shop: Shop, agent: Any, inspector: Any) -> None:
    review = scored(ComplaintFactory(shop=shop), agent, inspector)
    who = {"version": review.version, "actor": inspector, "now": NOW}
    with pytest.raises(ReasonMissing):
        reviews.correct(review.pk, full(time=1), "清楚", reason=" ", **who)
    with pytest.raises(reviews.NothingCorrected):
        reviews.correct(review.pk, full(), "清楚", reason="再看", **who)
    with pytest.raises(reviews.CommentMissing):
        reviews.correct(review.pk, full(time=0), "", reason="再看", **who)
    reviews.correct(review.pk, full(), "很清楚", reason="改评语", **who)
    assert review.events.latest("pk").changes == {"comment": ["清楚", "很清楚"], "percent": [100, 100]}


def test_what_waits_is_not_corrected(review: ReplyReview, inspector: Any) -> None:
    with pytest.raises(reviews.NotScored):
        reviews.correct(review.pk, full(), "", reason="x", version=1, actor=inspector, now=NOW)


# ---------------------------------------------------------------- what the database keeps


def test_the_history_of_a_score_is_append_only(shop: Shop, agent: Any, inspector: Any) -> None:
    review = scored(ComplaintFactory(shop=shop), agent, inspector)
    event = ReviewEvent.objects.get(review=review)
    event.text = "改写"
    for attempt in (event.save, event.delete, ReviewEvent.objects.all().delete):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            attempt()


def test_a_score_has_a_percentage_and_nothing_else_has(review: ReplyReview) -> None:
    for values in ({"status": "scored"}, {"percent": 50}, {"status": "scored", "percent": 101}):
        with pytest.raises(DatabaseError), transaction.atomic():
            ReplyReview.objects.filter(pk=review.pk).update(**values)
