"""Who changed which setting: read only, like every record."""

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.core.exceptions import FieldDoesNotExist
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext

from complaints.intake.hooks.words import field_label
from complaints.models import SettingChange, WorkCalendar
from complaints.operations.policies import SUBJECT

from .calendar_changes import change_words
from .displays import listed, staff_name
from .duty_forms import week_words
from .policy_words import Names, differences
from .records import ReadOnlyAdmin

SHOWN = 6
"""Values of a change that the list names; the page about the setting has all of them."""


@admin.register(SettingChange)
class SettingChangeAdmin(ReadOnlyAdmin):
    list_display = ("at", "who", "setting", "name", "what")
    list_select_related = ("actor",)
    ordering = ("-at", "-id")
    fields = readonly_fields = ("at", "who", "setting", "name", "what")

    def get_queryset(self, request: HttpRequest) -> Any:
        """Settings belong to no shop: who may see this list sees all of it."""
        self.names = Names()
        return SettingChange.objects.all()

    @admin.display(description=gettext_lazy("who"))
    def who(self, change: SettingChange) -> str:
        return staff_name(change.actor) or _("the system")

    @admin.display(description=gettext_lazy("setting"))
    def setting(self, change: SettingChange) -> str:
        """What kind of thing was changed."""
        model = _model(change.subject)
        return str(model._meta.verbose_name) if model else change.subject

    @admin.display(description=gettext_lazy("what"))
    def what(self, change: SettingChange) -> str:
        """From what to what, value by value."""
        if change.subject == WorkCalendar._meta.model_name:
            return change_words(change)
        colon, lines = pgettext("label", ": "), _in_words(change, self.names)
        told = [f"{label}{colon}{old} → {new}" for label, old, new in lines[:SHOWN]]
        if (more := len(lines) - SHOWN) > 0:
            told.append(ngettext("%(n)s more", "%(n)s more", more) % {"n": more})
        return pgettext("enumeration of changes", "; ").join(told)


def _in_words(change: SettingChange, names: Names) -> list[tuple[str, str, str]]:
    if change.subject == SUBJECT:
        return [(one.label, one.old, one.new) for one in differences(change.changes, names)]
    return [_line(_field(change.subject, name), name, *values) for name, values in change.changes.items()]


def _field(subject: str, name: str) -> Any:
    """The field that bears this name; None for what is no field, or no more."""
    model = _model(subject)
    try:
        return model._meta.get_field(name) if model else None
    except FieldDoesNotExist:
        return None


def _model(subject: str) -> Any:
    """The model of that name, of a case or of what managers edit; None for none, or none any more."""
    for app in ("complaints", "knowledge"):
        try:
            return apps.get_model(app, subject)
        except LookupError:
            continue
    return None


def _line(field: Any, name: str, old: Any, new: Any) -> tuple[str, str, str]:
    words = dict(getattr(field, "choices", None) or ())
    return str(field.verbose_name) if field else _label(name), _plain(old, words), _plain(new, words)


_LABELS = {
    "held": gettext_lazy("messages held back"),
    "processed_again": gettext_lazy("deliveries processed again"),
    "revealed": gettext_lazy("payload shown in full"),
}


def _label(name: str) -> str:
    """What is no field by itself: a line of a mapping, or something that was done."""
    mapped = field_label(name.removeprefix("mapping.")) if name.startswith("mapping.") else ""
    return mapped or str(_LABELS.get(name, name))


def _plain(value: Any, words: dict[Any, Any]) -> str:
    """A value as people say it: the word of a choice, names one after another."""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list) and any(isinstance(one, list) for one in value):
        return week_words(value) or "—"
    if isinstance(value, list):
        return listed(value) or "—"
    return "—" if value in (None, "") else str(words.get(value, value))
