"""Work calendars in the admin: declarative; the pages themselves are in the modules named by the methods."""

from typing import Any

from django.contrib import admin
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from complaints.models import WorkCalendar
from complaints.queries.calendars import year_warnings

from . import calendar_import, calendar_pages


@admin.register(WorkCalendar)
class WorkCalendarAdmin(admin.ModelAdmin):
    """A list of the admin's; the year, its days and settings are pages of our own."""

    list_display = ("name", "time_zone", "region", "is_default", "shop_count")
    actions = None

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).annotate(shop_number=Count("shops"))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Clocks and shops name their calendar."""
        return False

    @admin.display(description=_("shops"))
    def shop_count(self, calendar: Any) -> int:
        return calendar.shop_number

    def get_urls(self) -> list[Any]:
        view, info = self.admin_site.admin_view, "complaints_workcalendar"
        own = [
            path("<path:object_id>/settings/", view(self._settings), name=f"{info}_settings"),
            path("<path:object_id>/day/<str:day>/", view(self._day), name=f"{info}_day"),
            path("<path:object_id>/copy/", view(self._copy), name=f"{info}_copy"),
            path("<path:object_id>/import/", view(self._import), name=f"{info}_import"),
            path("<path:object_id>/load/", view(require_POST(calendar_pages.load_year)), name=f"{info}_load"),
            path("<path:object_id>/confirm/", view(require_POST(calendar_pages.confirm_year)), name=f"{info}_confirm"),
        ]
        return own + super().get_urls()

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        warnings = year_warnings(request.user, now=timezone.now())
        return super().changelist_view(request, {"warnings": warnings} | (extra_context or {}))

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        return calendar_pages.add(request, site=self.admin_site)

    @method_decorator(require_safe)
    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        return calendar_pages.year_page(request, object_id, site=self.admin_site)

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        return redirect(
            calendar_pages.year_url(calendar_pages.calendar_or_404(request, object_id, calendar_pages.VIEW))
        )

    def _settings(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return calendar_pages.configure(request, object_id, site=self.admin_site)

    def _day(self, request: HttpRequest, object_id: str, day: str) -> HttpResponse:
        return calendar_pages.day_page(request, object_id, day, site=self.admin_site)

    def _copy(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return calendar_pages.copy(request, object_id, site=self.admin_site)

    def _import(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return calendar_import.import_page(request, object_id, site=self.admin_site)
