"""What inspectors and agents do about a drawn reply: score, leave out, correct, answer. Each with its history row."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from complaints.models import ReplyReview, ReviewEvent, ReviewPoint
from complaints.refusals import ReasonMissing, Refused
from knowledge.models import CriterionVersion

LENGTH = 2000
PERCENT, COMMENT = "percent", "comment"
"""Names of changes that are no criterion; no code of one is spelled like these."""

Kind, Status = ReviewEvent.Kind, ReplyReview.Status


class ReviewChanged(Refused):
    message = _("Somebody else has worked on this reply meanwhile. What you typed is still here: compare first.")


class OwnReply(Refused):
    message = _("You wrote this reply yourself. Another inspector has to score it.")


class NotYours(Refused):
    message = _("Only who wrote the reply can answer its score.")


class RubricChanged(Refused):
    message = _("The rubric was changed meanwhile. Look at the criteria once more and save again.")


class NoCriterion(Refused):
    message = _("There is no criterion to score by yet. A manager adds them under Knowledge, Scoring rubric.")


class PointsMissing(Refused):
    message = _("Give points for: %(names)s.")


class CommentMissing(Refused):
    message = _("No points for %(names)s: say in the comment what was missing.")


class NotScored(Refused):
    message = _("This reply has no score yet.")


class NothingCorrected(Refused):
    message = _("Nothing is different. To keep the score, answer the agent instead.")


class WordsMissing(Refused):
    message = _("Write your answer first.")


class WordsTooLong(Refused):
    message = _("The text has %(n)s characters; %(most)s are possible.")


class SaidAlready(Refused):
    message = _("Exactly this stands there already. It was not added twice.")


def score(
    review_id: int, points: Mapping[int, int], comment: str, *, version: int, actor: Any, now: datetime
) -> ReplyReview:
    """Score a reply by the rubric in force. `points`: id of a criterion's version -> points.

    Raises ReviewChanged, OwnReply, NoCriterion, RubricChanged, PointsMissing, CommentMissing, WordsTooLong.
    """
    with _locked(review_id, version=version, actor=actor) as review:
        if review.status == Status.SCORED:
            raise ReviewChanged
        rubric = list(CriterionVersion.objects.in_force())
        if not rubric:
            raise NoCriterion
        given = _check(rubric, points, comment)
        ReviewPoint.objects.bulk_create(
            [ReviewPoint(review=review, criterion=one, points=given[one.pk]) for one in rubric]
        )
        _decide(review, Status.SCORED, percent_of(rubric, given), comment, actor=actor, now=now)
        _record(review, Kind.SCORED, comment, {PERCENT: [None, review.percent]}, actor=actor, now=now)
    return review


def correct(
    review_id: int, points: Mapping[int, int], comment: str, *, reason: str, version: int, actor: Any, now: datetime
) -> ReplyReview:
    """Change a score with a reason, by the criteria by which it was given.

    Raises NotScored, ReasonMissing, NothingCorrected and as `score`.
    """
    with _locked(review_id, version=version, actor=actor) as review:
        if review.status != Status.SCORED:
            raise NotScored
        if not reason.strip():
            raise ReasonMissing
        rows = list(review.points.select_related("criterion__criterion"))
        rubric = [row.criterion for row in rows]
        given = _check(rubric, points, comment)
        percent = percent_of(rubric, given)
        changes = _changes(review, rows, given, comment)
        if not changes:
            raise NothingCorrected
        for row in rows:
            row.points = given[row.criterion_id]
        ReviewPoint.objects.bulk_update(rows, ["points"])
        changes[PERCENT] = [review.percent, percent]
        _decide(review, Status.SCORED, percent, comment, actor=actor, now=now)
        _record(review, Kind.CORRECTED, reason, changes, actor=actor, now=now)
    return review


def skip(review_id: int, reason: str, *, version: int, actor: Any, now: datetime) -> ReplyReview:
    """Leave a reply out of the sample; drawing again replaces it. Raises ReasonMissing, ReviewChanged, OwnReply."""
    with _locked(review_id, version=version, actor=actor) as review:
        if review.status != Status.WAITING:
            raise ReviewChanged
        if not reason.strip():
            raise ReasonMissing
        review.reason = _text(reason)[:300]
        _decide(review, Status.SKIPPED, None, "", actor=actor, now=now)
        _record(review, Kind.SKIPPED, review.reason, actor=actor, now=now)
    return review


def answer(review_id: int, text: str, *, version: int | None = None, actor: Any, now: datetime) -> ReviewEvent:
    """What the agent says to the score; an inspector reacts to it.

    Raises ReviewChanged, NotYours, NotScored, SaidAlready.
    """
    with _locked(review_id, version=version) as review:
        if review.author_id != actor.pk:
            raise NotYours
        event = _say(review, Kind.ANSWERED, text, actor=actor, now=now)
        review.answer_open, review.seen_at = True, review.seen_at or now
        _save(review)
    return event


def respond(review_id: int, text: str, *, version: int, actor: Any, now: datetime) -> ReviewEvent:
    """The inspector keeps the score and says why. Raises ReviewChanged, OwnReply, NotScored, SaidAlready."""
    with _locked(review_id, version=version, actor=actor) as review:
        event = _say(review, Kind.REPLIED, text, actor=actor, now=now)
        review.answer_open, review.seen_at = False, None
        _save(review)
    return event


def see(review_id: int, *, actor: Any, now: datetime) -> None:
    """The agent has read what is new; done already, nothing happens. Raises NotYours, NotScored."""
    with _locked(review_id) as review:
        if review.author_id != actor.pk:
            raise NotYours
        if review.status != Status.SCORED:
            raise NotScored
        if review.seen_at is None:
            review.seen_at = now
            review.save(update_fields=["seen_at"])
            _record(review, Kind.SEEN, actor=actor, now=now)


def percent_of(rubric: Sequence[CriterionVersion], points: Mapping[int, int]) -> int:
    """The share of all points that could be had, by weight; however many points a criterion has."""
    weight = sum(one.weight for one in rubric)
    return round(100 * sum(one.weight * points[one.pk] / one.most for one in rubric) / weight)


# ---------------------------------------------------------------- the steps behind them


@contextmanager
def _locked(review_id: int, *, version: int | None = None, actor: Any = None) -> Iterator[ReplyReview]:
    """The review, locked until the transaction ends; an inspector's, with the version that the form was shown with."""
    with transaction.atomic():
        review = ReplyReview.objects.select_for_update(no_key=True).get(pk=review_id)
        if actor is not None and review.author_id == actor.pk:
            raise OwnReply
        if version is not None and review.version != version:
            raise ReviewChanged
        yield review


