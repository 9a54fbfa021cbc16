"""Forms about what is one matter and what is two: merge, undo a merge, split off."""

from datetime import timedelta
from typing import Any

from django import forms
from django.db.models import Q
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from complaints.models import Complaint, Contact, Order
from complaints.operations.receiving import title_of
from complaints.operations.splitting import may_split
from complaints.queries.case import mergeable
from complaints.queries.merged import Came, came_since

from .forms import CaseForm, ManyRowsField, ReasonForm
from .registration_forms import IssueTypeField

SENT_WITH = timedelta(minutes=2)
"""Evidence of nobody's message that was added so shortly after this one probably came with it."""


class MergeForm(ReasonForm):
    target = forms.ModelChoiceField(label=_("Merge into"), queryset=Complaint.objects.none(), widget=forms.HiddenInput)

    field_order = ["target", "reason"]

    def prepare(self) -> None:
        self.fields["target"].queryset = mergeable(self.complaint, self.user)


class UnmergeForm(ReasonForm):
    """`back` names what came in since the merge and leaves with the complaint; the template draws it."""

    back = forms.MultipleChoiceField(label=_("What came in since the merge"), required=False)

    field_order = ["back", "reason"]

    def prepare(self) -> None:
        self.fields["back"].choices = [(one.key, one.key) for one in self.came]

    @cached_property
    def came(self) -> list[Came]:
        return came_since(self.complaint)

    @property
    def ticked(self) -> list[str]:
        return list(self["back"].value() or ())


class SplitForm(CaseForm):
    """A contact as a complaint of its own; order and customer stay the same unless told otherwise."""

    contact = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
    title = forms.CharField(label=_("In one line"), max_length=120)
    issue_type = IssueTypeField(label=_("Issue type"), required=False)
    order_number = forms.CharField(
        label=_("Order number"), max_length=40, required=False, help_text=_("The same order, unless you change it.")
    )
    no_order_reason = forms.CharField(label=_("No order, because"), max_length=200, required=False)
    same_customer = forms.BooleanField(label=_("The same customer"), required=False, initial=True)
    evidence = ManyRowsField(
        label=_("Evidence that goes along"), queryset=None, required=False, widget=forms.CheckboxSelectMultiple
    )

    def prepare(self) -> None:
        complaint, contact = self.complaint, self.about_contact
        self.fields["evidence"].queryset = complaint.evidence.all()
        self.fields["order_number"].initial = complaint.order.number if complaint.order else ""
        self.fields["no_order_reason"].initial = complaint.no_order_reason
        if not complaint.customer_id:
            del self.fields["same_customer"]
        if contact:
            self.fields["title"].initial = title_of(contact.body)
            near = Q(contact=None, at__gte=contact.at, at__lte=contact.at + SENT_WITH)
            self.fields["evidence"].initial = list(complaint.evidence.filter(near | Q(contact=contact)))
        if not self.fields["evidence"].queryset.exists():
            del self.fields["evidence"]

    @cached_property
    def about_contact(self) -> Contact | None:
        """What is split off; None for what cannot be."""
        named = str(self.data.get("contact") or self.initial.get("contact") or "")
        rows = self.complaint.contacts.filter(pk=int(named)) if named.isdecimal() and len(named) < 19 else ()
        return next((one for one in rows if may_split(one)), None)

    @property
    def about(self) -> str:
        """What the page quotes."""
        return self.about_contact.body if self.about_contact else ""

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        number = (data.pop("order_number", "") or "").strip()
        data["order"] = Order.objects.filter(shop=self.complaint.shop_id, number=number).first() if number else None
        if number and data["order"] is None:
            self.add_error(
                "order_number", _("%(shop)s has no order with this number.") % {"shop": self.complaint.shop.name}
            )
        data["customer"] = self.complaint.customer if data.pop("same_customer", False) else None
        data["evidence"] = [one.pk for one in data.get("evidence") or ()]
        return data
