"""The forms of a reply script: where and when it is offered, its text, and against what it is tried out."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.conf import settings
from django.core.validators import RegexValidator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from complaints.models import Complaint
from knowledge.models import IssueType, ReplyScript
from knowledge.operations.scripts import LENGTH

from .forms import SPOKEN
from .issue_trees import issue_tree
from .policy_forms import ManyField

CODE = RegexValidator(
    r"^[A-Z0-9][A-Z0-9-]*\Z", gettext_lazy("Use capital letters, digits and hyphens, such as OPEN-01.")
)


class TextForm(forms.Form):
    """The draft. What is wrong with the text is said by the operation, so that the import hears the same."""

    fields: dict[str, Any]

    text = forms.CharField(
        label=gettext_lazy("Text"), required=False, strip=False,
        widget=forms.Textarea(attrs={"rows": 8, "maxlength": LENGTH, "class": "script-text"}),
    )  # fmt: skip
    seen = forms.CharField(widget=forms.HiddenInput, required=False, max_length=40)
    case = forms.CharField(label=gettext_lazy("Preview with complaint"), required=False, max_length=40)

    def clean_text(self) -> str:
        """Browsers send line ends in two characters; the text is kept, and counted, with one."""
        return str(self.cleaned_data["text"]).replace("\r\n", "\n").strip()


class DetailsForm(forms.Form):
    """Where and when a script is offered."""

    fields: dict[str, Any]

    name = forms.CharField(label=pgettext_lazy("script", "Name"), max_length=60)
    name_en = forms.CharField(label=gettext_lazy("English name"), max_length=80, required=False)
    stage = forms.ChoiceField(label=gettext_lazy("Stage"), choices=ReplyScript.Stage.choices)
    step = forms.ChoiceField(label=gettext_lazy("Order in the conversation"), choices=ReplyScript.Step.choices)
    language = forms.ChoiceField(label=gettext_lazy("Language"), choices=settings.LANGUAGES)
    tone = forms.ChoiceField(label=gettext_lazy("Tone"), choices=ReplyScript.Tone.choices)
    channels = ManyField(label=gettext_lazy("Channels"), choices=SPOKEN)
    issue_types = ManyField(label=gettext_lazy("Issue types"))

    def __init__(
        self, data: Any = None, *, script: ReplyScript | None = None, types: Iterable[IssueType] = (), **kwargs: Any
    ) -> None:
        super().__init__(data, initial=_initial(script), **kwargs)
        rows = types or IssueType.objects.order_by("position", "code").select_related("parent")
        self._types = {str(issue.pk): issue for issue in rows}
        self.fields["issue_types"].choices = [(pk, issue.label) for pk, issue in self._types.items()]

    @property
    def issue_tree(self) -> list[tuple[Any, list[Any], bool]]:
        """Each first-level type with those below it, and whether any of these is chosen."""
        return issue_tree(self["issue_types"], self._types)

    def details(self) -> dict[str, Any]:
        """What was typed, as the operations take it; call after `is_valid()`."""
        data = self.cleaned_data
        return data | {"issue_types": [self._types[pk] for pk in data["issue_types"]]}


class NewScriptForm(DetailsForm):
    code = forms.CharField(label=gettext_lazy("Code"), max_length=24, validators=[CODE])
    field_order = ("code", "name")

    def details(self) -> dict[str, Any]:
        details = super().details()
        details.pop("code")
        return details


def _initial(script: ReplyScript | None) -> dict[str, Any]:
    if script is None:
        return {"step": ReplyScript.Step.NEXT}
    names = ("name", "name_en", "stage", "step", "language", "tone", "channels")
    chosen = [str(pk) for pk in script.issue_types.values_list("pk", flat=True)]
    return {name: getattr(script, name) for name in names} | {"issue_types": chosen}


def may_try(user: Any) -> bool:
    """Whether this person sees complaints at all; the others try scripts on the examples of the catalogue."""
    return bool(user.has_perm("complaints.view_complaint"))


def complaint_named(number: str, user: Any) -> Complaint | None:
    """The complaint that was typed. Raises ValidationError when there is none, or none that the person may see."""
    if not number.strip() or not may_try(user):
        return None
    rows = Complaint.objects.visible_to(user).select_related("shop", "order", "issue_type", "customer")
    found = rows.filter(number=number.strip().upper().replace("\0", "")).first()
    if found is None:
        raise forms.ValidationError(_("You see no complaint with this number. Check it, or leave the field empty."))
    return found
