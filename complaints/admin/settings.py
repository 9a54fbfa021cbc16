"""What managers set up: shops and staff."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from complaints.models import Shop
from complaints.operations import calendars, duty
from complaints.roles import ROLES

from .displays import listed, staff_name
from .forms import ManyStaffField
from .stock import WithoutPopups

admin.site.unregister(get_user_model())
admin.site.unregister(Group)


@admin.register(Shop)
class ShopAdmin(WithoutPopups):
    list_display = ("name", "code", "platform", "active")
    list_filter = ("platform", "active")
    search_fields = ("name", "code")
    filter_horizontal = ("members",)
    fields = (
        "code", "name", "platform", "active", "allots_cases", "calendar", "match_days", "reopen_days", "members",
        "web_form", "form_address", "greeting_zh", "greeting_en",
    )  # fmt: skip
    readonly_fields = ("form_address",)

    @admin.display(description=_("address of the web form"))
    def form_address(self, shop: Shop) -> str:
        """What the shop gives to its customers."""
        return settings.AMENDS_BASE_URL + reverse("portal:complain", args=[shop.code]) if shop.pk else "—"

    def get_queryset(self, request: HttpRequest) -> Any:
        return Shop.objects.visible_to(request.user)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        return super().formfield_for_manytomany(db_field, request, **kwargs, form_class=ManyStaffField)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Open clocks of the shop follow it into another calendar; what waits is given out where that begins."""
        before = Shop.objects.filter(pk=obj.pk).values_list("calendar", flat=True).first()
        super().save_model(request, obj, form, change)
        if "allots_cases" in form.changed_data:
            duty.switched(obj, actor=request.user, now=timezone.now())
        if change and before != obj.calendar_id:
            calendars.shop_changed_calendar(obj, before=before, actor=request.user, now=timezone.now())


class RoleField(forms.ModelMultipleChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return str(_role_label(obj))


class RoleFilter(admin.RelatedFieldListFilter):
    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> list[tuple[Any, str]]:
        return [(group.pk, str(_role_label(group))) for group in Group.objects.order_by("pk")]


@admin.register(get_user_model())
class StaffAdmin(UserAdmin):
    """Staff accounts: a role and shops instead of single permissions."""

    list_display = ("username", "full_name", "roles", "email", "is_active")
    list_filter = ("is_active", ("groups", RoleFilter))
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        (_("Person"), {"fields": ("last_name", "first_name", "email")}),
        (_("Access"), {"fields": ("is_active", "is_staff", "groups")}),
    )
    add_fieldsets = (
        (None, {"fields": ("username", "usable_password", "password1", "password2")}),
        (_("Person"), {"fields": ("last_name", "first_name", "email")}),
        (_("Access"), {"fields": ("is_staff", "groups")}),
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        """Only the owner sees and changes owners."""
        rows = super().get_queryset(request).prefetch_related("groups")
        return rows if request.user.is_superuser else rows.filter(is_superuser=False)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Who is added here is to work here."""
        return super().get_changeform_initial_data(request) | {"is_staff": True}

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """History names people: they are deactivated, never deleted."""
        return False

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "groups":
            kwargs["form_class"] = RoleField
        field = super().formfield_for_manytomany(db_field, request, **kwargs)
        if db_field.name == "groups" and field:
            field.label, field.help_text = _("Roles"), _("What this person may do and see.")
        return field

    @admin.display(description=_("name"))
    def full_name(self, user: Any) -> str:
        return staff_name(user)

    @admin.display(description=_("roles"))
    def roles(self, user: Any) -> str:
        return listed(_role_label(group) for group in user.groups.all())


def _role_label(group: Group) -> Any:
    return ROLES[group.name].label if group.name in ROLES else group.name
