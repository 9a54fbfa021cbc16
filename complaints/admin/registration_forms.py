"""The registration template as forms (R3.2)."""

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from itertools import groupby
from typing import Any, Self
from uuid import UUID, uuid4, uuid5

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.forms.models import ModelChoiceIterator
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from complaints.identity import Fact, normalise
from complaints.matter_keys import order_number
from complaints.models import Channel, Complaint, Order, Priority, Severity, Shop
from complaints.operations.customers import Person
from complaints.operations.intake import Registration
from complaints.operations.matters import AlreadyOpen
from complaints.operations.typed_orders import TypedOrder
from complaints.queries.case import ended, rivals
from complaints.queries.people import assignable
from knowledge.models import IssueType

from .asked import known_id
from .displays import staff_name
from .forms import SPOKEN, LocalDateTimeField, StaffChoiceField

BY_POLICY = [("", _("by time policy")), *Priority.choices]
MOST_TYPED = 5000
LONGEST_AGO = timedelta(days=366)
"""A receipt before that is a slip of the pen, and would lead every list of what is due."""


class GroupedIssueTypes(ModelChoiceIterator):
    """Second-level types under the names of the first level."""

    def __iter__(self) -> Iterator[Any]:
        yield ("", self.field.empty_label)
        types = self.queryset.order_by("parent__position", "position", "code")
        for parent, children in groupby(types, key=lambda issue_type: issue_type.parent):
            yield (parent.label if parent else "", [self.choice(child) for child in children])


class IssueTypeField(forms.ModelChoiceField):
    iterator = GroupedIssueTypes

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(queryset=IssueType.objects.selectable(), **kwargs)


