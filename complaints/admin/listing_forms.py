"""The forms about listings: a text to be checked, what the list is filtered by, a buyer's confirmation."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from complaints.models import Channel, Shop
from complaints.operations.listings import LONGEST, LONGEST_TITLE, Listing
from knowledge.listing import Kind, plain_text
from knowledge.models import ConfirmationText

from .asked import known_id
from .forms import SPOKEN, LocalDateTimeField

BANDS = (
    ("low", _("under 60")),
    ("middle", _("60 to 84")),
    ("high", _("85 and more")),
    ("none", _("never checked")),
)
ORDERS = (("", _("lowest score first")), ("complaints", _("most complaints first")))


class ShopField(forms.ModelChoiceField):
    """A shop of the person; a forged id that no database can hold is a wrong choice like any other."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(Shop.objects.none(), label=_("Shop"), **kwargs)

    def of(self, user: Any) -> None:
        rows = Shop.objects.visible_to(user).filter(active=True)
        self.queryset = rows
        if rows.count() == 1:
            self.empty_label = None

    def to_python(self, value: Any) -> Any:
        return super().to_python(value if value in self.empty_values or known_id(str(value)) else "0")


class ListingForm(forms.Form):
    """A listing as it was pasted."""

    fields: dict[str, Any]

    shop = ShopField()
    kind = forms.ChoiceField(label=_("Kind of listing"), choices=Kind.choices)
    product_id = forms.CharField(
        label=_("Product id"), max_length=40, required=False,
        help_text=_("As in the platform's orders. Empty: the title tells which product it is."),
    )  # fmt: skip
    title = forms.CharField(label=pgettext_lazy("listing", "Title"), max_length=LONGEST_TITLE)
    text = forms.CharField(
        label=_("Detail text"), strip=False,
        widget=forms.Textarea(attrs={"rows": 14, "maxlength": LONGEST, "class": "script-text"}),
    )  # fmt: skip

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["shop"].of(user)

    def clean_text(self) -> str:
        """Browsers send line ends in two characters; the text is kept, and counted, with one."""
        return plain_text(self.cleaned_data["text"])

    @property
    def listing(self) -> Listing:
        """Call after `is_valid()`."""
        data = self.cleaned_data
        return Listing(title=data["title"], text=data["text"], kind=data["kind"], product_id=data["product_id"])


class ConfirmationForm(forms.Form):
    """What a buyer confirmed, typed by whoever has seen it."""

    fields: dict[str, Any]

    shop = ShopField()
    order = forms.CharField(label=_("Order number"), max_length=40, required=False)
    buyer = forms.CharField(
        label=_("Buyer id"), max_length=120, required=False,
        help_text=_("Where there is no order yet. Only a fingerprint of it is kept."),
    )  # fmt: skip
    product_id = forms.CharField(label=_("Product id"), max_length=40, required=False)
    product = forms.CharField(
        label=_("Product"), max_length=300, required=False, help_text=_("The title, where the id is not known.")
    )
    text = forms.ModelChoiceField(ConfirmationText.objects.none(), label=_("What was confirmed"))
    confirmed_at = LocalDateTimeField(label=_("Confirmed at"))
    channel = forms.ChoiceField(label=_("Channel"), choices=SPOKEN, initial=Channel.PLATFORM_CHAT)

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["shop"].of(user)
        self.fields["text"].queryset = ConfirmationText.objects.all()
