"""Keys of the API: issued and rotated with a secret that is shown once, changed, revoked."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache

from complaints.models import ApiKey, Scope, Shop
from complaints.operations import api_keys as operation
from complaints.operations.api_keys import Issued
from complaints.refusals import Refused

from .forms import LocalDateTimeField
from .stock import WithoutPopups

OVERLAPS = (
    ("0", _("at once")),
    ("1", _("1 hour")),
    ("24", _("24 hours")),
    ("168", _("7 days")),
    ("720", _("30 days")),
)
"""Hours for which the old secret still works."""


class ApiKeyForm(forms.ModelForm):
    scopes = forms.MultipleChoiceField(label=_("Scopes"), choices=Scope, widget=forms.CheckboxSelectMultiple)
    expires_at = LocalDateTimeField(label=_("Expires"), required=False, help_text=_("Empty: it does not expire."))

    class Meta:
        model = ApiKey
        fields = ("shop", "name", "channel", "scopes", "per_minute", "expires_at")

    def clean_expires_at(self) -> Any:
        """What is over already would be a key that never works; a stored time may stay."""
        expires_at = self.cleaned_data["expires_at"]
        if expires_at and expires_at <= timezone.now() and expires_at != self.instance.expires_at:
            raise forms.ValidationError(_("This time is over already."))
        return expires_at


class RotationForm(forms.Form):
    overlap = forms.ChoiceField(label=_("The old secret ends"), choices=OVERLAPS, initial="24")


@admin.register(ApiKey)
class ApiKeyAdmin(WithoutPopups):
    form = ApiKeyForm
    list_display = ("name", "shop", "channel", "prefix", "standing", "last_used_at", "expires_at")
    list_filter = ("channel",)
    list_select_related = ("shop",)
    fields = ("shop", "name", "channel", "scopes", "per_minute", "expires_at")
    change_form_template = "admin/complaints/apikey/change_form.html"
    actions = None

    def get_queryset(self, request: HttpRequest) -> Any:
        return ApiKey.objects.visible_to(request.user)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The history names what came by it: it is revoked, never deleted."""
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("shop",) if obj else ()

    @admin.display(description=_("standing"))
    def standing(self, key: ApiKey) -> str:
        if key.revoked_at:
            return str(_("revoked"))
        return str(_("works") if key.works_at(timezone.now()) else _("expired"))

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "shop":
            kwargs["queryset"] = Shop.objects.visible_to(request.user)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def get_urls(self) -> list[Any]:
        view, info = self.admin_site.admin_view, "complaints_apikey"
        own = [
            path("<int:object_id>/rotate/", view(self.rotate), name=f"{info}_rotate"),
            path("<int:object_id>/revoke/", view(self.revoke), name=f"{info}_revoke"),
        ]
        return own + super().get_urls()

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """One at a time: the next page shows its secret."""
        one = {"show_save_and_add_another": False, "show_save_and_continue": False}
        return super().add_view(request, form_url, one | (extra_context or {}))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        extra = {"rotation": RotationForm(), "now": timezone.now()}
        return super().change_view(request, object_id, form_url, extra | (extra_context or {}))

    # ---------------------------------------------------------------- what changes a key

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: bool) -> None:
        now = timezone.now()
        if change:
            operation.change(obj, actor=request.user, now=now)
        else:
            request.issued = operation.issue(obj, actor=request.user, now=now)

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """The changelog has it already."""

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: Any = None) -> HttpResponse:
        return self._shown_once(request, request.issued)

    def rotate(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """POST gives the key a new secret, and shows it."""
        form = RotationForm(request.POST or None)
        key = self._changeable(request, object_id)
        if request.method != "POST" or not form.is_valid():
            return redirect(self._page_of(key))
        overlap = timedelta(hours=int(form.cleaned_data["overlap"]))
        try:
            issued = operation.rotate(key.pk, overlap=overlap, actor=request.user, now=timezone.now())
        except Refused as refusal:
            messages.error(request, refusal.text)
            return redirect(self._page_of(key))
        return self._shown_once(request, issued)

    def revoke(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """GET asks whether it is meant, POST ends the key."""
        key = self._changeable(request, object_id)
        if request.method == "POST":
            operation.revoke(key.pk, actor=request.user, now=timezone.now())
            messages.success(request, _("The key has been revoked. Its program is refused from now on."))
            return redirect(self._page_of(key))
        context = self.admin_site.each_context(request) | {"title": _("Revoke the key"), "key": key}
        return render(request, "admin/complaints/apikey/revoke.html", context)

    def _changeable(self, request: HttpRequest, object_id: int) -> ApiKey:
        key = self.get_object(request, str(object_id))
        if key is None or not self.has_change_permission(request, key):
            raise PermissionDenied
        return key

    def _shown_once(self, request: HttpRequest, issued: Issued) -> HttpResponse:
        return _secret_page(
            request, self.admin_site.each_context(request) | {"title": _("The secret of the key"), "issued": issued}
        )

    @staticmethod
    def _page_of(key: ApiKey) -> str:
        return reverse("admin:complaints_apikey_change", args=[key.pk])


@never_cache
def _secret_page(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    """Kept by nobody: neither a cache nor the way back shows it again."""
    example = request.build_absolute_uri(reverse("api-issue-types"))
    answer = render(request, "admin/complaints/apikey/secret.html", context | {"example": example})
    answer.headers["Cache-Control"] = "no-store"
    return answer
