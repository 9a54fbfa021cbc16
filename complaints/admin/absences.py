"""Who is away, as those see and enter it who lead the people."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from complaints.models import Absence
from complaints.models.duty import colleagues_of

from . import reassigning
from .asked import known_id
from .displays import staff_name
from .forms import LocalDateTimeField, StaffChoiceField
from .records import CappedPaginator


class AbsenceForm(forms.ModelForm):
    starts_at = LocalDateTimeField(label=pgettext_lazy("absence", "From"))
    ends_at = LocalDateTimeField(label=pgettext_lazy("absence", "Until"))

    class Meta:
        model = Absence
        fields = ("user", "starts_at", "ends_at", "note")


@admin.register(Absence)
class AbsenceAdmin(admin.ModelAdmin):
    """Leads and managers enter the absences of the people of their shops; everybody the own ones on the own page."""

    form = AbsenceForm
    fields = ("user", "starts_at", "ends_at", "note")
    list_display = ("person", "begins", "ends", "note")
    list_select_related = ("user",)
    ordering = ("-starts_at", "-pk")
    sortable_by = ()
    actions = None
    show_full_result_count = False
    paginator = CappedPaginator
    list_per_page = 50

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).visible_to(request.user)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Whose absence it is stays as it was entered."""
        return ("person", *self.fields[1:]) if obj else self.fields

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("person",) if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """An absence that was a mistake is ended: what alerts passed by stays explained."""
        return False

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name != "user":
            return super().formfield_for_foreignkey(db_field, request, **kwargs)
        people = colleagues_of(request.user).order_by("first_name", "username")
        return StaffChoiceField(queryset=people, label=_("Person"))

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Other pages lead here with the person; a forged one is a wrong choice like any other."""
        user = known_id(request.GET.get("user", ""))
        return {"user": user} if user else {}

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: Any = None) -> Any:
        answer = super().response_add(request, obj, post_url_continue)
        return reassigning.offer_after_absence(request, obj.user, obj) or answer

    def response_change(self, request: HttpRequest, obj: Any) -> Any:
        answer = super().response_change(request, obj)
        return reassigning.offer_after_absence(request, obj.user, obj) or answer

    @admin.display(description=pgettext_lazy("absence", "From"))
    def begins(self, absence: Absence) -> Any:
        return absence.starts_at

    @admin.display(description=pgettext_lazy("absence", "Until"))
    def ends(self, absence: Absence) -> Any:
        return absence.ends_at

    @admin.display(description=_("person"))
    def person(self, absence: Absence) -> str:
        return staff_name(absence.user)
