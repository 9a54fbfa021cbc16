"""The page of one drawn reply: what it was written on, its score, and the steps that a person may take."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from complaints.models import ReplyReview, ReviewEvent, SampleDraw
from complaints.operations import reviews
from complaints.queries import quality
from knowledge import rendering
from knowledge.models import CriterionVersion
from knowledge.wording import difference

from . import review_lists
from .review_forms import AnswerForm, ScoreForm, SkipForm, week_words

PAGE = "admin:complaints_replyreview_change"
ANSWER = "complaints.answer_replyreview"
DRAWS_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Step:
    name: str
    permission: str
    form: Callable[[HttpRequest, ReplyReview], Any]
    perform: Callable[[int, Any, dict[str, Any]], Any]
    done: Callable[[], Any]


def _score_form(request: HttpRequest, review: ReplyReview) -> ScoreForm:
    return ScoreForm(request.POST, rubric=_rubric(review))


def _score(pk: int, form: Any, who: dict[str, Any]) -> Any:
    data = form.cleaned_data
    return reviews.score(pk, form.points, data["comment"], version=data["version"], **who)


def _correct(pk: int, form: Any, who: dict[str, Any]) -> Any:
    data = form.cleaned_data
    return reviews.correct(
        pk, form.points, data["comment"], reason=data["reason"], version=data["version"], **who
    )  # fmt: skip


def _respond(pk: int, form: Any, who: dict[str, Any]) -> Any:
    return reviews.respond(pk, form.cleaned_data["text"], version=form.cleaned_data["version"] or 0, **who)


STEPS = {
    step.name: step
    for step in (
        Step("score", quality.SCORE, _score_form, _score, lambda: _("Score saved.")),
        Step("correct", quality.SCORE, _score_form, _correct, lambda: _("Score corrected. It is new to the agent.")),
        Step(
            "skip", quality.SCORE, lambda request, review: SkipForm(request.POST, auto_id="skip_%s"),
            lambda pk, form, who: reviews.skip(
                pk, form.cleaned_data["reason"], version=form.cleaned_data["version"], **who
            ),
            lambda: _("Left out. Drawing again replaces it."),
        ),
        Step(
            "respond", quality.SCORE, lambda request, review: AnswerForm(request.POST, auto_id="respond_%s"),
            _respond, lambda: _("Answer sent. The score stays as it is."),
        ),
        Step(
            "answer", ANSWER, lambda request, review: AnswerForm(request.POST, auto_id="answer_%s"),
            lambda pk, form, who: reviews.answer(
                pk, form.cleaned_data["text"], version=form.cleaned_data.get("version"), **who
            ),
            lambda: _("Answer sent to the inspector."),
        ),
        Step(
            "see", ANSWER, lambda request, review: AnswerForm(request.POST),
            lambda pk, form, who: reviews.see(pk, **who), lambda: _("Noted that you have seen it."),
        ),
    )
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Forms:
    """Forms that were sent and refused; the others begin anew."""

    score: ScoreForm | None = None
    skip: SkipForm | None = None
    respond: AnswerForm | None = None
    answer: AnswerForm | None = None
    refused: bool = False

    @classmethod
    def with_refused(cls, step: Step, form: Any, request: HttpRequest, review: ReplyReview) -> "Forms":
        """What was typed, on what the reply has become meanwhile."""
        if isinstance(form, ScoreForm):
            form.rubric = _rubric(review)
            form.renew(review.version)
            return cls(score=form, refused=True)
        if "version" in form.data:
            form.data = form.data.copy()
            form.data["version"] = str(review.version)
        return cls(**({} if step.name == "see" else {step.name: form}), refused=True)


def context(request: HttpRequest, review: ReplyReview, forms: Forms) -> dict[str, Any]:
    """What the template shows; a constant number of queries."""
    user, around = request.user, quality.context_of(review)
    scored, own = review.status == ReplyReview.Status.SCORED, review.author_id == user.pk
    inspects = user.has_perm(quality.SCORE) and not own
    found = review_lists.wanted(request)
    given = {row.criterion_id: row.points for row in around.points}
    version = {"version": review.version}
    rubric = [row.criterion for row in around.points] if scored else _rubric(review)
    score = forms.score or ScoreForm(rubric=rubric, given=given, initial=version | {"comment": review.comment})
    return {
        "title": review.contact.complaint.number,
        "review": review,
        "reply": review.contact,
        "complaint": review.contact.complaint,
        "week": week_words(review.week_id),
        "before": around.before,
        "uses": [(use, _changed(use, review)) for use in around.uses],
        "points": [(row, row.criterion.anchor(row.points)) for row in around.points],
        "events": _history(around.events, rubric),
        "inspects": inspects,
        "answers": own and scored and user.has_perm(ANSWER),
        "score_form": score,
        "skip_form": forms.skip or SkipForm(initial=version, auto_id="skip_%s"),
        "respond_form": forms.respond or AnswerForm(initial=version, auto_id="respond_%s"),
        "answer_form": forms.answer or AnswerForm(initial=version, auto_id="answer_%s"),
        "query": request.GET.urlencode(),
        "back": review_lists.address(found),
        "draft": draft_key(user, review, "score"),
        "answer_draft": draft_key(user, review, "answer"),
    }


def draft_key(user: Any, review: ReplyReview, step: str) -> str:
    """Under what the browser keeps what is half typed: a score in one place, words in another; to see types nothing."""
    if step == "see":
        return ""
    kind = "score" if step in ("score", "correct", "skip") else "answer"
    return f"review-{kind}:{user.pk}:{review.pk}"


def latest_draws() -> list[tuple[SampleDraw, str]]:
    draws = SampleDraw.objects.select_related("actor", "shop")[:DRAWS_SHOWN]
    return [(draw, week_words(draw.week_id)) for draw in draws]


def _rubric(review: ReplyReview) -> list[CriterionVersion]:
    """By what this reply is scored: what is in force, or what its score was given by."""
    if review.status == ReplyReview.Status.SCORED:
        points = review.points.select_related("criterion__criterion")
        return [row.criterion for row in points.order_by("criterion__position", "criterion_id")]
    return list(CriterionVersion.objects.in_force())


def _changed(use: Any, review: ReplyReview) -> list[Any]:
    """The script's own words beside the reply, word by word; nothing when they were sent as they are."""
    if not use.percent_edited:
        return []
    return difference("".join(rendering.wording(use.version.text)), review.contact.body)


def _history(events: list[ReviewEvent], rubric: list[CriterionVersion]) -> list[ReviewEvent]:
    """What was done and said, each with its words."""
    names = {one.criterion.code: one.label for one in rubric}
    names |= {reviews.PERCENT: _("score"), reviews.COMMENT: _("comment")}
    for event in events:
        event.words = event.get_kind_display()
        event.lines = [
            (names.get(name, name), old, new)
            for name, (old, new) in event.changes.items()
            if event.kind == ReviewEvent.Kind.CORRECTED and old != new
        ]
    return events
