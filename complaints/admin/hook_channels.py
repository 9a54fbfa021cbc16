"""Incoming webhooks: where other systems tell us of complaints, and what became of what they told."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from complaints.intake.hooks import repairing
from complaints.models import HookChannel, Shop
from complaints.operations import hook_channels as operation
from complaints.queries import hooks

from . import hook_mapping
from .hook_secret import RotateForm, secret_page
from .stock import WithoutPopups

PAGE = "admin:complaints_hookchannel_change"


class ChannelForm(forms.ModelForm):
    class Meta:
        model = HookChannel
        fields = ("name", "code", "shop", "kind", "keep_days", "active")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "keep_days" in self.fields:
            self.fields["keep_days"].min_value = 1
            self.fields["keep_days"].widget.attrs |= {"min": 1, "max": 3650}

    def clean_keep_days(self) -> int:
        days: int = self.cleaned_data["keep_days"]
        if not 1 <= days <= 3650:
            raise forms.ValidationError(_("Between 1 and 3650 days."))
        return days


@admin.register(HookChannel)
class HookChannelAdmin(WithoutPopups):
    form = ChannelForm
    list_display = ("name", "shop", "kind", "address", "last_at", "failed", "active")
    list_select_related = ("shop",)
    list_filter = ("active",)
    sortable_by = ()
    fields = ("name", "code", "shop", "kind", "keep_days", "active")
    change_form_template = "admin/complaints/hookchannel/change_form.html"
    actions = None

    def get_queryset(self, request: HttpRequest) -> Any:
        return hooks.channels(request.user)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Deliveries name their channel: it is switched off, never deleted."""
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """The code is part of the address that the sender knows."""
        return ("code",) if obj else ()

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "shop":
            kwargs["queryset"] = Shop.objects.visible_to(request.user)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    @admin.display(description=_("address"))
    def address(self, channel: HookChannel) -> str:
        return reverse("hook", args=[channel.code])

    @admin.display(description=_("last delivery"), empty_value="—")
    def last_at(self, channel: Any) -> Any:
        return channel.last_at

    @admin.display(description=_("needs repair"), empty_value="—")
    def failed(self, channel: Any) -> Any:
        return channel.failed or None

    # ------------------------------------------------------------ saving

    def save_model(self, request: HttpRequest, obj: HookChannel, form: Any, change: bool) -> None:
        operation.save(obj, actor=request.user, now=timezone.now())

    def response_add(self, request: HttpRequest, obj: HookChannel, post_url_continue: Any = None) -> HttpResponse:
        return self._secret(request, obj)

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        channel = context.get("original")
        if channel:
            context |= {
                "address": address_of(channel),
                "failed": hooks.failed_count(channel),
                "rotate_form": RotateForm(),
                "old_secret_until": channel.previous_until,
                "old_secret_used": hooks.last_by_previous_secret(channel),
                "now": timezone.now(),
                "unmapped": not channel.mapping.get("fields"),
            }
        return super().render_change_form(request, context, *args, **kwargs)

    # ------------------------------------------------------------ pages and buttons of one channel

    def get_urls(self) -> list[Any]:
        views = {"mapping": self.mapping, "rotate": self.rotate, "again": self.again}
        own = [
            path(f"<int:pk>/{name}/", self.admin_site.admin_view(view), name=f"complaints_hookchannel_{name}")
            for name, view in views.items()
        ]
        return [*own, *super().get_urls()]

    def mapping(self, request: HttpRequest, pk: int) -> HttpResponse:
        channel = self._channel(request, pk, change=request.method == "POST")
        return hook_mapping.page(request, channel, site=self.admin_site)

    def rotate(self, request: HttpRequest, pk: int) -> HttpResponse:
        """POST makes a new secret and shows it, this once."""
        channel = self._channel(request, pk, change=True)
        form = RotateForm(request.POST)
        if request.method != "POST" or not form.is_valid():
            return redirect(PAGE, pk)
        changed = operation.rotate(channel.pk, keep=form.span, actor=request.user, now=timezone.now())
        return self._secret(request, changed)

    def again(self, request: HttpRequest, pk: int) -> HttpResponse:
        """POST has everything that needs repair processed once more, in the background."""
        channel = self._channel(request, pk, change=True)
        if not request.user.has_perm("complaints.change_hookdelivery"):
            raise PermissionDenied
        if request.method == "POST":
            number = repairing.all_again(channel, actor=request.user, now=timezone.now())
            words = ngettext(
                "%(n)s delivery is being processed again.", "%(n)s deliveries are being processed again.", number
            )
            messages.success(request, words % {"n": number})
        return redirect(PAGE, pk)

    def _channel(self, request: HttpRequest, pk: int, *, change: bool) -> HookChannel:
        channel = self.get_object(request, str(pk))
        allowed = self.has_change_permission if change else self.has_view_permission
        if channel is None or not allowed(request, channel):
            raise PermissionDenied
        return channel

    def _secret(self, request: HttpRequest, channel: HookChannel) -> HttpResponse:
        back = reverse(PAGE, args=[channel.pk])
        return secret_page(request, channel, site=self.admin_site, back=back, address=address_of(channel))


def address_of(channel: HookChannel) -> str:
    """The address that the sender calls."""
    return f"{settings.AMENDS_BASE_URL.rstrip('/')}{reverse('hook', args=[channel.code])}"
