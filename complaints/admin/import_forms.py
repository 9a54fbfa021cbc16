"""Forms of imports: the file, and how it is to be read."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from complaints.intake.fields import FIELDS, unnamed
from complaints.intake.headers import HEADER_WITHIN
from complaints.models import ImportKind, Shop
from complaints.models.importjob import Delimiter, Encoding

from .asked import known_id


class UploadForm(forms.Form):
    # Choices instead of a query: whatever number is forged, the database need not know it.
    shop = forms.TypedChoiceField(label=_("Shop"), coerce=int, empty_value=None)
    file = forms.FileField(label=_("File"), error_messages={"empty": _("The file is empty.")})

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.shops = {shop.pk: shop for shop in Shop.objects.visible_to(user).filter(active=True)}
        choices = [(shop.pk, f"{shop.name} ({shop.get_platform_display()})") for shop in self.shops.values()]
        self.fields["shop"].choices = choices if len(choices) == 1 else [("", _("Choose the shop")), *choices]

    def clean_shop(self) -> Shop:
        return self.shops[self.cleaned_data["shop"]]


class ReadingForm(forms.Form):
    """How a file is read; which column fills which field comes as `column-0`, `column-1`, ... beside it."""

    kind = forms.ChoiceField(label=_("The rows are"), choices=ImportKind, widget=forms.RadioSelect)
    encoding = forms.ChoiceField(label=_("Characters"), choices=Encoding, required=False)
    delimiter = forms.ChoiceField(label=_("Divided by"), choices=Delimiter, required=False)
    table = forms.TypedChoiceField(label=_("Table"), coerce=int, required=False, empty_value=None)
    header_row = forms.IntegerField(label=_("Column names stand in row"), min_value=1, max_value=HEADER_WITHIN)
    several_rows = forms.BooleanField(
        label=_("An order may take several rows, one for each product; their amounts are added up"), required=False
    )

    def __init__(self, *args: Any, tables: list[str], text: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["table"].choices = list(enumerate(tables))
        if text:
            del self.fields["table"]
        else:
            del self.fields["encoding"], self.fields["delimiter"]
            if len(tables) == 1:
                del self.fields["table"]


def chosen_columns(data: Any, kind: str, width: int) -> tuple[dict[str, int], list[str]]:
    """Field -> column of what was chosen, and what is wrong with the choice."""
    labels = {field.name: field.label for field in FIELDS[kind]}
    columns: dict[str, int] = {}
    problems = []
    for place in range(width):
        field = data.get(f"column-{place}", "")
        if field in columns:
            problems.append(str(_("“%(field)s” is chosen for two columns.") % {"field": labels[field]}))
        elif field in labels:
            columns[field] = place
    problems += [str(_("Choose the column of “%(field)s”.") % {"field": label}) for label in unnamed(kind, columns)]
    return columns, problems


def job_id(text: str) -> int:
    return known_id(text) or 0
