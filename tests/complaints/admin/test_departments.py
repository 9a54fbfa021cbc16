"""A shop manager sets departments up; who changed what is written down."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from complaints.models import Department, SettingChange
from complaints.models.staff import staff_name
from complaints.operations.departments import load_departments
from tests.factories.auth import StaffFactory
from tests.factories.complaints import NOW
from tests.factories.inquiries import DepartmentFactory, InquiryFactory

pytestmark = pytest.mark.usefixtures("frozen")


@pytest.fixture
def keeper(user_with: Callable[..., Any]) -> Any:
    return user_with("department", shops=[])


@pytest.fixture
def manager(user_with: Callable[..., Any]) -> Any:
    return user_with("shop_manager")


def change(department: Department) -> str:
    return reverse("admin:complaints_department_change", args=[department.pk])


def fields(department: Department, **values: Any) -> dict[str, Any]:
    return {
        "code": department.code, "name": department.name, "name_en": department.name_en, "active": "on", "lead": "",
        "members": [],
    } | values  # fmt: skip


def test_the_defaults_are_loaded_once_and_leave_what_was_edited(db: None) -> None:
    added = load_departments()
    assert added == Department.objects.count() >= 10
    Department.objects.filter(code="WH").update(name="一号仓", active=False)
    assert load_departments() == 0
    assert Department.objects.get(code="WH").name == "一号仓"
    Department.objects.get(code="LOG").delete()
    assert load_departments() == 1


def test_bootstrap_loads_them(db: None) -> None:
    call_command("bootstrap")
    assert {"WH", "LOG", "PUR"} <= set(Department.objects.values_list("code", flat=True))


def test_a_change_is_recorded_with_old_and_new(keeper: Any, manager: Any, client_for: Callable[[Any], Client]) -> None:
    department = DepartmentFactory(name="仓储", members=[keeper])
    sent = fields(department, name="一号仓", lead=keeper.pk, members=[])
    assert client_for(manager).post(change(department), sent).status_code == 302
    department.refresh_from_db()
    assert (department.name, department.lead, department.members.count()) == ("一号仓", keeper, 0)
    record = SettingChange.objects.get()
    assert (record.at, record.actor, record.subject, record.subject_id) == (NOW, manager, "department", department.pk)
    assert record.changes == {
        "name": ["仓储", "一号仓"], "lead": [None, keeper.pk], "members": [[keeper.pk], []],
    }  # fmt: skip


def test_a_new_department_is_recorded_too(keeper: Any, manager: Any, client_for: Callable[[Any], Client]) -> None:
    sent = fields(Department(code="NEW", name="包装组"), members=[keeper.pk])
    assert client_for(manager).post(reverse("admin:complaints_department_add"), sent).status_code == 302
    record = SettingChange.objects.get()
    assert record.changes["name"] == [None, "包装组"]
    assert record.changes["members"] == [None, [keeper.pk]]


def test_saving_without_a_change_records_nothing(manager: Any, client_for: Callable[[Any], Client]) -> None:
    department = DepartmentFactory()
    assert client_for(manager).post(change(department), fields(department)).status_code == 302
    assert not SettingChange.objects.exists()


def test_only_who_can_answer_is_a_member(
    keeper: Any, manager: Any, agent: Any, client_for: Callable[[Any], Client]
) -> None:
    department, client = DepartmentFactory(), client_for(manager)
    gone = StaffFactory(role="department", gone=True)
    for person in (agent, gone):
        for sent in (fields(department, members=[person.pk]), fields(department, lead=person.pk)):
            assert client.post(change(department), sent).status_code == 422
    department.refresh_from_db()
    assert (department.members.count(), department.lead) == (0, None)


def test_people_are_ticked_by_name_and_nothing_opens_a_pop_up(
    keeper: Any, manager: Any, client_for: Callable[[Any], Client]
) -> None:
    page = client_for(manager).get(change(DepartmentFactory())).content.decode()
    assert f'type="checkbox" name="members" value="{keeper.pk}"' in page
    assert staff_name(keeper) in page
    assert "_popup=1" not in page


@pytest.mark.parametrize("forged", ["9" * 30, "x", "-1"])
def test_an_id_that_no_database_holds_is_a_wrong_choice(
    forged: str, manager: Any, client_for: Callable[[Any], Client]
) -> None:
    warehouse = DepartmentFactory()
    answer = client_for(manager).post(change(warehouse), fields(warehouse, members=[forged]))
    assert "members" in answer.context["adminform"].form.errors
    assert not SettingChange.objects.exists()


def test_who_has_left_stays_where_they_were_until_taken_out(manager: Any, client_for: Callable[[Any], Client]) -> None:
    gone = StaffFactory(role="department", gone=True)
    department = DepartmentFactory(members=[gone], lead=gone)
    sent = fields(department, name="一号仓", lead=gone.pk, members=[gone.pk])
    assert client_for(manager).post(change(department), sent).status_code == 302
    assert SettingChange.objects.get().changes.keys() == {"name"}


def test_a_department_is_closed_and_never_deleted(manager: Any, client_for: Callable[[Any], Client]) -> None:
    department = InquiryFactory().department
    address = reverse("admin:complaints_department_delete", args=[department.pk])
    assert client_for(manager).post(address, {"post": "yes"}).status_code == 403
    client_for(manager).post(change(department), fields(department) | {"active": ""})
    department.refresh_from_db()
    assert not department.active


@pytest.mark.parametrize("role", ["agent", "team_lead", "supervisor", "department", "auditor"])
def test_nobody_else_sets_departments_up(role: str, user_with: Any, client_for: Callable[[Any], Client]) -> None:
    department, client = DepartmentFactory(), client_for(user_with(role))
    assert client.get(change(department)).status_code == 403
    assert client.post(change(department), fields(department, name="x")).status_code == 403
    assert not SettingChange.objects.exists()