class PersonFields(forms.Form):
    """Who complains; nothing is required, what is missing blocks acceptance and says so there."""

    fields: dict[str, Any]

    name = forms.CharField(label=_("Complainant"), max_length=80, required=False)
    phone = forms.CharField(label=_("Phone"), max_length=40, required=False)
    email = forms.CharField(label=_("E-mail"), max_length=254, required=False)
    buyer = forms.CharField(label=_("Buyer id on the platform"), max_length=120, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for kind in Fact:
            self.fields[kind].widget.attrs["data-draft-skip"] = True

    def clean_email(self) -> str:
        email = self.cleaned_data["email"].strip()
        if email:
            validate_email(email)
        return email

    def clean_phone(self) -> str:
        phone = self.cleaned_data["phone"].strip()
        if phone and not 5 <= len(normalise(Fact.PHONE, phone)) <= 15:
            raise ValidationError(_("A phone number has 5 to 15 digits."))
        return phone

    def person(self) -> Person:
        data = self.cleaned_data
        return Person(name=data["name"], phone=data["phone"], email=data["email"], buyer=data["buyer"])


class PreviousField(forms.IntegerField):
    """The id of a complaint that is over, which the new one follows."""

    widget = forms.HiddenInput

    def to_python(self, value: Any) -> int | None:
        if value in self.empty_values:
            return None
        if (pk := known_id(str(value))) is None:
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return pk


class RegistrationForm(PersonFields):
    FLAGS = ("assign_me", "separate")
    WRITTEN = (
        "title", "description", "demand", "order_number", "typed_product", "no_order_reason", "issue_type",
        *(str(kind) for kind in Fact),
    )  # fmt: skip
    """What makes a form worth keeping; the rest stands there before anybody has written."""

    COMPARED = ("shop", "title", "issue_type", "typed_product", *(str(kind) for kind in Fact))
    """What is compared with other complaints as soon as it is typed; the order number is looked up anyway."""

    shop = forms.ModelChoiceField(label=_("Shop"), queryset=Shop.objects.none())
    channel = forms.ChoiceField(label=_("Channel"), choices=SPOKEN, initial=Channel.PHONE)
    received_at = LocalDateTimeField(label=_("Received at (empty: now)"), required=False)
    order_number = forms.CharField(label=_("Order number"), max_length=40, required=False)
    typed_product = forms.CharField(label=_("Product (order not imported yet)"), max_length=300, required=False)
    typed_amount = forms.DecimalField(
        label=_("Paid (CNY)"), min_value=0, max_digits=12, decimal_places=2, required=False
    )
    no_order_reason = forms.CharField(label=_("No order, because"), max_length=200, required=False)
    title = forms.CharField(label=_("In one line"), max_length=120)
    description = forms.CharField(
        label=_("What happened, in the customer's words"),
        max_length=5000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    demand = forms.CharField(
        label=_("What the customer asks for"), max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    issue_type = IssueTypeField(label=_("Issue type"), required=False)
    severity = forms.ChoiceField(label=_("Severity"), choices=Severity.choices, initial=Severity.S2)
    priority = forms.ChoiceField(label=_("Priority"), choices=BY_POLICY, required=False)
    accused = StaffChoiceField(label=_("Agent complained about"), queryset=None, required=False)
    assign_me = forms.BooleanField(label=_("I take this case"), required=False)
    separate = forms.BooleanField(label=_("This is a different matter"), required=False)
    previous = PreviousField(required=False)
    token = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4, required=False)

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.order: Order | None = None
        self.follows: Complaint | None = None
        self.rivals: list[Complaint] = []
        shops = Shop.objects.visible_to(user).filter(active=True)
        self.fields["shop"].queryset = shops
        if len(only := list(shops[:2])) == 1:
            self.fields["shop"].initial = only[0].pk
        self.fields["accused"].queryset = assignable(shops.values("pk"))
        if shops.filter(allots_cases=True).exists():
            self.fields["assign_me"].help_text = _(
                "Unticked: in a shop that gives out new cases by itself, the system finds somebody."
            )
        for name in self.COMPARED:
            self.fields[name].widget.attrs["data-near"] = True

    @classmethod
    def filled(cls, typed: Mapping[str, str], *, user: Any) -> Self:
        """The form with what was typed so far, which nobody judges yet."""
        flags = {name: bool(typed.get(name)) for name in cls.FLAGS}
        return cls(user=user, initial={name: value for name, value in typed.items() if value} | flags)

    @classmethod
    def typed_in(cls, sent: Mapping[str, Any]) -> dict[str, str]:
        """What the fields hold that were sent, cut to what they may hold."""
        return {name: str(sent.get(name, ""))[:MOST_TYPED] for name in cls.base_fields if sent.get(name)}

    def clean_previous(self) -> int | None:
        pk = self.cleaned_data["previous"]
        self.follows = ended(self.user, pk) if pk else None
        return pk if self.follows else None

    def clean_received_at(self) -> Any:
        received_at = self.cleaned_data["received_at"]
        if received_at and received_at > timezone.now():
            raise ValidationError(_("This time is still to come."))
        if received_at and received_at < timezone.now() - LONGEST_AGO:
            raise ValidationError(_("This is more than a year ago. Check the year."))
        return received_at

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        number, shop = order_number(data.get("order_number", "")), data.get("shop")
        if number and shop:
            self._find_order(number, shop, data)
        if number and data.get("no_order_reason"):
            self.add_error("no_order_reason", _("There is an order number. Remove one of the two."))
        if data.get("assign_me") and data.get("accused") == self.user:
            self.add_error("assign_me", _("The complaint is about you, so somebody else has to take it."))
        return data

    def _find_order(self, number: str, shop: Shop, data: dict[str, Any]) -> None:
        orders = Order.objects.filter(shop=shop, number=number)
        self.order = orders.select_related("customer", "shop").prefetch_related("lines").first()
        if self.order is None:
            if not data.get("typed_product"):
                self.add_error(
                    "order_number",
                    _("%(shop)s has no such order. Check the number, or name the product to enter the order by hand.")
                    % {"shop": shop.name},
                )
            return
        self.rivals = rivals(self.order.pk, self.user)
        if self.rivals and not data.get("separate"):
            self.add_error("order_number", AlreadyOpen(number=self.rivals[0].number).text)

    @property
    def mark(self) -> UUID | None:
        """Equal when the form is sent again as it was; another one when anything in it was changed."""
        try:
            token = UUID(self.data.get("token", ""))
        except ValueError:
            return None
        return uuid5(token, json.dumps([[name, self.data.get(name)] for name in self.fields]))

    def registration(self) -> Registration:
        """What the operation takes; call after `is_valid()`."""
        data = self.cleaned_data
        number = order_number(data["order_number"])
        typed = None
        if number and self.order is None:
            typed = TypedOrder(number=number, product=data["typed_product"], paid_amount=data["typed_amount"])
        same = (
            "shop",
            "title",
            "channel",
            "description",
            "demand",
            "no_order_reason",
            "issue_type",
            "severity",
            "priority",
            "accused",
            "received_at",
        )
        return Registration(
            **{name: data[name] for name in same},
            person=self.person(),
            order=self.order,
            typed_order=typed,
            assignee=self.user if data["assign_me"] else None,
            separate=data["separate"],
            previous=self.follows if self.follows and self.follows.shop_id == data["shop"].pk else None,
            token=self.mark,
        )


CODED = ("severity", "priority")


def stored(complaint: Complaint, name: str) -> Any:
    """The value as the form names it: a priority that the policy gives is nobody's choice."""
    return "" if name == "priority" and not complaint.priority_by_hand else getattr(complaint, name)


class CorrectionForm(PersonFields):
    """Personal fields left empty stay as they are: they are masked, not shown."""

    FIELDS = ("title", "issue_type", "demand", "no_order_reason", "severity", "priority", "accused", "order")

    title = forms.CharField(label=_("In one line"), max_length=120)
    issue_type = IssueTypeField(label=_("Issue type"), required=False)
    demand = forms.CharField(
        label=_("What the customer asks for"), max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    order_number = forms.CharField(label=_("Order number"), max_length=40, required=False)
    no_order_reason = forms.CharField(label=_("No order, because"), max_length=200, required=False)
    severity = forms.ChoiceField(label=_("Severity"), choices=Severity.choices)
    priority = forms.ChoiceField(label=_("Priority"), choices=BY_POLICY, required=False)
    accused = StaffChoiceField(label=_("Agent complained about"), queryset=None, required=False)
    separate = forms.BooleanField(label=_("This is a different matter"), required=False)

    def __init__(self, *args: Any, complaint: Complaint, user: Any, **kwargs: Any) -> None:
        known = {name: stored(complaint, name) for name in self.FIELDS if name != "order"}
        known["order_number"] = complaint.order.number if complaint.order else ""
        super().__init__(*args, **kwargs, initial=known)
        self.complaint, self.user = complaint, user
        self.rivals: list[Complaint] = []
        self.fields["accused"].queryset = assignable(complaint.shop_id, besides=complaint.accused_id)
        self.fields["issue_type"].queryset = IssueType.objects.selectable(besides=complaint.issue_type_id)
        customer = complaint.customer
        for kind in Fact if customer else ():
            self.fields[kind].widget.attrs["placeholder"] = getattr(customer, f"masked_{kind}")
            self.fields[kind].help_text = _("Leave empty to keep what is known.")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        number = order_number(data.get("order_number") or "")
        data["order"] = Order.objects.filter(shop=self.complaint.shop, number=number).first() if number else None
        if number and data["order"] is None:
            self.add_error(
                "order_number", _("%(shop)s has no order with this number.") % {"shop": self.complaint.shop.name}
            )
        if data["order"]:
            self._check_order(data)
        return data

    def _check_order(self, data: dict[str, Any]) -> None:
        """A complaint that gets another order is like one that is registered about it."""
        if data.get("no_order_reason"):
            self.add_error("no_order_reason", _("There is an order number. Remove one of the two."))
        if data["order"] == self.complaint.order:
            return
        self.rivals = [one for one in rivals(data["order"].pk, self.user) if one != self.complaint]
        if self.rivals and not data.get("separate"):
            self.add_error("order_number", AlreadyOpen(number=self.rivals[0].number).text)

    def changes(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in self.FIELDS}

    def differences(self) -> list[dict[str, Any]]:
        """Field by field, what is stored now and what was typed here, in words, where the two differ."""
        rows = [(name, stored(self.complaint, name), self.cleaned_data.get(name)) for name in self.FIELDS]
        return [
            {
                "label": self.fields["order_number" if name == "order" else name].label,
                "stored": self._in_words(name, known),
                "typed": self._in_words(name, typed),
            }
            for name, known, typed in rows
            if (known or "") != (typed or "")
        ]

    def _in_words(self, name: str, value: Any) -> Any:
        if name == "accused":
            return staff_name(value)
        return dict(getattr(self.fields.get(name), "choices", ())).get(value, value) if name in CODED else value
