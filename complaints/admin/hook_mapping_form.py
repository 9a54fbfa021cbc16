"""The form of a field mapping: a row for each field, which payloads are wanted, and a box to try it out."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from complaints.intake.hooks import paths, payload
from complaints.intake.hooks.mapping import FIELDS, OTHERWISE, FieldMapping, Rule
from complaints.intake.problem import Problem
from complaints.models import HookDelivery
from knowledge.models import IssueType

ONLY = "only"
MOST_ROWS = 200
PATH = {"spellcheck": "false", "autocomplete": "off"}
EXAMPLES = {
    "order_number": "order.no", "text": "messages[*].text", "title": "subject", "demand": "request",
    "issue_type": "reason_code", "product": "order.items[0].title", "time": "created_at", "buyer": "buyer.id",
    "name": "buyer.name", "phone": "buyer.mobile || buyer.phone", "email": "buyer.email", ONLY: "event",
}  # fmt: skip


class MappingForm(forms.Form):
    """Everything that a channel's mapping says. `issues` are the issue types by code."""

    sample = forms.CharField(
        label=gettext_lazy("Payload to try out"), required=False, max_length=payload.MOST_BYTES, strip=False,
        widget=forms.Textarea(attrs={"rows": 14, "spellcheck": "false", "class": "mapping-sample"}),
    )  # fmt: skip
    kept = forms.ChoiceField(label=gettext_lazy("or one that came in"), required=False)
    seen = forms.CharField(widget=forms.HiddenInput, required=False, max_length=64)

    def __init__(self, data: Any = None, *, stored: Mapping[str, Any], kept: list[HookDelivery], **kwargs: Any) -> None:
        mapping = FieldMapping.of(stored)
        initial = {"seen": fingerprint(stored)} | kwargs.pop("initial", {})
        self.issues = {issue.code: str(issue) for issue in IssueType.objects.selectable().order_by("code")}
        super().__init__(data, initial=initial | _initial(mapping), **kwargs)
        for name in FIELDS:
            self.fields[f"{name}-path"] = _path(name)
            self.fields[f"{name}-default"] = self._default(name)
            self.fields[f"{name}-values"] = _table(name)
        self.fields[f"{ONLY}-path"] = _path(ONLY)
        self.fields[f"{ONLY}-values"] = _table(ONLY)
        chosen = [(row.pk, f"{row.delivery_id} · {row.get_state_display()}") for row in kept]
        self.fields["kept"].choices = [("", "—"), *chosen]

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The fields of the form, a row for each field of a contact."""
        return [
            {
                "name": name, "label": label, "path": self[f"{name}-path"], "default": self[f"{name}-default"],
                "values": self[f"{name}-values"], "required": name == "text",
            }
            for name, (label, _most) in FIELDS.items()
        ]  # fmt: skip

    @property
    def only(self) -> dict[str, Any]:
        return {"path": self[f"{ONLY}-path"], "values": self[f"{ONLY}-values"]}

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.errors and not (values.get("text-path") or values.get("text-default")):
            self.add_error("text-path", _("Name a path: without a text nothing can be taken in."))
        for code in (values.get("issue_type-values") or {}).values():
            if code not in self.issues:
                self.add_error("issue_type-values", _("There is no issue type “%(code)s”.") % {"code": code})
        return values

    def mapping(self) -> FieldMapping:
        """What was typed; for a form that is valid."""
        rules = {name: self._rule(name) for name in FIELDS}
        return FieldMapping({name: rule for name, rule in rules.items() if rule.given}, self._rule(ONLY))

    def _rule(self, name: str) -> Rule:
        values = self.cleaned_data
        return Rule(values[f"{name}-path"], values.get(f"{name}-default", ""), values[f"{name}-values"])

    def _default(self, name: str) -> forms.Field:
        if name == "issue_type":
            return forms.ChoiceField(label=_("Otherwise"), required=False, choices=[("", "—"), *self.issues.items()])
        return forms.CharField(label=_("Otherwise"), required=False, max_length=300)


class PathField(forms.CharField):
    def clean(self, value: Any) -> str:
        path = super().clean(value)
        try:
            paths.parse(path)
        except Problem as problem:
            raise forms.ValidationError(problem.text) from None
        return path


class TableField(forms.CharField):
    """Lines of `theirs = ours`."""

    def __init__(self, *, plain: bool, **kwargs: Any) -> None:
        self.plain = plain
        super().__init__(required=False, max_length=10_000, **kwargs)

    def clean(self, value: Any) -> Any:
        lines = [line.strip() for line in super().clean(value).splitlines() if line.strip()]
        if len(lines) > MOST_ROWS:
            raise forms.ValidationError(_("At most %(most)s lines.") % {"most": MOST_ROWS})
        return dict(self._pair(line) for line in lines)

    def _pair(self, line: str) -> tuple[str, str]:
        theirs, sign, ours = line.replace("＝", "=").partition("=")
        if self.plain:
            return line, ""
        if not (sign and theirs.strip() and ours.strip()):
            raise forms.ValidationError(_("Write “theirs = ours”, one to a line: “%(line)s”.") % {"line": line[:60]})
        return theirs.strip(), ours.strip()


def fingerprint(stored: Mapping[str, Any]) -> str:
    """Tells one state of a mapping from another."""
    return hashlib.sha256(json.dumps(stored, sort_keys=True).encode()).hexdigest()


def _path(name: str) -> PathField:
    widget = forms.TextInput(attrs=PATH | {"placeholder": _("such as %(path)s") % {"path": EXAMPLES[name]}})
    return PathField(label=_("Path"), required=False, max_length=300, widget=widget)


def _table(name: str) -> TableField:
    hint = (
        "complaint.created" if name == ONLY else f"7 = LOGI-03\n{OTHERWISE} = QUAL-01" if name == "issue_type" else ""
    )
    widget = forms.Textarea(attrs=PATH | {"rows": 2, "placeholder": hint})
    return TableField(label=_("Values"), plain=name == ONLY, widget=widget)


def _initial(mapping: FieldMapping) -> dict[str, str]:
    initial = {}
    for name, rule in (*mapping.rules.items(), (ONLY, mapping.only)):
        initial[f"{name}-path"], initial[f"{name}-default"] = rule.path, rule.default
        lines = [f"{theirs} = {ours}" if ours else theirs for theirs, ours in rule.values.items()]
        initial[f"{name}-values"] = "\n".join(lines)
    return initial
