"""Forms about the scores of replies: draw, score, leave out, answer."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django import forms
from django.core.validators import MinValueValidator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from complaints.models import Shop
from complaints.operations import sampling
from complaints.operations.reviews import LENGTH
from knowledge.models import CriterionVersion

WEEKS_OFFERED = 8
WEEKS_KEPT = 52 * 10
"""Nobody looks further back, and a year can be misspelt."""

_FIELD = re.compile(r"c(\d{1,18})", re.ASCII)
_POINTS = re.compile(r"\d{1,2}", re.ASCII)


def week_words(monday: date) -> str:
    """A week as people say it, with its days."""
    year, number, _day = monday.isocalendar()
    sunday = date.fromordinal(monday.toordinal() + 6)
    names = {"year": year, "n": number, "first": f"{monday:%m-%d}", "last": f"{sunday:%m-%d}"}
    return _("%(year)s week %(n)s (%(first)s – %(last)s)") % names


class DrawForm(forms.Form):
    """From which week, of which shop, how many replies of each agent."""

    week = forms.DateField(label=gettext_lazy("Week"), widget=forms.Select)
    shop = forms.ModelChoiceField(
        label=gettext_lazy("Shop"), queryset=Shop.objects.none(), required=False,
        empty_label=gettext_lazy("All shops"),
    )  # fmt: skip
    per_agent = forms.IntegerField(
        label=gettext_lazy("Replies per agent"), min_value=1, max_value=sampling.MOST, initial=sampling.USUAL
    )

    def __init__(self, *args: Any, user: Any, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        last = sampling.last_week(now)
        mondays = [last - n * sampling.WEEK for n in range(WEEKS_OFFERED)]
        self.fields["week"].validators.append(MinValueValidator(last - WEEKS_KEPT * sampling.WEEK))
        self.fields["week"].initial = last
        self.fields["week"].widget.choices = [(monday.isoformat(), week_words(monday)) for monday in mondays]
        self.fields["shop"].queryset = Shop.objects.visible_to(user)


@dataclass(frozen=True, slots=True)
class Choice:
    points: int
    words: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Row:
    """One criterion with what may be chosen."""

    criterion: CriterionVersion
    name: str
    choices: list[Choice]


class ScoreForm(forms.Form):
    """Points for each criterion (fields `c<id of its version>`) and a comment; to correct one, the reason as well."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
    comment = forms.CharField(
        label=pgettext_lazy("on a score", "Comment"),
        required=False,
        max_length=LENGTH,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    reason = forms.CharField(
        label=gettext_lazy("Why the score is corrected"), required=False, max_length=LENGTH,
        widget=forms.Textarea(attrs={"rows": 2}),
    )  # fmt: skip

    def __init__(
        self, *args: Any, rubric: Sequence[CriterionVersion], given: Mapping[int, int] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.rubric, self.given = rubric, dict(given or {})

    @property
    def points(self) -> dict[int, int]:
        """What was chosen, as it was sent; whether it is enough is for the operation to say."""
        pairs = ((_FIELD.fullmatch(name), str(value)) for name, value in self.data.items())
        return {int(name[1]): int(value) for name, value in pairs if name and _POINTS.fullmatch(value)}

    @property
    def rows(self) -> list[Row]:
        chosen = self.points if self.is_bound else self.given
        return [
            Row(one, f"c{one.pk}", [Choice(n, words, chosen.get(one.pk) == n) for n, words in one.choices])
            for one in self.rubric
        ]

    def renew(self, version: int) -> None:
        """What was typed, on what the reply has become meanwhile."""
        typed = self.data.copy()
        typed["version"] = str(version)
        self.data = typed


class SkipForm(forms.Form):
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
    reason = forms.CharField(label=gettext_lazy("Why it is not suitable"), max_length=300, required=False)


class AnswerForm(forms.Form):
    """What the agent or the inspector says; an inspector's carries the version that was looked at."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1, required=False)
    text = forms.CharField(
        label=gettext_lazy("Answer"), required=False, max_length=LENGTH, widget=forms.Textarea(attrs={"rows": 3})
    )
