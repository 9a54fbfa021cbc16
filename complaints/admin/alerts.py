"""The bell: one person's own alerts, those not seen yet first."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from complaints.models import Alert
from complaints.operations import alerting
from complaints.queries import alerts
from complaints.queries.alerts import Position

from . import wishes
from .asked import known_id

_POSITION = re.compile(r"([us])(\d{1,18})\.(\d{1,17})", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NO_CONTENT = 204


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

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        own = [
            path("count/", view(require_GET(self.count)), name="complaints_alert_count"),
            path("open/", view(require_POST(self.open)), name="complaints_alert_open"),
            path("wishes/", view(wishes.page), {"site": self.admin_site}, name="complaints_alert_wishes"),
            path("absent/", view(wishes.absent), {"site": self.admin_site}, name="complaints_alert_absent"),
            path("back/", view(require_POST(wishes.back)), name="complaints_alert_back"),
        ]
        return [*own, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """GET shows the alerts, POST marks one, the chosen ones or all of them as seen."""
        self._check(request)
        if request.method == "POST":
            asked = request.POST.getlist("one") or request.POST.getlist("alert")
            chosen = [pk for pk in map(known_id, asked) if pk]
            alerting.mark_seen(request.user, None if "all" in request.POST else chosen, now=timezone.now())
            return redirect(request.get_full_path())
        page = alerts.page(request.user, _unpack(request.GET.get("after", "")))
        context = self.admin_site.each_context(request) | {
            "title": self.opts.verbose_name_plural,
            "alerts": page.rows,
            "first": "after" not in request.GET,
            "older": _pack(page.older) if page.older else "",
            "on_page_unseen": sum(alert.seen_at is None for alert in page.rows),
            "unseen": alerts.unseen(request.user),
            "count_limit": alerts.COUNT_LIMIT,
            "now": timezone.now(),
        }
        return render(request, "admin/complaints/alert/change_list.html", context)

    def count(self, request: HttpRequest) -> HttpResponse:
        """The number on the bell, for the page that shows another one; otherwise there is nothing to say."""
        self._check(request)
        unseen = alerts.unseen(request.user)
        if request.GET.get("shown") == str(unseen):
            return HttpResponse(status=NO_CONTENT)
        return render(request, "amends/bell.html", {"unseen": unseen})

    def open(self, request: HttpRequest) -> HttpResponse:
        """POST marks an alert as seen and goes on to its case."""
        self._check(request)
        alert = self.get_object(request, str(known_id(request.POST.get("open", "")) or ""))
        if alert is None:
            raise Http404
        alerting.mark_seen(request.user, [alert.pk], now=timezone.now())
        return redirect("admin:complaints_complaint_change", alert.complaint_id)

    def _check(self, request: HttpRequest) -> None:
        if not request.user.has_perm("complaints.view_alert"):
            raise PermissionDenied


def _pack(position: Position) -> str:
    microseconds = (position.created_at - _EPOCH) // timedelta(microseconds=1)
    return f"{'s' if position.seen else 'u'}{position.pk}.{microseconds}"


def _unpack(token: str) -> Position | None:
    """The position that a link carries; None for anything that is not one."""
    match = _POSITION.fullmatch(token)
    if match is None:
        return None
    return Position(match[1] == "s", _EPOCH + timedelta(microseconds=int(match[3])), int(match[2]))
