"""Chat robots and webhooks: whom they tell, and where; their addresses and secrets go in and never out."""

from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.contrib import admin, messages
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from complaints.models import Robot, Shop
from complaints.operations import robots as operation
from complaints.outbox import waiting, wire
from complaints.outbox.robots import check
from complaints.refusals import Refused

from .forms import ManyRowsField, ManyStaffField


class RobotForm(forms.ModelForm):
    new_url = forms.CharField(
        label=_("Address"),
        max_length=500,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "class": "vURLField"}),
    )
    new_secret = forms.CharField(
        label=_("Signing secret"),
        max_length=200,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "class": "vURLField"}),
    )

    class Meta:
        model = Robot
        fields = ("name", "kind", "language", "active", "shops", "members")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in {"shops", "members"} & set(self.fields):
            self.fields[name].widget.can_add_related = False
        url, secret = self.fields["new_url"], self.fields["new_secret"]
        url.required = not self.instance.url
        if self.instance.url:
            host = urlsplit(self.instance.url).hostname
            url.help_text = _("Set: %(host)s. Leave it empty to keep it.") % {"host": host}
        else:
            url.help_text = _("Copy it from the robot's page in the chat. It is stored encrypted and not shown again.")
        if self.instance.secret:
            secret.help_text = _("Set. Leave it empty to keep it.")
        else:
            secret.help_text = _("Not set. DingTalk and Feishu show it under “signature”; WeCom has none.")

    def clean(self) -> dict[str, Any]:
        """Look at address, kind and secret together, as they will stand."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        kind, url = values.get("kind"), values.get("new_url") or self.instance.url
        if kind and url:
            self._check_address(kind, url)
        if kind == Robot.Kind.WEBHOOK and not (values.get("new_secret") or self.instance.secret):
            self.add_error("new_secret", _("A webhook needs a secret, so that its receiver can tell who is calling."))
        return values

    def _check_address(self, kind: str, url: str) -> None:
        try:
            where = check(kind, url)
            if kind == Robot.Kind.WEBHOOK:
                wire.look_up(where)
        except wire.Forbidden as problem:
            self.add_error("new_url", problem.args[0])
        except OSError:
            pass  # a name that is not known now may be known when there is something to say

    def _post_clean(self) -> None:
        super()._post_clean()
        self.instance.url = self.cleaned_data.get("new_url") or self.instance.url
        self.instance.secret = self.cleaned_data.get("new_secret") or self.instance.secret


@admin.register(Robot)
class RobotAdmin(admin.ModelAdmin):
    form = RobotForm
    list_display = ("name", "kind", "host", "active")
    list_filter = ("kind", "active")
    filter_horizontal = ("shops", "members")
    fields = ("name", "kind", "new_url", "new_secret", "language", "active", "shops", "members")
    change_form_template = "admin/complaints/robot/change_form.html"
    actions = None

    def get_queryset(self, request: HttpRequest) -> Any:
        return Robot.objects.visible_to(request.user)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Messages name the robot that told them: it is switched off, never deleted."""
        return False

    @admin.display(description=_("address"))
    def host(self, robot: Robot) -> str:
        return urlsplit(robot.url).hostname or ""

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "shops":
            kwargs |= {"queryset": Shop.objects.visible_to(request.user), "form_class": ManyRowsField}
        else:
            people = get_user_model().objects.filter(is_staff=True, is_active=True)
            kwargs |= {"queryset": people, "form_class": ManyStaffField}
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: Robot, form: Any, change: bool) -> None:
        """Shops that this person does not see stay as they are."""
        unseen = obj.shops.exclude(pk__in=Shop.objects.visible_to(request.user)) if obj.pk else ()
        shops = [*form.cleaned_data["shops"], *unseen]
        members = form.cleaned_data["members"]
        operation.save(obj, shops=shops, members=members, actor=request.user, now=timezone.now())

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """The operation has done it already."""

    def get_urls(self) -> list[Any]:
        test = path("<int:object_id>/test/", self.admin_site.admin_view(self.test), name="complaints_robot_test")
        cancel = path(
            "<int:object_id>/cancel/", self.admin_site.admin_view(self.cancel), name="complaints_robot_cancel"
        )
        return [test, cancel, *super().get_urls()]

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        if context.get("original"):
            context["held"] = waiting.held(context["original"])
        return super().render_change_form(request, context, *args, **kwargs)

    def cancel(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """POST gives up what is held back while the robot is off."""
        robot = self.get_object(request, str(object_id))
        if robot is None or not self.has_change_permission(request, robot):
            raise PermissionDenied
        if request.method == "POST":
            number = operation.cancel_held(robot, actor=request.user, now=timezone.now())
            words = ngettext("%(n)s message is cancelled.", "%(n)s messages are cancelled.", number)
            messages.success(request, words % {"n": number})
        return redirect(reverse("admin:complaints_robot_change", args=[object_id]))

    def test(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """POST lets the robot say something; the outbox shows what became of it."""
        robot = self.get_object(request, str(object_id))
        if robot is None or not self.has_change_permission(request, robot):
            raise PermissionDenied
        if request.method != "POST":
            return redirect(reverse("admin:complaints_robot_change", args=[object_id]))
        try:
            message = operation.send_test(robot, actor=request.user, now=timezone.now())
        except Refused as refusal:
            messages.error(request, refusal.text)
            return redirect(reverse("admin:complaints_robot_change", args=[object_id]))
        messages.success(request, _("The test message is on its way. This page shows what becomes of it."))
        if request.user.has_perm("complaints.view_outboxmessage"):
            return redirect(reverse("admin:complaints_outboxmessage_change", args=[message.pk]))
        return redirect(reverse("admin:complaints_robot_change", args=[object_id]))
