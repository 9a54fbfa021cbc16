"""How one wants to be told: the own preferences, robots and absences, and nobody else's."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from complaints.models import Absence, AlertPreference
from complaints.operations import absences, wishes
from complaints.refusals import Refused

from . import reassigning
from .asked import known_id
from .forms import LocalDateTimeField

UNPROCESSABLE = 422


class WishesForm(forms.ModelForm):
    # Choices instead of a query: whatever number is forged, the database need not know it.
    robots = forms.TypedMultipleChoiceField(
        label=_("Chat robots that tell my alerts"), coerce=int, required=False, widget=forms.CheckboxSelectMultiple
    )

    class Meta:
        model = AlertPreference
        fields = (
            "language", "email", "quiet_from", "quiet_until", "bundle_over", "morning_digest", "weekly_digest",
        )  # fmt: skip
        widgets = {
            name: forms.TimeInput(attrs={"type": "time", "step": 60}, format="%H:%M")
            for name in ("quiet_from", "quiet_until")
        }

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        wish = AlertPreference.objects.filter(user=user).first() or AlertPreference(user=user)
        super().__init__(*args, instance=wish, **kwargs)
        self.fields["robots"].choices = list(wishes.joinable(user).values_list("pk", "name"))
        self.initial["robots"] = list(user.robots.values_list("pk", flat=True))


class AbsenceForm(forms.ModelForm):
    starts_at = LocalDateTimeField(label=pgettext_lazy("absence", "From"))
    ends_at = LocalDateTimeField(label=pgettext_lazy("absence", "Until"))

    class Meta:
        model = Absence
        fields = ("starts_at", "ends_at", "note")

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, instance=Absence(user=user), prefix="absence", **kwargs)

    def clean_ends_at(self) -> Any:
        """What is over needs no entry: nothing is told of the past."""
        ends_at = self.cleaned_data["ends_at"]
        if ends_at <= timezone.now():
            raise forms.ValidationError(_("This time is over already."))
        return ends_at


def page(request: HttpRequest, *, site: Any) -> HttpResponse:
    """GET shows the own wishes, POST changes them."""
    if request.method != "POST":
        return _shown(request, site)
    form = WishesForm(request.POST, user=request.user)
    if not form.is_valid():
        return _shown(request, site, form=form)
    wishes.set_wishes(request.user, **form.cleaned_data)
    messages.success(request, _("Saved. The next alert follows it."))
    return redirect("admin:complaints_alert_wishes")


def absent(request: HttpRequest, *, site: Any) -> HttpResponse:
    """POST enters an absence of one's own."""
    if request.method != "POST":
        return redirect("admin:complaints_alert_wishes")
    form = AbsenceForm(request.POST, user=request.user)
    if not form.is_valid():
        return _shown(request, site, absence_form=form)
    absence = absences.enter(request.user, **form.cleaned_data)
    messages.success(request, _("Entered. Alerts pass you by in this time."))
    offer = reassigning.offer_after_absence(request, request.user, absence)
    return offer or redirect("admin:complaints_alert_wishes")


def back(request: HttpRequest) -> HttpResponse:
    """POST takes an own absence back, or ends it now."""
    try:
        absences.end(request.user, known_id(request.POST.get("absence", "")) or 0, now=timezone.now())
        messages.success(request, _("The absence has ended. Alerts reach you again."))
    except Refused as refusal:
        messages.error(request, refusal.text)
    return redirect("admin:complaints_alert_wishes")


def _shown(request: HttpRequest, site: Any, *, form: Any = None, absence_form: Any = None) -> HttpResponse:
    """The page with what was typed, where something was."""
    now = timezone.now()
    refused = form is not None or absence_form is not None
    context = site.each_context(request) | {
        "title": _("How I am told"),
        "form": form or WishesForm(user=request.user),
        "absence_form": absence_form or AbsenceForm(user=request.user),
        "absences": Absence.objects.filter(user=request.user, ends_at__gt=now).order_by("starts_at"),
        "now": now,
    }
    status = UNPROCESSABLE if refused else 200
    return render(request, "admin/complaints/alert/wishes.html", context, status=status)
