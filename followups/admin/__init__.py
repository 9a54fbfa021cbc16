"""Call-backs as records; the case page is where they are made."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from complaints.admin.records import ReadOnlyAdmin
from complaints.models.complaint import about_visible
from followups.models import FollowUp


@admin.register(FollowUp)
class FollowUpAdmin(ReadOnlyAdmin):
    list_display = ("number", "round", "status", "due_at", "satisfaction", "attempts", "done_at")
    list_select_related = ("complaint",)
    list_filter = ("status",)
    ordering = ("-id",)
    search_fields = ("complaint__number__startswith",)
    search_help_text = _("The number of the complaint")
    fields = ("number", "round", "status", "due_at", "satisfaction", "comment", "attempts", "done_at", "done_by")

    def get_queryset(self, request: HttpRequest) -> Any:
        return about_visible(FollowUp.objects.all(), request.user)

    @admin.display(description=_("complaint"))
    def number(self, follow_up: FollowUp) -> str:
        return follow_up.complaint.number
