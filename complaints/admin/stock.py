"""What the stock forms of the admin would offer and we do not."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest


class WithoutPopups(admin.ModelAdmin):
    """A form in which existing rows are chosen: they have pages of their own, which are no pop-ups."""

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field and db_field.remote_field:
            widget: Any = field.widget
            widget.can_add_related = widget.can_change_related = widget.can_view_related = False
        return field
