"""Departments as a shop manager sets them up; who changed what is recorded."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from complaints.models import Department
from complaints.models.staff import staff_name
from complaints.operations.departments import record_change
from complaints.queries.people import answering

from .displays import listed
from .forms import ManyStaffField, StaffChoiceField
from .stock import WithoutPopups


@admin.register(Department)
class DepartmentAdmin(WithoutPopups):
    list_display = ("label", "code", "head", "people", "active")
    list_filter = ("active",)
    search_fields = ("name", "name_en", "code")
    fields = ("code", "name", "name_en", "active", "lead", "members")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("lead").prefetch_related("members")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Inquiries name departments: they are closed, never deleted."""
        return False

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "lead":
            kwargs |= {"form_class": StaffChoiceField, "queryset": answering(besides=self._chosen(request))}
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "members":
            kwargs |= {"form_class": ManyStaffField, "queryset": answering(besides=self._chosen(request))}
            kwargs["widget"] = forms.CheckboxSelectMultiple
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """The last step of saving, in the same transaction: by now the old values are known only to the form."""
        super().save_related(request, form, formsets, change)
        changes = {
            name: (_plain(form[name].initial) if change else None, _plain(form.cleaned_data[name]))
            for name in form.changed_data
        }
        record_change(form.instance, changes, actor=request.user, now=timezone.now())

    @admin.display(description=_("name"))
    def label(self, department: Department) -> str:
        return department.label

    @admin.display(description=_("head of department"))
    def head(self, department: Department) -> str:
        return staff_name(department.lead)

    @admin.display(description=_("members"))
    def people(self, department: Department) -> str:
        return listed(staff_name(person) for person in department.members.all())

    def _chosen(self, request: HttpRequest) -> list[int]:
        """Ids of those who are chosen now: they stay a choice, whatever has become of their role."""
        match = request.resolver_match
        key = match.kwargs.get("object_id") if match else None
        department = self.get_object(request, key) if key else None
        if department is None:
            return []
        members = [person.pk for person in department.members.all()]
        return [*members, department.lead_id] if department.lead_id else members


def _plain(value: Any) -> Any:
    """A value as the record keeps it: ids instead of people."""
    if hasattr(value, "pk"):
        return value.pk
    if isinstance(value, str | int | bool) or value is None:
        return value
    return sorted(_plain(one) for one in value)
