"""Forms about time: holds, the platform's deadline, promises that are kept or renewed."""

from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from complaints.operations.holding import LONGEST
from complaints.operations.promises import Promised

from .forms import SPOKEN, CaseForm, LocalDateTimeField

USUAL_HOLD = timedelta(days=2)


class HoldForm(CaseForm):
    reason = forms.CharField(
        label=_("What we wait for"), max_length=200, help_text=_("For example: photos of the damage from the customer.")
    )
    until = LocalDateTimeField(
        label=_("At the latest until"),
        help_text=_("Then the clocks go on by themselves; when the customer is heard, at once. %(days)s days at most."),
    )

    def prepare(self) -> None:
        until = self.fields["until"]
        until.help_text = until.help_text % {"days": LONGEST.days}
        until.initial = (timezone.localtime() + USUAL_HOLD).replace(minute=0, second=0, microsecond=0)


class CommentForm(CaseForm):
    reason = forms.CharField(
        label=_("Reason (may stay empty)"), max_length=300, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )


class DeclineReopeningForm(CaseForm):
    reason = forms.CharField(label=_("Why it stays closed"), max_length=300, help_text=_("For colleagues."))
    body = forms.CharField(
        label=_("What you tell the customer"), max_length=5000, widget=forms.Textarea(attrs={"rows": 5})
    )
    channel = forms.ChoiceField(label=_("Channel"), choices=SPOKEN)

    def prepare(self) -> None:
        if self.complaint.channel in dict(SPOKEN):
            self.fields["channel"].initial = self.complaint.channel


class PlatformForm(CaseForm):
    due_at = LocalDateTimeField(
        label=_("The platform's deadline"),
        help_text=_(
            "From now on our clocks are due 6 hours before it, or as the time policy says; of a short time, half."
        ),
    )
    reference = forms.CharField(label=_("Number of the platform case"), max_length=60, required=False)

    def prepare(self) -> None:
        if self.complaint.platform_due_at:
            self.fields["due_at"].initial = timezone.localtime(self.complaint.platform_due_at)
            self.fields["reference"].initial = self.complaint.platform_reference


class PromiseForm(CaseForm):
    """An action on one promise, named by its id."""

    promise = forms.IntegerField(widget=forms.HiddenInput, min_value=1)


class RenewForm(PromiseForm):
    text = forms.CharField(
        label=_("Promise"), max_length=200, required=False, help_text=_("Empty: the same as before.")
    )
    due_at = LocalDateTimeField(label=_("Promised by"))
    reason = forms.CharField(
        label=_("Why it takes longer"), max_length=300, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Tell the customer, too: what is renewed here is not sent."),
    )  # fmt: skip
    beyond_clock = forms.BooleanField(label=_("Later than the clock allows: I have agreed on it"), required=False)

    def prepare(self) -> None:
        named = str(self.initial.get("promise", ""))
        promise = next((one for one in self.complaint.promises.all() if str(one.pk) == named), None)
        self.fields["text"].initial = promise.text if promise else ""

    def promised(self) -> Promised:
        data: dict[str, Any] = self.cleaned_data
        return Promised(text=data["text"], due_at=data["due_at"], beyond_clock=data["beyond_clock"])
