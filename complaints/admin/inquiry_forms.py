"""Forms about inquiries and recovery claims: of the case page, and of the department that answers."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext

from complaints.models import Department, RecoveryClaim

from .forms import CaseForm, LocalDateTimeField

LARGEST_ID = 2**63 - 1


class AskForm(CaseForm):
    department = forms.ModelChoiceField(label=_("Department"), queryset=Department.objects.none())
    question = forms.CharField(label=_("Question"), max_length=2000, widget=forms.Textarea(attrs={"rows": 3}))
    due_at = LocalDateTimeField(
        label=_("Answer by"), required=False, help_text=_("Empty: as long as the time policy allows.")
    )

    def prepare(self) -> None:
        self.fields["department"].queryset = Department.objects.filter(active=True)


class InquiryForm(CaseForm):
    """An action on one inquiry, named by its id; `about` is what the page repeats above the fields."""

    inquiry = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=LARGEST_ID)

    about = ""

    def prepare(self) -> None:
        asked = _chosen(self, "inquiry", self.complaint.inquiries.select_related("department"))
        if asked:
            colon = pgettext("label", ": ")
            self.about = f"{asked.department.label}{colon}{asked.question}"


class RecordAnswerForm(InquiryForm):
    told_by = forms.CharField(label=_("Who said so"), max_length=60)
    text = forms.CharField(label=_("Answer"), max_length=5000, widget=forms.Textarea(attrs={"rows": 3}))


class WithdrawInquiryForm(InquiryForm):
    reason = forms.CharField(label=_("Reason"), max_length=300, widget=forms.Textarea(attrs={"rows": 2}))


class FileClaimForm(CaseForm):
    against = forms.ChoiceField(label=_("Against"), choices=RecoveryClaim.Against.choices)
    name = forms.CharField(label=_("Company"), max_length=60)
    amount = forms.DecimalField(
        label=_("Amount claimed (CNY)"), min_value=Decimal("0.01"), max_digits=12, decimal_places=2
    )
    reference = forms.CharField(label=_("Claim number"), max_length=80, required=False)
    due_at = LocalDateTimeField(
        label=_("Answer by"), required=False, help_text=_("Empty: as long as the time policy allows.")
    )

    def prepare(self) -> None:
        order = self.complaint.order
        self.fields["name"].initial = order.courier if order else ""


class ClaimForm(CaseForm):
    """An action on one claim, named by its id."""

    claim = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=LARGEST_ID)

    about = ""

    def prepare(self) -> None:
        claim = _chosen(self, "claim", self.complaint.claims)
        if claim:
            self.about = f"{claim} · {claim.amount} {claim.currency}"
            if "amount" in self.fields:
                self.fields["amount"].initial = claim.amount


class ClaimAnswerForm(ClaimForm):
    note = forms.CharField(label=_("What they answered"), max_length=300, widget=forms.Textarea(attrs={"rows": 2}))


class RecoverForm(ClaimForm):
    amount = forms.DecimalField(
        label=_("Amount recovered (CNY)"), min_value=Decimal("0.01"), max_digits=12, decimal_places=2
    )
    note = forms.CharField(label=_("Note"), max_length=300, required=False)


class GiveUpForm(ClaimForm):
    reason = forms.CharField(label=_("Reason"), max_length=300, widget=forms.Textarea(attrs={"rows": 2}))


class AnswerForm(forms.Form):
    """What a department answers on its own page."""

    text = forms.CharField(
        label=_("Answer"), max_length=5000, widget=forms.Textarea(attrs={"rows": 6, "data-draft-field": ""})
    )


class NeedTimeForm(forms.Form):
    """Until when a department needs time, and why."""

    until = LocalDateTimeField(label=_("Answer expected"))
    reason = forms.CharField(label=_("Because"), max_length=300)


def _chosen(form: CaseForm, name: str, rows: Any) -> Any:
    """The row that the address or the sent form names; None for anything else."""
    try:
        return rows.filter(pk=form.fields[name].clean(form.data.get(name) or form.initial.get(name))).first()
    except forms.ValidationError:
        return None
