"""Who is given new cases: the table of people with skills, shifts and load, and the page about one of them (R7.3)."""

from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from complaints.models import DutyProfile, SettingChange, Shop
from complaints.models.staff import staff_name
from complaints.operations import duty
from complaints.queries import duty_table

from .asked import known_id
from .duty_forms import DutyForm

LIST = "admin:complaints_dutyprofile_changelist"
PER_PAGE = 100
CHANGES_SHOWN = 5
UNPROCESSABLE = 422


@admin.register(DutyProfile)
class DutyProfileAdmin(admin.ModelAdmin):
    """Pages of our own: people come and go with their accounts, and each has a page whether or not a row is there."""

    def get_queryset(self, request: HttpRequest) -> Any:
        return DutyProfile.objects.visible_to(request.user)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_urls(self) -> list[Any]:
        view, info = self.admin_site.admin_view, "complaints_dutyprofile"
        return [
            path("person/<int:user_id>/", view(self.person), name=f"{info}_person"),
            path("shop/<int:shop_id>/", view(require_POST(self.switch)), name=f"{info}_switch"),
            *super().get_urls(),
        ]

    @method_decorator(require_safe)
    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        shops = list(duty_table.shops_of(request.user))
        asked = known_id(request.GET.get("shop", ""))
        shop = next((shop for shop in shops if shop.pk == asked), None)
        now = timezone.now()
        rows = duty_table.table(request.user, shop=shop, now=now)
        context = self.admin_site.each_context(request) | {
            "title": self.opts.verbose_name_plural,
            "shops": shops,
            "shop": shop,
            "page": Paginator(rows, PER_PAGE).get_page(request.GET.get("p")),
            "now": now,
            "may_change": self.has_change_permission(request),
            "may_switch": request.user.has_perm("complaints.change_shop"),
        }
        return render(request, "admin/complaints/dutyprofile/change_list.html", context)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Records of changes lead here by the id of the row."""
        profile = self.get_object(request, object_id)
        if profile is None:
            raise Http404
        return redirect("admin:complaints_dutyprofile_person", profile.user_id)

    def switch(self, request: HttpRequest, shop_id: int) -> HttpResponse:
        """POST lets a shop give out its new cases by itself, or no more."""
        on = {"on": True, "off": False}.get(request.POST.get("to", ""))
        if not (self.has_view_permission(request) and request.user.has_perm("complaints.change_shop")):
            raise PermissionDenied
        if on is None or not Shop.objects.visible_to(request.user).filter(pk=shop_id).exists():
            raise Http404
        shop = duty.switch(shop_id, on=on, actor=request.user, now=timezone.now())
        said = _("%(shop)s gives out new cases by itself now.") if on else _("%(shop)s waits for people to take cases.")
        messages.success(request, said % {"shop": shop.name})
        return redirect(LIST)

    def person(self, request: HttpRequest, user_id: int) -> HttpResponse:
        """GET shows what is entered about a person, POST changes it."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        user = duty_table.people_of(request.user).filter(pk=user_id).first()
        if user is None:
            raise Http404
        may_change = self.has_change_permission(request)
        if request.method == "POST" and not may_change:
            raise PermissionDenied
        now = timezone.now()
        row = duty_table.of_one(user, request.user, now=now)
        form = DutyForm(request.POST or None, profile=row.profile, takes=row.takes)
        if request.method == "POST" and form.is_valid():
            duty.enter(user, **form.values(), actor=request.user, now=now)
            messages.success(request, _("Saved. The next case is given out by it."))
            return redirect(LIST)
        return self._person_page(request, row, form, may_change=may_change, now=now)

    def _person_page(
        self, request: HttpRequest, row: duty_table.Row, form: DutyForm, *, may_change: bool, now: datetime
    ) -> HttpResponse:
        changes = SettingChange.objects.filter(subject=DutyProfile._meta.model_name, subject_id=row.profile.pk or 0)
        context = self.admin_site.each_context(request) | {
            "title": staff_name(row.user),
            "row": row,
            "form": form,
            "now": now,
            "may_change": may_change,
            "changes": changes.select_related("actor")[:CHANGES_SHOWN],
        }
        status = UNPROCESSABLE if form.is_bound else 200
        return render(request, "admin/complaints/dutyprofile/person.html", context, status=status)
