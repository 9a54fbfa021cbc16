"""Mailboxes: where each shop hears its customers; a password goes in and never out."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from complaints.intake.mail import trial
from complaints.models import Mailbox, Shop
from complaints.operations import mailboxes as operation
from complaints.outbox import wire

from .stock import WithoutPopups

USUAL_PORTS = {Mailbox.Security.TLS: 993, Mailbox.Security.STARTTLS: 143, Mailbox.Security.NONE: 143}


class MailboxForm(forms.ModelForm):
    new_password = forms.CharField(
        label=_("Password or authorisation code"),
        max_length=200,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "class": "vTextField"}),
    )

    class Meta:
        model = Mailbox
        fields = (
            "shop", "address", "active", "host", "security", "port", "user", "folder", "move_to", "since",
            "reply_mark", "receipts",
        )  # fmt: skip
        widgets = {"since": forms.DateInput({"type": "date"}, format="%Y-%m-%d")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "since" in self.fields:
            self.fields["since"].initial = timezone.localdate()
        password = self.fields.get("new_password")
        if password and self.instance.password:
            password.help_text = _("Set. Leave it empty to keep it.")
        elif password:
            password.help_text = _("QQ Mail, 163 and others want an authorisation code; you make it in their settings.")

    def clean(self) -> dict[str, Any]:
        """A mailbox that is fetched needs a login; another server never gets the password of this one."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if not values.get("host"):
            return values
        self._refuse_inside(values["host"], values.get("port") or 0)
        if not values.get("user"):
            self.add_error("user", _("The login needs a user name; mostly it is the address."))
        moved = self.instance.pk and values["host"] != Mailbox.objects.get(pk=self.instance.pk).host
        if not values.get("new_password") and (moved or not self.instance.password):
            self.add_error("new_password", _("Type the password; another server does not get the one that is set."))
        return values

    def _refuse_inside(self, host: str, port: int) -> None:
        """A server of the own network is not read, unless whoever runs this installation has named it."""
        try:
            wire.look_up(wire.Place("imap", host, port, ""))
        except wire.Forbidden as problem:
            self.add_error("host", problem.args[0])
        except OSError:
            pass  # a name that is not known now may be known when mails are fetched

    def clean_port(self) -> int:
        port: int = self.cleaned_data["port"]
        if not 1 <= port <= 65535:
            raise forms.ValidationError(_("A port is a number from 1 to 65535."))
        return port

    def _post_clean(self) -> None:
        super()._post_clean()
        self.instance.password = self.cleaned_data.get("new_password") or self.instance.password


@admin.register(Mailbox)
class MailboxAdmin(WithoutPopups):
    form = MailboxForm
    list_display = ("address", "shop", "host", "active", "last_polled_at", "trouble")
    list_select_related = ("shop",)
    list_filter = ("active",)
    fieldsets = (
        (None, {"fields": ("shop", "address", "active")}),
        (
            _("How mail is fetched"),
            {"fields": ("host", "security", "port", "user", "new_password", "folder", "move_to", "since")},
        ),
        (_("Replies"), {"fields": ("reply_mark", "receipts")}),
    )
    change_form_template = "admin/complaints/mailbox/change_form.html"
    actions = None

    def get_queryset(self, request: HttpRequest) -> Any:
        return Mailbox.objects.visible_to(request.user)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Its mails stay with the shop to which they were written."""
        return ("shop",) if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Mails name the mailbox by which they came: it is switched off, never deleted."""
        return False

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        return super().formfield_for_foreignkey(
            db_field, request, **kwargs | {"queryset": Shop.objects.visible_to(request.user)}
        )

    @admin.display(description=_("last error"))
    def trouble(self, mailbox: Mailbox) -> str:
        return mailbox.last_error or "—"

    def save_model(self, request: HttpRequest, obj: Mailbox, form: Any, change: bool) -> None:
        operation.save(obj, actor=request.user, now=timezone.now())

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.try_it)
        return [path("<int:object_id>/try/", view, name="complaints_mailbox_try"), *super().get_urls()]

    def try_it(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """POST connects as a worker would and tells how far it came; nothing changes, here or there."""
        mailbox = self.get_object(request, str(object_id))
        if mailbox is None or not self.has_change_permission(request, mailbox):
            raise PermissionDenied
        if request.method != "POST" or not mailbox.host:
            return redirect(reverse("admin:complaints_mailbox_change", args=[object_id]))
        context = self.admin_site.each_context(request) | {
            "title": mailbox.address, "mailbox": mailbox, "steps": trial.tried(mailbox),
        }  # fmt: skip
        return render(request, "admin/complaints/mailbox/tried.html", context)
