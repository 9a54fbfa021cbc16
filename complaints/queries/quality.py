"""Drawn replies for the people who score them, are scored, or look at the scores."""

from dataclasses import dataclass, replace
from datetime import date
from hashlib import blake2b
from typing import Any

from django.db.models import F

from complaints.models import Contact, ReplyReview, ReviewPoint, ScriptUse
from complaints.models.quality import ReplyReviewQuerySet

PAGE = 50
COUNT_LIMIT = 100
NEXT_AMONG = 200
SCORE = "complaints.score_replyreview"
TEAM = "complaints.view_team_reviews"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the reader asked for; every value has been validated. Days are Mondays."""

    tab: str = "scored"
    first: date | None = None
    last: date | None = None
    agent: int | None = None
    shop: int | None = None
    script: int | None = None
    criterion: int | None = None
    after: int | None = None


@dataclass(frozen=True, slots=True)
class Page:
    rows: list[ReplyReview]
    has_next: bool


def tabs_of(user: Any) -> list[str]:
    """The lists that this person has, the one with work to do first."""
    if user.has_perm(SCORE):
        return ["waiting", "answers", "scored", "skipped", "mine"]
    return ["scored", "mine"] if user.has_perm(TEAM) else ["mine"]


def in_tab(user: Any, tab: str) -> ReplyReviewQuerySet:
    rows = ReplyReview.objects.visible_to(user)
    if tab == "mine":
        return rows.scored().filter(author=user)
    if tab == "answers":
        return rows.answered().exclude(author=user)
    return rows.filter(status=tab)


def counts(user: Any) -> dict[str, int]:
    """How many wait in the lists that are work, up to COUNT_LIMIT."""
    rows = {"mine": ReplyReview.objects.visible_to(user).unseen_by(user)}
    if user.has_perm(SCORE):
        rows |= {tab: in_tab(user, tab) for tab in ("waiting", "answers")}
    return {tab: found.order_by()[:COUNT_LIMIT].count() for tab, found in rows.items()}


def news(user: Any) -> int:
    """For the navigation: own scores with something new, and for an inspector the answers; one query."""
    rows = ReplyReview.objects.visible_to(user)
    found = rows.unseen_by(user)
    if user.has_perm(SCORE):
        found |= rows.answered().exclude(author=user)
    return int(found.order_by()[:COUNT_LIMIT].count())


def narrowed(rows: ReplyReviewQuerySet, wanted: Wanted) -> ReplyReviewQuerySet:
    """The rows of these weeks, this agent, shop, script; of a criterion those that lost points by it."""
    if wanted.first and wanted.last:
        rows = rows.of_weeks(wanted.first, wanted.last)
    if wanted.agent:
        rows = rows.filter(author=wanted.agent)
    if wanted.shop:
        rows = rows.filter(contact__complaint__shop=wanted.shop)
    if wanted.script:
        uses = ScriptUse.objects.filter(version__script=wanted.script)
        rows = rows.filter(contact__in=uses.values("contact"))
    if wanted.criterion:
        given = ReviewPoint.objects.filter(criterion__criterion=wanted.criterion)
        rows = rows.filter(pk__in=given.filter(points__lt=F("criterion__most")).values("review"))
    return rows


def page(user: Any, wanted: Wanted) -> Page:
    """One page, latest first; what waits in the order in which it is scored. A constant number of queries."""
    rows = narrowed(in_tab(user, wanted.tab), wanted)
    forward = wanted.tab == "waiting"
    if wanted.after:
        rows = rows.filter(**{"pk__gt" if forward else "pk__lt": wanted.after})
    related = rows.select_related("author", "inspector", "contact__complaint__shop")
    found = list(related.order_by("pk" if forward else "-pk")[: PAGE + 1])
    return Page(found[:PAGE], len(found) > PAGE)


def following(user: Any, review: ReplyReview, wanted: Wanted) -> int | None:
    """The next one to be scored, of the list that was asked for.

    Everybody takes them in an order of their own, so that two inspectors do not meet on one reply after the other.
    """
    rows = narrowed(in_tab(user, "waiting"), replace(wanted, after=None)).exclude(pk=review.pk).order_by("pk")
    ids = rows.values_list("pk", flat=True)[:NEXT_AMONG]
    return min(ids, key=lambda pk: blake2b(f"{user.pk}:{pk}".encode(), digest_size=8).digest(), default=None)


@dataclass(frozen=True, slots=True)
class Context:
    """What a reply was written on: the customer's words before it, and the scripts that it was made of."""

    before: Contact | None
    uses: list[ScriptUse]
    points: list[ReviewPoint]
    events: list[Any]


def review_for(user: Any, pk: int) -> ReplyReview | None:
    rows = ReplyReview.objects.visible_to(user).select_related(
        "author", "inspector", "week", "contact__complaint__shop", "contact__complaint__customer",
        "contact__complaint__issue_type__parent",
    )  # fmt: skip
    return rows.filter(pk=pk).first()


def context_of(review: ReplyReview) -> Context:
    """Four queries. The case is the one that the reply belongs to now, after merges and splits, too."""
    reply = review.contact
    heard = Contact.objects.filter(complaint=reply.complaint, direction=Contact.Direction.IN, at__lte=reply.at)
    points = review.points.select_related("criterion__criterion").order_by("criterion__position", "criterion_id")
    return Context(
        before=heard.order_by("-at", "-pk").first(),
        uses=list(reply.script_uses.select_related("version__script").order_by("pk")),
        points=list(points),
        events=list(review.events.select_related("actor")),
    )
