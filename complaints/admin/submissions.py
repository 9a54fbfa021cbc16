"""What came by the web forms: a record to read, and what is held back to decide about."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from complaints.models import WebSubmission
from complaints.operations import web_form
from complaints.queries.case import may_open
from complaints.refusals import Refused
from complaints.suspicion import WORDS

from .displays import listed
from .records import ReadOnlyAdmin
from .transitions import case_url


@admin.register(WebSubmission)
class WebSubmissionAdmin(ReadOnlyAdmin):
    list_display = ("reference", "shop", "status", "begins", "why", "received_at")
    list_select_related = ("shop",)
    list_filter = ("status",)
    ordering = ("-received_at", "-id")
    fields = ("reference",)
    readonly_fields = fields
    change_form_template = "admin/complaints/websubmission/change_form.html"

    @admin.display(description=_("number"))
    def reference(self, submission: WebSubmission) -> str:
        return submission.reference

    @admin.display(description=_("what happened"))
    def begins(self, submission: WebSubmission) -> str:
        return submission.text if len(submission.text) <= 60 else f"{submission.text[:59]}…"

    @admin.display(description=_("held back because"))
    def why(self, submission: WebSubmission) -> str:
        return listed(WORDS.get(code, code) for code in submission.doubts)

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        submission = context.get("original")
        if submission:
            context |= {
                "doubts": [WORDS.get(code, code) for code in submission.doubts],
                "files": list(submission.files.all()),
                "complaint": may_open(submission, request.user),
                "may_decide": request.user.has_perm("complaints.decide_websubmission"),
            }
        return super().render_change_form(request, context, *args, **kwargs)

    def get_urls(self) -> list[Any]:
        view, name = self.admin_site.admin_view, "complaints_websubmission"
        own = [
            path("<int:object_id>/accept/", view(self.accept), name=f"{name}_accept"),
            path("<int:object_id>/discard/", view(self.discard), name=f"{name}_discard"),
        ]
        return [*own, *super().get_urls()]

    def accept(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """POST takes it in: it joins the open complaint about the order, or registers a new one."""

        def act(submission: WebSubmission) -> HttpResponse:
            complaint = web_form.accept(submission.pk, actor=request.user, now=timezone.now())
            messages.success(request, _("Taken in as %(number)s.") % {"number": complaint.number})
            return redirect(case_url(complaint))

        return self._decide(request, object_id, act)

    def discard(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """POST puts it away; the text stays readable here."""

        def act(submission: WebSubmission) -> HttpResponse:
            web_form.discard(submission.pk, actor=request.user, now=timezone.now())
            messages.success(request, _("Discarded."))
            return redirect(reverse("admin:complaints_websubmission_changelist") + "?status__exact=held")

        return self._decide(request, object_id, act)

    def _decide(self, request: HttpRequest, object_id: int, act: Callable[[Any], HttpResponse]) -> HttpResponse:
        submission = self.get_object(request, str(object_id))
        if submission is None or not request.user.has_perm("complaints.decide_websubmission"):
            raise PermissionDenied
        if request.method == "POST":
            try:
                return act(submission)
            except Refused as refusal:
                messages.error(request, refusal.text)
        return redirect(reverse("admin:complaints_websubmission_change", args=[object_id]))
