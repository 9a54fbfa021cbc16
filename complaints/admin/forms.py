"""Forms of the case page: what a clerk types for each action, checked before an operation sees it."""

from copy import deepcopy
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext

from complaints.lifecycle import State
from complaints.models import Channel, Complaint, Evidence, LiabilityShare, Remedy
from complaints.operations import uploads, wording
from complaints.operations.promises import Promised
from complaints.operations.scripted import Composed
from complaints.operations.writing import last_reply, last_told

from .asked import known_id
from .displays import staff_name

USUAL_PROMISE = {"P1": timedelta(hours=1), "P2": timedelta(hours=2), "P3": timedelta(hours=4), "P4": timedelta(days=1)}
SPOKEN = [choice for choice in Channel.choices if choice[0] not in (Channel.API, Channel.FILE)]


class StaffChoiceField(forms.ModelChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return staff_name(obj)


class ManyRowsField(forms.ModelMultipleChoiceField):
    """Several rows; a forged id that no database can hold is a wrong choice like any other."""

    def clean(self, value: Any) -> Any:
        for one in value or ():
            if known_id(str(one)) is None:
                raise ValidationError(self.error_messages["invalid_choice"], "invalid_choice", {"value": one})
        return super().clean(value)


class ManyStaffField(ManyRowsField):
    def label_from_instance(self, obj: Any) -> str:
        return staff_name(obj)


class LocalDateTimeField(forms.DateTimeField):
    """A moment typed into the browser's own control, in the desk's time zone."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local", "step": 60}, format="%Y-%m-%dT%H:%M")

    def to_python(self, value: Any) -> datetime | None:
        """Refuse years that only a slip of the pen names; arithmetic with them overflows."""
        moment = super().to_python(value)
        if moment and not 2000 <= moment.year <= 2100:
            raise ValidationError(_("Check the year."))
        return moment


class CaseForm(forms.Form):
    """A form about one complaint for one person; subclasses narrow their choices by both."""

    fields: dict[str, Any]

    def __init__(self, *args: Any, complaint: Complaint, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.complaint, self.user = complaint, user
        self.prepare()

    def prepare(self) -> None:
        """Set choices and first values from the complaint."""

    def look_again(self) -> None:
        """The form is shown with what others did meanwhile."""


class PlainForm(CaseForm):
    """Nothing to fill in."""


class ReasonForm(CaseForm):
    reason = forms.CharField(label=_("Reason"), max_length=300, widget=forms.Textarea(attrs={"rows": 2}))


def ids_in(text: str) -> list[int]:
    """The ids that a field names, one after another; what is no id is left out."""
    return [one for one in map(known_id, text.split()) if one]


class ScriptsField(forms.CharField):
    """Versions of scripts that were put into a reply."""

    widget = forms.HiddenInput

    def clean(self, value: Any) -> list[int]:
        return ids_in(value or "")


REPLY_LENGTH = 5_000


class ReplyForm(CaseForm):
    body = forms.CharField(
        label=_("Reply"),
        max_length=REPLY_LENGTH,
        strip=True,
        widget=forms.Textarea(attrs={"rows": 6, "data-draft-field": ""}),
        error_messages={"max_length": _("The reply has %(show_value)d characters; %(limit_value)d fit. Shorten it.")},
    )
    channel = forms.ChoiceField(label=_("Channel"), choices=SPOKEN)
    promise_text = forms.CharField(label=_("Promise"), max_length=200, required=False)
    promise_due = LocalDateTimeField(label=_("Promised by"), required=False)
    beyond_clock = forms.BooleanField(label=_("Later than the clock allows: I have agreed on it"), required=False)
    owed = forms.MultipleChoiceField(
        label=_("This reply does not keep yet"), required=False, widget=forms.CheckboxSelectMultiple
    )
    scripts = ScriptsField(required=False)
    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)
    """The last reply that the writer saw."""
    overrule = forms.CharField(
        label=_("Send in spite of blocked words, because"), max_length=300, required=False,
        help_text=_("It is written into the history with your name."), widget=forms.Textarea(attrs={"rows": 2}),
    )  # fmt: skip

    def prepare(self) -> None:
        self.fields["seen"].initial = last_reply(self.complaint)
        if not (self._blocked() and self.user.has_perm("complaints.overrule_phrases")):
            del self.fields["overrule"]
        owed = [one for one in self.complaint.promises.all() if one.settled_at is None]
        self.fields["owed"].choices = [(promise.pk, promise.text) for promise in owed]
        if not owed:
            del self.fields["owed"]
        channels = dict(SPOKEN)
        self.fields["channel"].initial = (
            self.complaint.channel if self.complaint.channel in channels else "platform_chat"
        )
        self.replied = bool(self.complaint.promises.all())
        if self.complaint.state == State.NEW:
            self._ask_for_a_time()

    def _ask_for_a_time(self) -> None:
        """The first reply cannot go without one (R3.4), unless such a reply went out already."""
        due_at = timezone.localtime() + USUAL_PROMISE[self.complaint.priority]
        field = self.fields["promise_due"]
        field.initial = due_at.replace(minute=due_at.minute // 15 * 15, second=0, microsecond=0)
        field.required = not self.replied

    def promised(self) -> Promised | None:
        """The promise as an operation takes it; a time makes a promise, with or without words."""
        due_at = self.cleaned_data.get("promise_due")
        if not due_at:
            return None
        data = self.cleaned_data
        return Promised(text=data["promise_text"], due_at=due_at, beyond_clock=data["beyond_clock"])

    def _blocked(self) -> bool:
        """Whether the reply that was sent has words that must not go."""
        body = str(self.data.get("body", "")) if self.is_bound else ""
        return len(body) <= REPLY_LENGTH and wording.is_blocked(body, now=timezone.now())

    def composed(self) -> Composed:
        """How the reply came about, as an operation takes it."""
        data = self.cleaned_data
        return Composed(scripts=data["scripts"], seen=data["seen"], overrule=data.get("overrule", ""))

    def look_again(self) -> None:
        """What others replied meanwhile is shown now: sent once more, it goes."""
        newest = last_told(self.complaint).first() or 0
        self.data = {**self.data.dict(), "owed": self.data.getlist("owed"), "seen": str(newest)}

    def still_open(self) -> frozenset[int]:
        """Promises that the reply leaves open; a reply keeps the others."""
        return frozenset(int(pk) for pk in self.cleaned_data.get("owed", ()))


class AcceptForm(ReplyForm):
    """The reply that accepts the complaint; accepting alone is enough where a reply with a time went out already."""

    def prepare(self) -> None:
        super().prepare()
        self.fields["body"].required = not self.replied


class HearForm(CaseForm):
    body = forms.CharField(label=_("What the customer said"), max_length=5000, widget=forms.Textarea(attrs={"rows": 3}))
    channel = forms.ChoiceField(label=_("Channel"), choices=SPOKEN)

    def prepare(self) -> None:
        self.fields["channel"].initial = self.complaint.channel


class NoteForm(CaseForm):
    body = forms.CharField(label=_("Note for colleagues"), max_length=5000, widget=forms.Textarea(attrs={"rows": 3}))


class ApologyForm(CaseForm):
    body = forms.CharField(
        label=_("What was said in the apology call"), max_length=2000, widget=forms.Textarea(attrs={"rows": 3})
    )


class EvidenceForm(CaseForm):
    kind = forms.ChoiceField(label=_("Kind"), choices=Evidence.Kind.choices)
    file = forms.FileField(
        label=_("File"),
        required=False,
        widget=forms.FileInput(attrs={"accept": uploads.ALLOWED, "data-max-bytes": uploads.MAX_BYTES}),
    )
    reference = forms.CharField(label=_("or reference"), max_length=300, required=False)
    note = forms.CharField(label=_("What it shows"), max_length=300, required=False)


class LiabilityForm(CaseForm):
    """One row per party: percent and reason; the sum is checked by the operation."""

    root_cause = forms.CharField(
        label=_("Root cause"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )

    def prepare(self) -> None:
        self.fields["root_cause"].initial = self.complaint.root_cause
        known = {share.party: share for share in self.complaint.liability.all()}
        for party, label in LiabilityShare.Party.choices:
            share = known.get(party)
            self.fields[f"percent_{party}"] = forms.IntegerField(
                label=label, min_value=0, max_value=100, required=False, initial=share.percent if share else None
            )
            self.fields[f"reason_{party}"] = forms.CharField(
                label=_("Reason"),
                max_length=300,
                required=False,
                initial=share.reason if share else "",
                widget=forms.TextInput(attrs={"aria-label": f"{label}{pgettext('label', ': ')}{_('Reason')}"}),
            )

    def rows(self) -> list[tuple[Any, Any, Any]]:
        """(party label, percent field, reason field) for the template."""
        return [
            (label, self[f"percent_{party}"], self[f"reason_{party}"]) for party, label in LiabilityShare.Party.choices
        ]

    def shares(self) -> list[tuple[str, int, str]]:
        """(party, percent, reason) of every party with a share."""
        values = self.cleaned_data
        return [
            (party, values[f"percent_{party}"], values[f"reason_{party}"])
            for party in LiabilityShare.Party.values
            if values.get(f"percent_{party}")
        ]


class OptionForm(CaseForm):
    kind = forms.ChoiceField(label=_("Remedy"), choices=Remedy.Kind.choices)
    text = forms.CharField(label=_("What the customer gets"), max_length=300)
    cost = forms.DecimalField(label=_("Estimated cost (CNY)"), min_value=0, max_digits=12, decimal_places=2)


class RemedyForm(CaseForm):
    """An action on one option, named by its id."""

    remedy = forms.IntegerField(widget=forms.HiddenInput)

    @property
    def chosen(self) -> Remedy | None:
        """What the customer chose in this round; the case page has read the options already."""
        options = [one for one in self.complaint.remedies.all() if one.round == self.complaint.round]
        return next((one for one in options if one.status == Remedy.Status.CHOSEN), None)


class RaiseCostForm(RemedyForm):
    cost = forms.DecimalField(label=_("New estimated cost (CNY)"), min_value=0, max_digits=12, decimal_places=2)
    reason = forms.CharField(label=_("Reason"), max_length=300)

    def prepare(self) -> None:
        chosen = self.chosen
        self.fields["remedy"].initial = chosen.pk if chosen else None


class ExecuteForm(RemedyForm):
    """The facts that the chosen option still needs; unfinished ones may be saved."""

    FIELDS: dict[str, forms.Field] = {
        "courier": forms.CharField(label=_("Courier"), max_length=40, required=False),
        "tracking_number": forms.CharField(label=_("Tracking number"), max_length=60, required=False),
        "eta": forms.DateField(
            label=_("Expected arrival"),
            required=False,
            widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        ),
        "reference": forms.CharField(label=_("Payment reference"), max_length=80, required=False),
        "coupon_code": forms.CharField(label=_("Coupon code"), max_length=60, required=False),
        "return_tracking": forms.CharField(label=_("Return tracking number"), max_length=60, required=False),
        "inspection": forms.CharField(label=_("Result of the inspection"), max_length=300, required=False),
        "execution_note": forms.CharField(label=_("What was done"), max_length=300, required=False),
        "actual_cost": forms.DecimalField(
            label=_("Actual cost (CNY)"), min_value=0, max_digits=12, decimal_places=2, required=False
        ),
    }

    def prepare(self) -> None:
        chosen = self.chosen
        self.fields["remedy"].initial = chosen.pk if chosen else None
        # What was typed stays there, even if somebody else has finished meanwhile.
        typed = tuple(name for name in self.FIELDS if name in self.data)
        wanted = (*chosen.required_facts, "actual_cost") if chosen else typed
        for name in dict.fromkeys(wanted):
            # A copy: what one page shows first is nothing for another one's.
            self.fields[name] = deepcopy(self.FIELDS[name])
            self.fields[name].initial = getattr(chosen, name, None)

    def facts(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if name in self.FIELDS}


class OfferForm(CaseForm):
    single_option_reason = forms.CharField(
        label=_("Reason for a single option"), max_length=300, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )

    def prepare(self) -> None:
        open_options = self.complaint.remedies.filter(round=self.complaint.round).exclude(status=Remedy.Status.DECLINED)
        if open_options.count() != 1 and not self.data.get("single_option_reason"):
            del self.fields["single_option_reason"]


class AgreeForm(CaseForm):
    label = forms.ChoiceField(label=_("The customer chose"), widget=forms.RadioSelect)
    words = forms.CharField(label=_("The customer's words"), max_length=2000, widget=forms.Textarea(attrs={"rows": 2}))
    channel = forms.ChoiceField(label=_("Channel"), choices=SPOKEN)

    def prepare(self) -> None:
        offered = self.complaint.remedies.filter(round=self.complaint.round, status=Remedy.Status.OFFERED)
        self.fields["label"].choices = [(remedy.label, f"{remedy.label}　{remedy.text}") for remedy in offered]
        self.fields["channel"].initial = self.complaint.channel


class WithdrawForm(ReasonForm):
    words = forms.CharField(
        label=_("The customer's message or call that shows it"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    channel = forms.ChoiceField(label=_("Channel"), choices=SPOKEN)

    def prepare(self) -> None:
        self.fields["channel"].initial = self.complaint.channel


class UnfoundedForm(ReasonForm):
    body = forms.CharField(
        label=_("Reply with the basis and the way to object"), max_length=5000, widget=forms.Textarea(attrs={"rows": 5})
    )
    channel = forms.ChoiceField(label=_("Channel"), choices=SPOKEN)

    def prepare(self) -> None:
        self.fields["channel"].initial = self.complaint.channel
