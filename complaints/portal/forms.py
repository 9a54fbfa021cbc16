"""The fields of the customers' pages; whatever is wrong stands at its field, in a sentence."""

import re
import unicodedata
from typing import Any

from django import forms
from django.conf import settings
from django.core.validators import RegexValidator
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from complaints.matter_keys import order_number
from complaints.operations.customers import Person

WISHES = (
    ("refund", _("Refund")),
    ("return", _("Return and refund")),
    ("exchange", _("Exchange")),
    ("reship", _("Send what is missing")),
    ("compensation", _("Compensation")),
    ("other", _("Something else")),
)
MOST_LETTERS = 5000
_ORDER = RegexValidator(r"^[0-9A-Za-z_-]{4,40}$", _("An order number has only digits and letters. Copy it once more."))


class ComplainForm(forms.Form):
    """Only what is needed to look into it: what happened, which order, what is wanted, how to answer."""

    text = forms.CharField(
        label=_("What happened?"),
        max_length=MOST_LETTERS,
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={"required": _("Write in a sentence or two what happened.")},
    )
    order_number = forms.CharField(label=_("Order number"), max_length=60, required=False)
    no_order = forms.BooleanField(label=_("I have no order number"), required=False)
    wish = forms.ChoiceField(
        label=_("What do you ask for?"),
        choices=WISHES,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what you ask for.")},
    )
    wish_text = forms.CharField(label=_("In your own words"), max_length=500, required=False, widget=forms.TextInput())
    phone = forms.CharField(
        label=_("Phone"),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel", "inputmode": "tel"}),
    )
    email = forms.EmailField(
        label=_("E-mail"),
        max_length=254,
        required=False,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        error_messages={"invalid": _("This is no e-mail address. It looks like name@example.com.")},
    )
    name = forms.CharField(
        label=_("How may we call you?"),
        max_length=60,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )

    def clean_order_number(self) -> str:
        number = order_number(self.cleaned_data["order_number"])
        if number:
            _ORDER(number)
        return number

    def clean_phone(self) -> str:
        phone = unicodedata.normalize("NFKC", self.cleaned_data["phone"]).strip()
        if phone and not re.fullmatch(r"\+?[\d\s()-]{5,30}", phone):
            raise forms.ValidationError(_("This is no phone number. Write only digits."))
        return phone

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if not (values.get("order_number") or values.get("no_order") or "order_number" in self.errors):
            self.add_error("order_number", _("Write the order number, or tick that you have none."))
        if values.get("wish") == "other" and not values.get("wish_text") and "wish_text" not in self.errors:
            self.add_error("wish_text", _("Write what you ask for."))
        given = values.get("phone") or values.get("email")
        if not given and not {"phone", "email"} & set(self.errors):
            self.add_error("phone", _("Write a phone number or an e-mail address, so that we can answer you."))
        return values

    @property
    def person(self) -> Person:
        data = self.cleaned_data
        return Person(name=data["name"], phone=data["phone"], email=data["email"])

    @property
    def demand(self) -> str:
        """For staff, in their language."""
        data = self.cleaned_data
        with translation.override(settings.LANGUAGE_CODE):
            label = "" if data["wish"] == "other" else str(dict(WISHES)[data["wish"]])
        return " · ".join(part for part in (label, data["wish_text"]) if part)


class MessageForm(forms.Form):
    """What the customer adds; files alone will do."""

    text = forms.CharField(
        label=_("Add something"), max_length=MOST_LETTERS, required=False, widget=forms.Textarea(attrs={"rows": 4})
    )
