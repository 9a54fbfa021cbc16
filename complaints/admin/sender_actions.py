"""Whom a message names as its sender, taken over by a person."""

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from complaints.models import Contact
from complaints.operations import senders

from .actions import Action, offer_action
from .forms import CaseForm


class SenderField(forms.ModelChoiceField):
    def label_from_instance(self, contact: Contact) -> str:
        return f"{contact.masked_sender} · {timezone.localtime(contact.at):%Y-%m-%d %H:%M}"


class AdoptSenderForm(CaseForm):
    contact = SenderField(
        label=_("Sender of the message"),
        queryset=Contact.objects.none(),
        help_text=_("It takes the place of what is known of the customer. Make sure first that it is the customer."),
    )

    def prepare(self) -> None:
        self.fields["contact"].queryset = self.complaint.contacts.filter(sender__isnull=False).order_by("-at", "-pk")


offer_action(
    Action(
        "adopt_sender",
        _("Take over the sender"),
        "complaints.change_complaint",
        AdoptSenderForm,
        lambda call: senders.adopt(call.complaint_id, call.data["contact"].pk, **call.versioned),
        _("The customer's data are up to date."),
    )
)
