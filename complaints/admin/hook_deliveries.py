"""What came in by webhooks, as it came: what was made of it, what needs repair, and the buttons for that."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from complaints.intake.hooks import payload, repairing
from complaints.intake.hooks.words import problem_lines
from complaints.intake.problem import Problem
from complaints.models import HookChannel, HookDelivery
from complaints.refusals import Refused

from .records import ReadOnlyAdmin

PAGE = "admin:complaints_hookdelivery_change"
TONES = {"waiting": "waiting", "taken": "done", "joined": "done", "failed": "breached", "ignored": "neutral"}
ICONS = {
    "waiting": "hourglass", "taken": "circle-check", "joined": "git-merge", "failed": "circle-x", "ignored": "ban",
}  # fmt: skip


class ChannelFilter(admin.RelatedFieldListFilter):
    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> list[tuple[Any, str]]:
        return [(row.pk, row.name) for row in HookChannel.objects.visible_to(request.user).only("name")]


@admin.register(HookDelivery)
class HookDeliveryAdmin(ReadOnlyAdmin):
    list_display = ("received_at", "channel", "delivery_id", "state", "number", "why", "attempt")
    list_select_related = ("channel", "complaint")
    list_filter = ("state", ("channel", ChannelFilter))
    ordering = ("-received_at", "-id")
    search_fields = ("delivery_id__exact",)
    search_help_text = _("The whole id of the delivery")

    def get_queryset(self, request: HttpRequest) -> Any:
        rows = super().get_queryset(request)
        return rows.defer("payload") if request.resolver_match.url_name.endswith("changelist") else rows

    @admin.display(description=_("complaint"), empty_value="—")
    def number(self, delivery: HookDelivery) -> str | None:
        return delivery.complaint.number if delivery.complaint else None

    @admin.display(description=_("problems"), empty_value="")
    def why(self, delivery: HookDelivery) -> str:
        return " ".join(problem_lines(delivery.problems))

    # ------------------------------------------------------------ one delivery

    def get_urls(self) -> list[Any]:
        steps = {"again": self.again, "aside": self.aside, "reveal": self.reveal}
        own = [
            path(f"<int:pk>/{name}/", self.admin_site.admin_view(view), name=f"complaints_hookdelivery_{name}")
            for name, view in steps.items()
        ]
        return [*own, *super().get_urls()]

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        """GET shows the delivery, its payload masked."""
        delivery = self.get_object(request, object_id)
        if delivery is None or not self.has_view_permission(request, delivery):
            raise PermissionDenied
        return self._page(request, delivery, masked=True)

    def reveal(self, request: HttpRequest, pk: int) -> HttpResponse:
        """POST shows the payload in full, and writes down who looked."""
        delivery = self._delivery(request, pk, "complaints.reveal_contact")
        if request.method != "POST":
            return redirect(PAGE, pk)
        repairing.revealed(delivery, actor=request.user, now=timezone.now())
        answer = self._page(request, delivery, masked=False)
        answer["Cache-Control"] = "no-store"
        return answer

    def again(self, request: HttpRequest, pk: int) -> HttpResponse:
        def step(delivery: HookDelivery, who: dict[str, Any]) -> Any:
            after = repairing.again(delivery, **who)
            if after.complaint:
                return _("Processed: %(number)s.") % {"number": after.complaint.number}
            return _("Processed; it still needs repair.") if after.state == "failed" else _("Processed.")

        return self._step(request, pk, step)

    def aside(self, request: HttpRequest, pk: int) -> HttpResponse:
        def step(delivery: HookDelivery, who: dict[str, Any]) -> Any:
            repairing.set_aside(delivery, **who)
            return _("Set aside. It can be processed again as long as its payload is kept.")

        return self._step(request, pk, step)

    def _step(self, request: HttpRequest, pk: int, step: Callable[[HookDelivery, dict[str, Any]], Any]) -> HttpResponse:
        delivery = self._delivery(request, pk, "complaints.change_hookdelivery")
        if request.method == "POST":
            try:
                messages.success(request, step(delivery, {"actor": request.user, "now": timezone.now()}))
            except Refused as refusal:
                messages.error(request, refusal.text)
        return redirect(PAGE, pk)

    def _delivery(self, request: HttpRequest, pk: int, permission: str) -> HookDelivery:
        delivery = self.get_object(request, str(pk))
        if delivery is None or not self.has_view_permission(request) or not request.user.has_perm(permission):
            raise PermissionDenied
        return delivery

    def _page(self, request: HttpRequest, delivery: HookDelivery, *, masked: bool) -> HttpResponse:
        context = self.admin_site.each_context(request) | {
            "title": delivery.delivery_id,
            "delivery": delivery,
            "tone": TONES[delivery.state],
            "icon": ICONS[delivery.state],
            "problems": problem_lines(delivery.problems),
            "payload": _shown(delivery, masked=masked),
            "masked": masked,
            "may_change": request.user.has_perm("complaints.change_hookdelivery"),
        }
        return render(request, "admin/complaints/hookdelivery/change_form.html", context)


def _shown(delivery: HookDelivery, *, masked: bool) -> str:
    if delivery.payload is None:
        return ""
    try:
        return payload.shown(payload.read(delivery.payload), masked=masked)
    except Problem as problem:
        return problem.text
