"""Complaints in the admin: declarative; the pages themselves are in the modules named by the methods."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_POST, require_safe

from complaints.models import Complaint

from . import evidence, inquiries, registration, reply_script, reveal, transitions, worklist, workspace


@admin.register(Complaint)
class ComplaintAdmin(admin.ModelAdmin):
    """List, registration and case page of our own, under the admin's URLs and permissions."""

    def get_queryset(self, request: HttpRequest) -> Any:
        return Complaint.objects.visible_to(request.user)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_urls(self) -> list[Any]:
        view, info = self.admin_site.admin_view, "complaints_complaint"
        own = [
            path("order-lookup/", view(registration.order_lookup), name=f"{info}_order_lookup"),
            path("<path:object_id>/edit/", view(self._edit), name=f"{info}_edit"),
            path("<path:object_id>/do/<slug:name>/", view(self._act), name=f"{info}_do"),
            path("<path:object_id>/script/", view(self._script), name=f"{info}_script"),
            path("<path:object_id>/clocks/", view(self._clocks), name=f"{info}_clocks"),
            path("<path:object_id>/reveal/", view(self._reveal), name=f"{info}_reveal"),
            path("<path:object_id>/evidence/<int:evidence_id>/", view(evidence.download), name=f"{info}_evidence"),
        ]
        return own + super().get_urls()

    @method_decorator(require_safe)
    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return worklist.work_list(request, site=self.admin_site)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        return registration.register(request, site=self.admin_site)

    @method_decorator(require_safe)
    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        asked = inquiries.instead_of_case(request, object_id)
        return asked or workspace.case_page(request, object_id, site=self.admin_site)

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        return workspace.case_page(request, object_id, site=self.admin_site)

    def _edit(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return registration.edit(request, object_id, site=self.admin_site)

    def _act(self, request: HttpRequest, object_id: str, name: str) -> HttpResponse:
        return transitions.act(request, object_id, name, site=self.admin_site)

    @method_decorator(require_POST)
    def _script(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return reply_script.filled(request, object_id, site=self.admin_site)

    @method_decorator(require_safe)
    def _clocks(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return workspace.clocks_part(request, object_id)

    def _reveal(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return reveal.reveal(request, object_id, site=self.admin_site)
