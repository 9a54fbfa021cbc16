"""Imports in the admin: declarative; the pages themselves are in the modules named by the methods."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from complaints.models import ImportJob

from . import import_pages
from .displays import staff_name
from .records import ReadOnlyAdmin


@admin.register(ImportJob)
class ImportJobAdmin(ReadOnlyAdmin):
    """The own imports, and those of all for who sees all shops."""

    list_display = ("original_name", "shop", "kind", "state", "share", "counts", "refused", "who", "created_at")
    list_select_related = ("shop", "requested_by")
    list_filter = ("state", "kind")
    ordering = ("-id",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(import_pages.ADD)

    @admin.display(description=_("progress"))
    def share(self, job: ImportJob) -> str:
        if job.state not in ImportJob.WORKED_ON:
            return ""
        return f"{100 * job.rows_done // job.rows_total} %" if job.rows_total else "…"

    @admin.display(description=_("new / changed / as known"))
    def counts(self, job: ImportJob) -> str:
        return f"{job.created} / {job.changed} / {job.unchanged}" if job.started_at else ""

    @admin.display(description=_("requested by"))
    def who(self, job: ImportJob) -> str:
        return staff_name(job.requested_by)

    def get_urls(self) -> list[Any]:
        view, info = self.admin_site.admin_view, "complaints_importjob"
        post = require_POST
        own = [
            path("<path:object_id>/columns/", view(self._columns), name=f"{info}_columns"),
            path("<path:object_id>/progress/", view(require_safe(import_pages.progress)), name=f"{info}_progress"),
            path("<path:object_id>/start/", view(post(import_pages.start)), name=f"{info}_start"),
            path("<path:object_id>/cancel/", view(post(import_pages.cancel)), name=f"{info}_cancel"),
            path("<path:object_id>/refused.csv", view(self._refused), {"form": "csv"}, name=f"{info}_refused_csv"),
            path("<path:object_id>/refused.xlsx", view(self._refused), {"form": "xlsx"}, name=f"{info}_refused_xlsx"),
        ]
        return own + super().get_urls()

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        return import_pages.upload_page(request, site=self.admin_site)

    @method_decorator(require_safe)
    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        return import_pages.job_page(request, object_id, site=self.admin_site)

    def _columns(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return import_pages.columns_page(request, object_id, site=self.admin_site)

    @method_decorator(require_safe)
    def _refused(self, request: HttpRequest, object_id: str, form: str) -> Any:
        return import_pages.refused(request, object_id, form)
