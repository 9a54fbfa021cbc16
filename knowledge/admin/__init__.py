"""What managers edit."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from knowledge.models import IssueType


class Lasting(admin.ModelAdmin):
    """Content that complaints refer to: switched off, never deleted."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(IssueType)
class IssueTypeAdmin(Lasting):
    list_display = ("code", "name", "name_en", "parent", "active")
    list_select_related = ("parent",)
    list_filter = ("active",)
    search_fields = ("code", "name", "name_en")
    fields = ("code", "parent", "name", "name_en", "position", "active")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Rules go by the codes: once a complaint may have the type, its code and its place stay."""
        return ("code", "parent") if obj else ()

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "parent":
            kwargs["queryset"] = IssueType.objects.filter(parent__isnull=True)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)
