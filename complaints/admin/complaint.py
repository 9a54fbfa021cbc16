"""Complaints in the admin: declarative; the pages themselves are in the modules named by the methods."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_POST, require_safe

from complaints.models import Complaint

from . import (
    customer_links,
    evidence,
    inquiries,
    near,
    reassigning,
    registration,
    registration_drafts,
    registration_join,
    registration_lookup,
    reply_script,
    reply_wording,
    reveal,
    transitions,
    worklist,
    workspace,
)


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
            path("order-lookup/", view(registration_lookup.order_lookup), name=f"{info}_order_lookup"),
            path("look-up/", view(require_POST(registration_lookup.look_up)), name=f"{info}_look_up"),
            path("near/", view(require_POST(near.near_typed)), name=f"{info}_near"),
            path("draft/", view(require_POST(registration_drafts.save)), name=f"{info}_draft"),
            path("draft/discard/", view(require_POST(registration_drafts.discard)), name=f"{info}_draft_discard"),
            path("<path:object_id>/near/", view(require_safe(near.near_case)), name=f"{info}_near_case"),
            path("<path:object_id>/join/", view(self._join), name=f"{info}_join"),
            path("reassign/", view(self._reassign), name=f"{info}_reassign"),
            path("<path:object_id>/edit/", view(self._edit), name=f"{info}_edit"),
            path("<path:object_id>/do/<slug:name>/", view(self._act), name=f"{info}_do"),
            path("<path:object_id>/script/", view(self._script), name=f"{info}_script"),
            path("<path:object_id>/scripts/", view(self._scripts), name=f"{info}_scripts"),
            path("<path:object_id>/wording/", view(self._wording), name=f"{info}_wording"),
            path("<path:object_id>/take/", view(self._take), name=f"{info}_take"),
            path("<path:object_id>/clocks/", view(self._clocks), name=f"{info}_clocks"),
            path("<path:object_id>/reveal/", view(self._reveal), name=f"{info}_reveal"),
            path("<path:object_id>/links/", view(self._links), name=f"{info}_links"),
            path("<path:object_id>/adopt/<int:submission_id>/", view(self._adopt), name=f"{info}_adopt"),
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

    def _join(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return registration_join.join(request, object_id, site=self.admin_site)

    def _act(self, request: HttpRequest, object_id: str, name: str) -> HttpResponse:
        return transitions.act(request, object_id, name, site=self.admin_site)

    def _reassign(self, request: HttpRequest) -> HttpResponse:
        return reassigning.page(request, site=self.admin_site)

    @method_decorator(require_POST)
    def _script(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return reply_script.filled(request, object_id, site=self.admin_site)

    @method_decorator(require_POST)
    def _wording(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return reply_wording.checked(request, object_id)

    @method_decorator(require_POST)
    def _take(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return reply_script.taken(request, object_id, site=self.admin_site)

    @method_decorator(require_safe)
    def _scripts(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return reply_script.listed(request, object_id)

    @method_decorator(require_safe)
    def _clocks(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return workspace.clocks_part(request, object_id)

    def _reveal(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return reveal.reveal(request, object_id, site=self.admin_site)

    def _links(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return customer_links.links_page(request, object_id, site=self.admin_site)

    def _adopt(self, request: HttpRequest, object_id: str, submission_id: int) -> HttpResponse:
        return customer_links.adopt(request, object_id, submission_id, site=self.admin_site)
