"""Averages of scores: per agent, criterion, script and week, beside those of the weeks before."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import dropwhile
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Avg, Count, F, FloatField, Q, QuerySet
from django.db.models.functions import Cast

from complaints.models import ReplyReview, ReviewPoint, ScriptUse
from complaints.models.quality import ReplyReviewQuerySet
from complaints.models.staff import staff_name
from knowledge.models import CriterionVersion, ReplyScript

FEW = 3
"""Below so many scores an average says little and is marked."""

WEEK = timedelta(days=7)
WEEKS_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Weeks:
    """From the Monday of the first week to the Monday of the last."""

    first: date
    last: date

    @property
    def number(self) -> int:
        return (self.last - self.first) // WEEK + 1

    @property
    def sunday(self) -> date:
        return self.last + timedelta(days=6)

    def before(self) -> "Weeks":
        """As many weeks, right before."""
        return Weeks(self.first - self.number * WEEK, self.first - WEEK)


@dataclass(frozen=True, slots=True)
class Mean:
    n: int = 0
    percent: float | None = None

    @property
    def few(self) -> bool:
        return 0 < self.n < FEW

    @property
    def width(self) -> str:
        """Of a bar, in percent."""
        return f"{self.percent or 0:.1f}"


@dataclass(frozen=True, slots=True)
class Line:
    """One agent, criterion, script or week: now and before, and how far apart."""

    key: Any
    name: str
    now: Mean
    before: Mean

    @property
    def change(self) -> int | None:
        """In points of a percent; nothing where either average stands on few scores."""
        if min(self.now.n, self.before.n) < FEW or self.now.percent is None or self.before.percent is None:
            return None
        return _shown(self.now.percent) - _shown(self.before.percent)


def _shown(percent: float) -> int:
    """As the page rounds it: a half goes up."""
    return int(percent + 0.5)


@dataclass(frozen=True, slots=True)
class Figures:
    total: Line
    agents: list[Line]
    criteria: list[Line]
    scripts: list[Line]
    weeks: list[Line]


def figures(user: Any, weeks: Weeks, *, shop: int | None = None) -> Figures:
    """The averages of what this person may see; the same few queries however much there is."""
    rows = ReplyReview.objects.visible_to(user).scored().order_by()
    if shop:
        rows = rows.filter(contact__complaint__shop=shop)
    both = rows.of_weeks(weeks.before().first, weeks.last)
    agents = _means(both.values("author"), "author", weeks, "percent", "week")
    names = get_user_model().objects.in_bulk(agents)
    return Figures(
        total=_total(both, weeks),
        agents=_lines(agents, {pk: staff_name(person) for pk, person in names.items()}),
        criteria=_criteria(both, weeks),
        scripts=_scripts(both, weeks),
        weeks=_weeks(rows, weeks),
    )


def of_script(script: int, user: Any, *, today: date) -> Mean:
    """The average of replies made of a script, over the latest weeks; one query.

    Who keeps the scripts learns how each does everywhere, others of what they may see.
    """
    reviews = ReplyReview.objects.all()
    known = reviews if user.has_perm("knowledge.change_replyscript") else reviews.visible_to(user)
    rows = known.scored().filter(week__gt=today - WEEKS_SHOWN * WEEK)
    uses = ScriptUse.objects.filter(version__script=script, contact__review__in=rows.order_by().values("pk"))
    return Mean(**uses.aggregate(n=Count("pk"), percent=Avg("contact__review__percent")))


def _mean(path: Any, during: Q) -> dict[str, Any]:
    return {"n": Count("pk", filter=during), "percent": Avg(path, filter=during)}


def _span(weeks: Weeks, week: str) -> Q:
    return Q(**{f"{week}__gte": weeks.first, f"{week}__lte": weeks.last})


def _averages(weeks: Weeks, path: Any, week: str) -> dict[str, Any]:
    now, before = _mean(path, _span(weeks, week)), _mean(path, _span(weeks.before(), week))
    return {f"now_{name}": one for name, one in now.items()} | {f"before_{name}": one for name, one in before.items()}


def _means(grouped: QuerySet[Any, Any], key: str, weeks: Weeks, path: Any, week: str) -> dict[Any, tuple[Mean, Mean]]:
    """What is grouped by -> its averages now and before."""
    rows = grouped.annotate(**_averages(weeks, path, week)).order_by()
    return {row[key]: _pair(row) for row in rows}


def _pair(row: dict[str, Any]) -> tuple[Mean, Mean]:
    return Mean(row["now_n"], row["now_percent"]), Mean(row["before_n"], row["before_percent"])


def _lines(means: dict[Any, tuple[Mean, Mean]], names: dict[Any, str]) -> list[Line]:
    """Those with a score in the period, the weakest first; few scores come last, for they say little."""
    lines = [Line(key, names.get(key, "—"), *pair) for key, pair in means.items() if pair[0].n]
    return sorted(lines, key=lambda line: (line.now.few, line.now.percent or 0, line.name))


def _total(rows: ReplyReviewQuerySet, weeks: Weeks) -> Line:
    return Line(None, "", *_pair(rows.aggregate(**_averages(weeks, "percent", "week"))))


def _criteria(rows: ReplyReviewQuerySet, weeks: Weeks) -> list[Line]:
    """By criterion, whatever its versions; named as it is now, in the order of the rubric."""
    share = Cast(F("points"), FloatField()) * 100 / F("criterion__most")
    points = ReviewPoint.objects.filter(review__in=rows.values("pk")).values("criterion__criterion")
    means = _means(points, "criterion__criterion", weeks, share, "review__week")
    return [
        Line(one.criterion_id, one.label, *means[one.criterion_id])
        for one in CriterionVersion.objects.as_now()
        if one.criterion_id in means and means[one.criterion_id][0].n
    ]


def _scripts(rows: ReplyReviewQuerySet, weeks: Weeks) -> list[Line]:
    """A reply made of two scripts counts for both."""
    uses = ScriptUse.objects.filter(contact__review__in=rows.values("pk")).values("version__script")
    means = _means(uses, "version__script", weeks, "contact__review__percent", "contact__review__week")
    names = {script.pk: script.label for script in ReplyScript.objects.filter(pk__in=means)}
    return _lines(means, names)


def _weeks(rows: ReplyReviewQuerySet, weeks: Weeks) -> list[Line]:
    """From the first of the latest weeks with a score to the last that was asked for, each beside the week before."""
    mondays = [weeks.last - n * WEEK for n in range(WEEKS_SHOWN, -1, -1)]
    found = rows.of_weeks(mondays[0], mondays[-1]).values("week").annotate(n=Count("pk"), mean=Avg("percent"))
    means = {row["week"]: Mean(row["n"], row["mean"]) for row in found}
    pairs: Iterable[tuple[date, date]] = zip(mondays[1:], mondays, strict=False)
    lines = [Line(monday, "", means.get(monday, Mean()), means.get(earlier, Mean())) for monday, earlier in pairs]
    return list(dropwhile(lambda line: not line.now.n, lines))
