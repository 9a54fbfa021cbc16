"""Leads and managers enter the absences of their people."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse

from complaints.models import Absence
from complaints.roles import ROLES
from tests.factories.auth import StaffFactory
from tests.factories.complaints import NOW, ShopFactory

pytestmark = pytest.mark.usefixtures("frozen")

LIST, ADD = (reverse(f"admin:complaints_absence_{name}") for name in ("changelist", "add"))
AWAY = {"starts_at": "2026-11-21T09:00", "ends_at": "2026-11-23T18:00", "note": "年假"}
LEADING = {"team_lead", "supervisor", "shop_manager"}


def away(person: Any) -> Absence:
    return Absence.objects.create(user=person, starts_at=NOW, ends_at=NOW + timedelta(days=1), note=person.username)


def change(absence: Absence) -> str:
    return reverse("admin:complaints_absence_change", args=[absence.pk])


def test_leaders_enter_absences_and_nobody_else(
    staff: dict[str, Any], client_for: Callable[[Any], Client], agent: Any
) -> None:
    for role in ROLES:
        client = client_for(staff[role])
        answers = [client.get(LIST).status_code, client.get(ADD).status_code]
        answers.append(client.post(ADD, AWAY | {"user": agent.pk}).status_code)
        assert answers == ([200, 200, 302] if role in LEADING else [403, 403, 403]), role
        assert Absence.objects.count() == (role in LEADING), role
        Absence.objects.all().delete()


def test_lead_sees_and_chooses_the_people_of_the_own_shops(
    staff: dict[str, Any], agent: Any, client_for: Callable[[Any], Client]
) -> None:
    stranger = StaffFactory(role="agent", shops=[ShopFactory()])
    ours, theirs = away(agent), away(stranger)
    client = client_for(staff["team_lead"])
    page = client.get(LIST).content.decode()
    assert ours.note in page
    assert theirs.note not in page
    assert f'value="{stranger.pk}"' not in client.get(ADD).content.decode()
    assert client.get(change(theirs)).status_code == 302
    refused = client.post(ADD, AWAY | {"user": stranger.pk})
    assert refused.status_code == 422
    assert Absence.objects.count() == 2


def test_manager_enters_anybodys(staff: dict[str, Any], client_for: Callable[[Any], Client]) -> None:
    stranger = StaffFactory(role="agent", shops=[])
    client = client_for(staff["shop_manager"])
    assert client.post(ADD, AWAY | {"user": stranger.pk}).status_code == 302
    assert Absence.objects.get().user == stranger


def test_whose_absence_it_is_stays_and_its_times_change(
    staff: dict[str, Any], agent: Any, client_for: Callable[[Any], Client]
) -> None:
    absence = away(agent)
    client = client_for(staff["team_lead"])
    assert client.get(change(absence)).status_code == 200
    assert client.post(change(absence), AWAY | {"user": staff["finance"].pk}).status_code == 302
    absence.refresh_from_db()
    assert (absence.user, absence.note) == (agent, "年假")


@pytest.mark.parametrize("wrong", [{"ends_at": "2026-11-21T09:00"}, {"ends_at": ""}, {"user": ""}])
def test_absence_that_makes_no_sense_is_refused(
    staff: dict[str, Any], agent: Any, client_for: Callable[[Any], Client], wrong: dict[str, str]
) -> None:
    client = client_for(staff["team_lead"])
    answer = client.post(ADD, AWAY | {"user": agent.pk} | wrong)
    assert answer.status_code == 422
    assert "errorlist" in answer.content.decode()
    assert not Absence.objects.exists()


def test_absences_are_never_deleted(staff: dict[str, Any], agent: Any, client_for: Callable[[Any], Client]) -> None:
    absence = away(agent)
    owner = client_for(get_user_model().objects.create_superuser("owner"))
    assert owner.post(reverse("admin:complaints_absence_delete", args=[absence.pk]), {"post": "yes"}).status_code == 403
    owner.post(LIST, {"action": "delete_selected", "_selected_action": [absence.pk], "post": "yes"})
    assert Absence.objects.exists()
