"""The forms of a service policy: its terms, for which shop and matter it is new, and from when it holds."""

from datetime import date, datetime, time
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext_lazy, pgettext_lazy

from complaints.models import Shop
from knowledge.models import ServicePolicy
from knowledge.operations.service_policies import LENGTH, TERMS, TEXTS, OtherLanguageOld
from knowledge.operations.versions import DraftChanged
from knowledge.refusals import Refused


def _wide(language: str) -> forms.Textarea:
    return forms.Textarea({"rows": 18, "maxlength": LENGTH, "class": "script-text", "lang": language})


def _day() -> forms.DateInput:
    return forms.DateInput({"type": "date"}, "%Y-%m-%d")


class Typed(NamedTuple):
    """Both texts as they stand in the form."""

    text: str
    text_en: str


class TermsForm(forms.Form):
    """The draft. What is wrong with the text is said by the operation."""

    fields: dict[str, Any]
    refusal: Refused | None = None

    text = forms.CharField(
        label=gettext_lazy("Chinese text"), required=False, strip=False, widget=_wide("zh-hans")
    )  # fmt: skip
    text_en = forms.CharField(
        label=gettext_lazy("English text"), required=False, strip=False, widget=_wide("en")
    )  # fmt: skip
    sources = forms.CharField(label=gettext_lazy("Legal basis"), required=False, max_length=500)
    reviewed_on = forms.DateField(label=gettext_lazy("Checked against the law on"), required=False, widget=_day())
    stays = forms.ChoiceField(choices=TEXTS.items(), required=False)
    """The text of which was ticked that it stays as it was."""
    seen = forms.CharField(widget=forms.HiddenInput, required=False, max_length=40)

    def clean_text(self) -> str:
        return _one_line_end(self.cleaned_data["text"])

    def clean_text_en(self) -> str:
        return _one_line_end(self.cleaned_data["text_en"])

    def terms(self) -> dict[str, Any]:
        """What was typed, as the operations take it; call after `is_valid()`."""
        return {name: self.cleaned_data[name] for name in TERMS}

    def typed(self) -> Typed:
        """The two texts, whatever is wrong with the form."""
        return Typed(*(_one_line_end(self[name].value() or "") for name in TEXTS))

    def refuse(self, refusal: Refused) -> None:
        """Say it where something can be done about it."""
        self.refusal = refusal
        field = "stays" if isinstance(refusal, OtherLanguageOld) else getattr(refusal, "field", "text")
        self.add_error(field, refusal.text)

    def renewed(self, draft: Any) -> bool:
        """Whether somebody else was quicker; the form then goes by what is stored now, shown beside it."""
        if not isinstance(self.refusal, DraftChanged):
            return False
        self.data = {**self.data.dict(), "seen": draft.mark if draft else ""}
        return True


class NewPolicyForm(TermsForm):
    kind = forms.ChoiceField(label=gettext_lazy("Matter"), choices=ServicePolicy.Kind.choices)
    shop = forms.ModelChoiceField(
        label=pgettext_lazy("field", "Shop"), queryset=Shop.objects.none(), required=False,
        empty_label=gettext_lazy("All shops"),
    )  # fmt: skip

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["shop"].queryset = Shop.objects.visible_to(user).filter(active=True)


class StepForm(forms.Form):
    """What a person says with a step, and what of the policy the page showed."""

    fields: dict[str, Any]

    comment = forms.CharField(label=pgettext_lazy("on a step", "Comment"), required=False, max_length=500)
    seen = forms.CharField(required=False, max_length=40)

    def told(self, zone: ZoneInfo, *, now: datetime) -> dict[str, Any]:
        """As the operations take it; call after `is_valid()`."""
        return self.cleaned_data


class ReviewForm(StepForm):
    """What is said of a draft in review, and the day from which it holds."""

    begins_on = forms.DateField(
        label=gettext_lazy("In force from (empty: at once)"), required=False, widget=_day()
    )  # fmt: skip
    comment = forms.CharField(
        label=gettext_lazy("Comment (needed for sending back)"), required=False, max_length=500,
        widget=forms.Textarea({"rows": 2}),
    )  # fmt: skip

    def told(self, zone: ZoneInfo, *, now: datetime) -> dict[str, Any]:
        """With the beginning of the day in the shop's time zone; None for at once, which today is."""
        day: date | None = self.cleaned_data["begins_on"]
        if day is None or day == now.astimezone(zone).date():
            return self.cleaned_data | {"effective_from": None}
        return self.cleaned_data | {"effective_from": datetime.combine(day, time.min, zone)}


def named_shop(user: Any, pk: int | None) -> Shop | None:
    return Shop.objects.visible_to(user).filter(pk=pk, active=True).first() if pk else None


def _one_line_end(text: str) -> str:
    """Browsers send line ends in two characters; the text is kept, and counted, with one."""
    return str(text).replace("\r\n", "\n").strip()
