"""The department's side: what it is asked, and its answer. No case page, no liability, no remedy, no contact data.

Whoever may answer sees the inquiries of the own departments and nothing else of the complaint than is needed to answer.
"""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from complaints.models import Inquiry
from complaints.operations import inquiries
from complaints.queries.asked import inquiries_for, late
from complaints.refusals import Refused

from .asked import known_id
from .inquiry_forms import AnswerForm, NeedTimeForm
from .transitions import UNPROCESSABLE

ANSWER = "complaints.answer_inquiry"
LIST = "admin:complaints_inquiry_changelist"


@admin.register(Inquiry)
class InquiryAdmin(admin.ModelAdmin):
    """A list and a page of our own; on cases, inquiries are made and read on the case page."""

    def get_queryset(self, request: HttpRequest) -> Any:
        return Inquiry.objects.visible_to(request.user)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.has_perm(ANSWER))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        later = path("<path:object_id>/need-time/", view(self._need_time), name="complaints_inquiry_need_time")
        return [later, *super().get_urls()]

    @method_decorator(require_safe)
    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        if not request.user.has_perm(ANSWER):
            raise PermissionDenied
        asked, now = inquiries_for(request.user), timezone.now()
        context = self.admin_site.each_context(request) | {
            "title": self.opts.verbose_name_plural,
            "asked": asked,
            "late": late(asked.open, now=now),
            "several": len({inquiry.department_id for inquiry in [*asked.open, *asked.over]}) > 1,
            "now": now,
        }
        return render(request, "admin/complaints/inquiry/change_list.html", context)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """GET shows the inquiry, POST answers it."""
        inquiry = _asked_or_404(request, object_id)
        if request.method != "POST":
            return self._page(request, inquiry)
        form = AnswerForm(request.POST)
        if form.is_valid():
            try:
                inquiries.answer(
                    inquiry.complaint_id, inquiry.pk, form.cleaned_data["text"], actor=request.user, now=timezone.now()
                )
            except Refused as refusal:
                form.add_error(None, refusal.text)
                inquiry = _asked_or_404(request, object_id)
            else:
                draft = f"inquiry:{request.user.pk}:{inquiry.pk}"
                messages.success(request, _("Answer sent. Thank you."), extra_tags=draft)
                return redirect(LIST)
        return self._page(request, inquiry, answer_form=form, status=UNPROCESSABLE)

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        return self._page(request, _asked_or_404(request, object_id))

    @method_decorator(require_POST)
    def _need_time(self, request: HttpRequest, object_id: str) -> HttpResponse:
        inquiry = _asked_or_404(request, object_id)
        form = NeedTimeForm(request.POST)
        if form.is_valid():
            try:
                inquiries.need_time(
                    inquiry.complaint_id, inquiry.pk, actor=request.user, now=timezone.now(), **form.cleaned_data
                )
            except Refused as refusal:
                form.add_error(None, refusal.text)
                inquiry = _asked_or_404(request, object_id)
            else:
                messages.success(request, _("Who asked can now see until when you need time."))
                return redirect(reverse("admin:complaints_inquiry_change", args=[inquiry.pk]))
        return self._page(request, inquiry, time_form=form, status=UNPROCESSABLE)

    def _page(self, request: HttpRequest, inquiry: Inquiry, *, status: int = 200, **forms: Any) -> HttpResponse:
        """What a department must know to answer: the question, the product, the order. The customer is masked."""
        order = inquiry.complaint.order
        context = self.admin_site.each_context(request) | {
            "title": inquiry.complaint.number,
            "inquiry": inquiry,
            "complaint": inquiry.complaint,
            "order": order,
            "lines": list(order.lines.all()) if order else [],
            "answer_form": AnswerForm(auto_id="answer_%s"),
            "time_form": NeedTimeForm(auto_id="time_%s"),
            "back": reverse(LIST),
            "now": timezone.now(),
            **forms,
        }
        return render(request, "admin/complaints/inquiry/change_form.html", context, status=status)


def instead_of_case(request: HttpRequest, object_id: str) -> HttpResponse | None:
    """Alerts lead to the case: who may not see it, but is asked about it, is led to the inquiry; others to nothing."""
    user, pk = request.user, known_id(str(object_id))
    if pk is None or user.has_perm("complaints.view_complaint") or not user.has_perm(ANSWER):
        return None
    rows = Inquiry.objects.visible_to(user).filter(complaint=pk)
    inquiry = rows.open().order_by("due_at", "id").first() or rows.order_by("-asked_at", "-id").first()
    return redirect(reverse("admin:complaints_inquiry_change", args=[inquiry.pk])) if inquiry else None


def _asked_or_404(request: HttpRequest, object_id: str) -> Inquiry:
    """The inquiry, if this person answers such ones; another department's and none at all look alike."""
    if not request.user.has_perm(ANSWER):
        raise PermissionDenied
    rows = Inquiry.objects.visible_to(request.user).select_related(
        "department", "asked_by", "answered_by", "complaint__shop", "complaint__customer", "complaint__order",
        "complaint__issue_type__parent",
    )  # fmt: skip
    pk = known_id(str(object_id))
    inquiry = rows.filter(pk=pk).first() if pk else None
    if inquiry is None:
        raise Http404
    return inquiry
