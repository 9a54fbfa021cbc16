"""How one is told is each person's own matter."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from complaints.models import Absence, AlertPreference, Robot
from complaints.roles import ROLES
from tests.factories.complaints import NOW, ShopFactory

pytestmark = pytest.mark.usefixtures("frozen")

WISHES, ABSENT, BACK = (reverse(f"admin:complaints_alert_{name}") for name in ("wishes", "absent", "back"))
ALL: dict[str, Any] = {
    "language": "en", "email": "on", "quiet_from": "22:00", "quiet_until": "07:30", "bundle_over": "3",
    "morning_digest": "on",
}  # fmt: skip
AWAY = {"absence-starts_at": "2026-11-21T09:00", "absence-ends_at": "2026-11-23T18:00", "absence-note": "年假"}


@pytest.fixture
def clerk(agent: Any, client_for: Callable[[Any], Client]) -> Client:
    return client_for(agent)


def robot(name: str, *shops: Any, **values: Any) -> Robot:
    made = Robot.objects.create(name=name, kind="feishu", url="https://chat.example/1", **values)
    made.shops.set(shops)
    return made


def stored(person: Any) -> dict[str, Any]:
    return AlertPreference.objects.filter(user=person).values().get()


# ------------------------------------------------------------------ wishes


def test_everybody_of_the_staff_says_how_to_be_told(staff: dict[str, Any], client_for: Callable[[Any], Client]) -> None:
    for role in ROLES:
        client = client_for(staff[role])
        page = client.get(WISHES)
        assert page.status_code == 200
        assert WISHES in page.content.decode()
        assert client.post(WISHES, ALL).status_code == 302
    assert AlertPreference.objects.count() == len(ROLES)


def test_what_was_chosen_holds(agent: Any, clerk: Client) -> None:
    clerk.post(WISHES, ALL)
    assert stored(agent) | {"id": 0} == {
        "id": 0, "user_id": agent.pk, "language": "en", "email": True, "quiet_from": time(22),
        "quiet_until": time(7, 30), "bundle_over": 3, "morning_digest": True, "weekly_digest": False,
    }  # fmt: skip
    clerk.post(WISHES, {"language": "zh-hans", "bundle_over": "5"})
    assert stored(agent)["email"] is False
    assert stored(agent)["quiet_from"] is None


def test_nobody_chooses_for_others(agent: Any, clerk: Client, user_with: Callable[..., Any]) -> None:
    other = user_with("agent")
    AlertPreference.objects.create(user=other)
    clerk.post(WISHES, ALL | {"user": other.pk, "id": AlertPreference.objects.get().pk, "pk": other.pk})
    assert stored(other)["language"] == "zh-hans"
    assert stored(agent)["language"] == "en"


@pytest.mark.parametrize(
    "wrong",
    [
        {"quiet_until": ""},
        {"quiet_from": ""},
        {"quiet_from": "07:30"},
        {"quiet_from": "25:00"},
        {"bundle_over": "0"},
        {"bundle_over": "51"},
        {"bundle_over": "x"},
        {"language": "tlh"},
        {"robots": ["9" * 30]},
    ],
)
def test_what_makes_no_sense_is_refused_and_stays_as_typed(agent: Any, clerk: Client, wrong: dict[str, Any]) -> None:
    answer = clerk.post(WISHES, ALL | {"bundle_over": "7"} | wrong)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert 'class="field-error"' in page
    (name, value), *_rest = wrong.items()
    if name in ("quiet_from", "bundle_over") and value:
        assert f'value="{value}"' in page
    assert not AlertPreference.objects.exists()


def test_looking_changes_nothing(clerk: Client) -> None:
    clerk.get(WISHES, ALL)
    clerk.get(ABSENT, AWAY)
    assert not AlertPreference.objects.exists()
    assert not Absence.objects.exists()


def test_strangers_and_forms_from_elsewhere_change_nothing(agent: Any) -> None:
    for address in (WISHES, ABSENT, BACK):
        assert Client().post(address, ALL | AWAY)["Location"].startswith(reverse("admin:login"))
        client = Client(enforce_csrf_checks=True)
        client.force_login(agent, backend="django.contrib.auth.backends.ModelBackend")
        assert client.post(address, ALL | AWAY).status_code == 403
    assert not AlertPreference.objects.exists()
    assert not Absence.objects.exists()


def test_page_is_reached_from_the_account_and_the_bell(clerk: Client) -> None:
    for address in (reverse("admin:complaints_complaint_changelist"), reverse("admin:complaints_alert_changelist")):
        assert f'href="{WISHES}"' in clerk.get(address).content.decode()


def test_who_has_no_address_is_told_that_no_mail_comes(
    user_with: Callable[..., Any], client_for: Callable[[Any], Client], agent: Any
) -> None:
    mark = "note is-risk"
    assert mark in client_for(user_with("agent", email="")).get(WISHES).content.decode()
    assert mark not in client_for(agent).get(WISHES).content.decode()


# ------------------------------------------------------------------ robots


def test_one_joins_the_robots_of_the_own_shops_and_leaves_them(shop: Any, agent: Any, clerk: Client) -> None:
    ours, of_all, off = (
        robot("自家", shop),
        robot(
            "全员",
        ),
        robot("停用", shop, active=False),
    )
    theirs = robot("别家", ShopFactory())
    page = clerk.get(WISHES).content.decode()
    assert [one.name in page for one in (ours, of_all, off, theirs)] == [True, True, False, False]
    clerk.post(WISHES, ALL | {"robots": [ours.pk, of_all.pk]})
    assert set(agent.robots.all()) == {ours, of_all}
    clerk.post(WISHES, ALL | {"robots": [of_all.pk]})
    assert set(agent.robots.all()) == {of_all}
    assert clerk.post(WISHES, ALL | {"robots": [theirs.pk]}).status_code == 422
    assert clerk.post(WISHES, ALL | {"robots": [off.pk]}).status_code == 422
    assert set(agent.robots.all()) == {of_all}


def test_robot_that_one_cannot_see_keeps_its_members(shop: Any, agent: Any, clerk: Client) -> None:
    theirs = robot("别家", ShopFactory())
    theirs.members.add(agent)
    clerk.post(WISHES, ALL)
    assert set(agent.robots.all()) == {theirs}


# ------------------------------------------------------------------ absences


def test_own_absence_is_entered_in_the_desks_time(agent: Any, clerk: Client) -> None:
    assert clerk.post(ABSENT, AWAY).status_code == 302
    absence = Absence.objects.get()
    assert (absence.user, absence.note) == (agent, "年假")
    assert absence.starts_at == datetime(2026, 11, 21, 1, tzinfo=UTC)
    assert "年假" in clerk.get(WISHES).content.decode()


@pytest.mark.parametrize(
    "wrong",
    [
        {"absence-ends_at": "2026-11-21T09:00"},
        {"absence-ends_at": "2026-11-20T09:00"},
        {"absence-ends_at": ""},
        {"absence-starts_at": ""},
        {"absence-starts_at": "0001-01-01T00:00"},
        {"absence-starts_at": "2026-11-19T09:00", "absence-ends_at": "2026-11-20T09:59"},
        {"absence-note": "x" * 121},
    ],
)
def test_absence_that_makes_no_sense_is_refused_and_stays_as_typed(clerk: Client, wrong: dict[str, str]) -> None:
    answer = clerk.post(ABSENT, AWAY | wrong)
    assert answer.status_code == 422
    assert 'class="field-error"' in answer.content.decode()
    assert "年假" in answer.content.decode() or "absence-note" in wrong
    assert not Absence.objects.exists()


def test_absences_of_a_person_do_not_overlap(agent: Any, clerk: Client, user_with: Callable[..., Any]) -> None:
    day = timedelta(days=1)
    Absence.objects.create(user=user_with("agent"), starts_at=NOW, ends_at=NOW + 9 * day)
    Absence.objects.create(user=agent, starts_at=NOW + 2 * day, ends_at=NOW + 9 * day)
    assert clerk.post(ABSENT, AWAY).status_code == 422
    assert clerk.post(ABSENT, AWAY | {"absence-ends_at": "2026-11-22T10:00"}).status_code == 302


def test_one_comes_back_early_or_does_not_leave_at_all(agent: Any, clerk: Client) -> None:
    hour = timedelta(hours=1)
    now_away = Absence.objects.create(user=agent, starts_at=NOW - hour, ends_at=NOW + hour)
    later = Absence.objects.create(user=agent, starts_at=NOW + 2 * hour, ends_at=NOW + 3 * hour)
    for absence in (now_away, later):
        clerk.post(BACK, {"absence": absence.pk})
    assert Absence.objects.get().ends_at == NOW
    assert not Absence.objects.at(NOW).exists()


@pytest.mark.parametrize("asked", ["theirs", "over", "x", "", "9" * 40])
def test_nobody_ends_what_is_not_theirs_or_over(
    agent: Any, clerk: Client, user_with: Callable[..., Any], asked: str
) -> None:
    hour = timedelta(hours=1)
    rows = {
        "theirs": Absence.objects.create(user=user_with("agent"), starts_at=NOW - hour, ends_at=NOW + hour),
        "over": Absence.objects.create(user=agent, starts_at=NOW - hour, ends_at=NOW),
    }
    before = list(Absence.objects.order_by("pk").values())
    clerk.post(BACK, {"absence": rows[asked].pk if asked in rows else asked})
    assert list(Absence.objects.order_by("pk").values()) == before
