"""The bell: one person's own alerts, the latest first."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from complaints.models import Alert
from complaints.operations import alerting

from .asked import known_id

SHOWN = 100


@admin.register(Alert)
class AlertAdmin(admin.ModelAdmin):
    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> Any:
        return Alert.objects.visible_to(request.user)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """GET shows the alerts, POST marks the chosen ones (or all) as seen."""
        if not request.user.has_perm("complaints.view_alert"):
            raise PermissionDenied
        if request.method == "POST":
            chosen = [pk for pk in map(known_id, request.POST.getlist("alert")) if pk]
            alerting.mark_seen(request.user, None if "all" in request.POST else chosen, now=timezone.now())
            return redirect(request.path)
        alerts = self.get_queryset(request).select_related("complaint__shop", "complaint__assignee")[:SHOWN]
        context = self.admin_site.each_context(request) | {
            "title": self.opts.verbose_name_plural,
            "alerts": alerts,
            "unseen": sum(alert.seen_at is None for alert in alerts),
        }
        return render(request, "admin/complaints/alert/change_list.html", context)