def _check(rubric: Sequence[CriterionVersion], points: Mapping[int, int], comment: str) -> dict[int, int]:
    """The points of exactly these criteria."""
    known = {one.pk: one for one in rubric}
    if set(points) - set(known):
        raise RubricChanged
    if missing := [one for one in rubric if not 0 <= points.get(one.pk, -1) <= one.most]:
        raise PointsMissing(names=_names(missing))
    none = [one for one in rubric if points[one.pk] == 0]
    if none and not comment.strip():
        raise CommentMissing(names=_names(none))
    _text(comment)
    return dict(points)


def _changes(
    review: ReplyReview, rows: Sequence[ReviewPoint], given: Mapping[int, int], comment: str
) -> dict[str, list[Any]]:
    """What a correction makes different: code of the criterion, or `comment` -> [before, after]."""
    changes: dict[str, list[Any]] = {
        row.criterion.criterion.code: [row.points, given[row.criterion_id]]
        for row in rows
        if row.points != given[row.criterion_id]
    }
    if review.comment != comment.strip():
        changes[COMMENT] = [review.comment, comment.strip()]
    return changes


def _names(rubric: Sequence[CriterionVersion]) -> str:
    return "、".join(one.label for one in rubric)


def _text(text: str) -> str:
    if len(text.strip()) > LENGTH:
        raise WordsTooLong(n=len(text.strip()), most=LENGTH)
    return text.strip()


def _decide(review: ReplyReview, status: str, percent: int | None, comment: str, *, actor: Any, now: datetime) -> None:
    review.status, review.percent, review.comment = status, percent, comment.strip()
    review.inspector, review.decided_at, review.seen_at, review.answer_open = actor, now, None, False
    _save(review)


def _save(review: ReplyReview) -> None:
    review.version += 1
    review.save()


def _say(review: ReplyReview, kind: str, text: str, *, actor: Any, now: datetime) -> ReviewEvent:
    if review.status != Status.SCORED:
        raise NotScored
    words = _text(text)
    if not words:
        raise WordsMissing
    last = review.events.exclude(kind=Kind.SEEN).last()
    if last and (last.kind, last.actor_id, last.text) == (kind, actor.pk, words):
        raise SaidAlready
    return _record(review, kind, words, actor=actor, now=now)


def _record(
    review: ReplyReview,
    kind: str,
    text: str = "",
    changes: Mapping[str, Any] | None = None,
    *,
    actor: Any,
    now: datetime,
) -> ReviewEvent:
    return ReviewEvent.objects.create(
        review=review, kind=kind, actor=actor, at=now, text=text.strip(), changes=dict(changes or {})
    )
