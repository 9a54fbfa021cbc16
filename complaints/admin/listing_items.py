"""What listings must say, as managers keep it; each change is recorded."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from complaints.operations.changelog import record_change
from knowledge.listing import Kind
from knowledge.models import ListingItem

from .displays import listed
from .policy_forms import ManyField


class ItemForm(forms.ModelForm):
    kinds = ManyField(label=_("Kinds of listing"), choices=Kind.choices, help_text=_("Nothing ticked: all."))

    class Meta:
        model = ListingItem
        fields = (
            "code", "name", "name_en", "kinds", "phrases", "expressions", "reason", "reason_en", "mend", "mend_en",
            "position", "active",
        )  # fmt: skip
        widgets = {
            name: forms.Textarea(attrs={"rows": 2}) for name in ("reason", "reason_en", "mend", "mend_en")
        }  # fmt: skip


@admin.register(ListingItem)
class ListingItemAdmin(admin.ModelAdmin):
    form = ItemForm
    list_display = ("label", "code", "needed_for", "mend", "active")
    list_filter = ("active",)
    search_fields = ("code", "name", "name_en")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Checks name items: they are switched off, never deleted."""
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("code",) if obj else ()

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """In the transaction of the page: what was changed is known to the form alone."""
        super().save_model(request, obj, form, change)
        changes = {
            name: [form[name].initial if change else None, form.cleaned_data[name]] for name in form.changed_data
        }
        if changes:
            record_change(obj, changes, actor=request.user, now=timezone.now())

    @admin.display(description=_("name"))
    def label(self, item: ListingItem) -> str:
        return item.label

    @admin.display(description=_("Kinds of listing"))
    def needed_for(self, item: ListingItem) -> str:
        return listed(Kind(kind).label for kind in item.kinds) or str(_("all"))
