"""Incoming mail: what came, what became of it, and what a person has to decide."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from complaints.intake.mail import html, letter, placing, vault
from complaints.models import InboundMail
from complaints.models.complaint import Complaint
from complaints.operations import inbound
from complaints.refusals import Refused

from .records import ReadOnlyAdmin

TONES = {"failed": "breached", "kept": "waiting", "taken": "done", "joined": "done", "bounce": "risk"}
_PLAIN_PAGE = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox"
_FRAME = (
    '<!doctype html><html><head><meta charset="utf-8"><meta name="referrer" content="no-referrer"></head>'
    "<body>{}</body></html>"
)


@admin.register(InboundMail)
class InboundMailAdmin(ReadOnlyAdmin):
    list_display = ("received_at", "masked_sender", "subject", "state", "number", "reason")
    list_select_related = ("complaint",)
    list_filter = ("state",)
    ordering = ("-received_at", "-id")
    change_form_template = "admin/complaints/inboundmail/change_form.html"

    @admin.display(description=gettext_lazy("sender"))
    def masked_sender(self, mail: InboundMail) -> str:
        return mail.masked_sender

    @admin.display(description=gettext_lazy("why"))
    def reason(self, mail: InboundMail) -> str:
        return mail.get_why_display() or "—"

    @admin.display(description=gettext_lazy("complaint"))
    def number(self, mail: InboundMail) -> str:
        return mail.complaint.number if mail.complaint else "—"

    def get_urls(self) -> list[Any]:
        view, info = self.admin_site.admin_view, "complaints_inboundmail"
        own = [
            path("<int:object_id>/do/<slug:what>/", view(self.decide), name=f"{info}_do"),
            path("<int:object_id>/html/", view(self.layout), name=f"{info}_html"),
            path("<int:object_id>/raw/", view(self.original), name=f"{info}_raw"),
        ]
        return own + super().get_urls()

    @method_decorator(require_safe)
    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        mail = self._mail(request, object_id)
        read = self._read(mail)
        visible = Complaint.objects.visible_to(request.user)
        context = self.admin_site.each_context(request) | {
            "title": str(mail),
            "mail": mail,
            "letter": read,
            "tone": TONES.get(mail.state, ""),
            "complaint": visible.filter(pk=mail.complaint_id).first() if mail.complaint_id else None,
            "hint": visible.filter(pk=mail.hint_id).first() if mail.hint_id else None,
            "decides": mail.state in inbound.OPEN_TO_PEOPLE and request.user.has_perm("complaints.handle_inboundmail"),
        }
        return render(request, "admin/complaints/inboundmail/change_form.html", context)

    @method_decorator(require_POST)
    def decide(self, request: HttpRequest, object_id: int, what: str) -> HttpResponse:
        """Process again by the rules, register it as a person's words, or leave it aside."""
        mail = self._mail(request, object_id)
        if not request.user.has_perm("complaints.handle_inboundmail"):
            raise PermissionDenied
        if what not in _DECISIONS:
            raise Http404
        try:
            self._done(request, _DECISIONS[what](mail, request.user, timezone.now()))
        except Refused as refusal:
            messages.error(request, refusal.text)
        return redirect(reverse("admin:complaints_inboundmail_change", args=[object_id]))

    @method_decorator(require_safe)
    def layout(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """The mail's own layout, on a page of its own that may load nothing and run nothing."""
        read = self._read(self._mail(request, object_id))
        if read is None or not read.html:
            raise Http404
        response = HttpResponse(_FRAME.format(html.safe(read.html)))
        response["Content-Security-Policy"] = _PLAIN_PAGE
        response["Referrer-Policy"] = "no-referrer"
        response["Cache-Control"] = "no-store"
        return response

    @method_decorator(require_POST)
    def original(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """The mail as it came, with all addresses in it; that somebody looked is written down (R7.6)."""
        mail = self._mail(request, object_id)
        if not request.user.has_perm("complaints.reveal_contact"):
            raise PermissionDenied
        try:
            data = vault.read(mail.raw)
        except vault.Missing as missing:
            raise Http404 from missing
        inbound.looked_at(mail, actor=request.user, now=timezone.now())
        response = HttpResponse(data, content_type="application/octet-stream")
        response["Content-Disposition"] = f'attachment; filename="mail-{mail.pk}.eml"'
        response["X-Content-Type-Options"] = "nosniff"
        response["Cache-Control"] = "no-store"
        return response

    def _mail(self, request: HttpRequest, object_id: Any) -> InboundMail:
        """Somebody else's mail and none at all look alike."""
        mail: Any = self.get_object(request, str(object_id))
        if mail is None:
            raise Http404
        if not self.has_view_permission(request, mail):
            raise PermissionDenied
        return mail

    def _read(self, mail: InboundMail) -> letter.Letter | None:
        if not mail.raw:
            return None
        try:
            return letter.read(vault.read(mail.raw))
        except vault.Missing:
            return None

    def _done(self, request: HttpRequest, mail: InboundMail) -> None:
        words = _("Now: %(stage)s.") % {"stage": mail.get_state_display()}
        (messages.warning if mail.state in ("failed", "kept") else messages.success)(request, words)


def _again(mail: InboundMail, user: Any, now: Any) -> InboundMail:
    inbound.take_up(mail.pk, now=now)
    return placing.process(mail.pk, actor=user, now=now)


def _register(mail: InboundMail, user: Any, now: Any) -> InboundMail:
    inbound.take_up(mail.pk, now=now)
    return placing.process(mail.pk, as_person=True, actor=user, now=now)


def _leave(mail: InboundMail, user: Any, now: Any) -> InboundMail:
    return inbound.leave_aside(mail.pk, actor=user, now=now)


_DECISIONS = {"again": _again, "register": _register, "leave": _leave}
