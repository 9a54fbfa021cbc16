"""What every test may use: role users, a fixed `now`, and a logged-in client per role."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.cache import cache
from django.db import connection
from django.test import Client
from hypothesis import settings as hypothesis

from complaints import waking
from complaints.models import Shop
from complaints.roles import ROLES
from knowledge import queries, searching
from tests import resting

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)

# The same examples in every run; no deadline, for two cores are shared with browsers and brokers.
hypothesis.register_profile("desk", derandomize=True, deadline=None, database=None)
hypothesis.load_profile("desk")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """SQLite has one writer and no row locks: tests about them belong to the run on services, and only to that one."""
    items[:] = resting.in_order(items)
    if connection.vendor == "postgresql":
        return
    elsewhere = [item for item in items if item.get_closest_marker("row_locks")]
    items[:] = [item for item in items if item not in elsewhere]
    config.hook.pytest_deselected(items=elsewhere)


@pytest.fixture(autouse=True)
def _no_numbers_of_other_tests() -> None:
    """What a process keeps in mind goes by numbers that a rolled back test gives out again."""
    queries._RULES.clear()
    searching._Remembered.stamp = None


@pytest.fixture(scope="session", autouse=True)
def _flush_without_triggers() -> None:
    resting.flush_without_triggers()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """The test database, of which `resting` knows from now on."""
    resting.Database.blocker = django_db_blocker


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    resting.make_ready(item)


@pytest.fixture(autouse=True)
def _static_files_as_they_lie(settings: Any) -> None:
    """The launcher collects the static files under hashed names; nobody has here."""
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = settings.STORAGES | {"staticfiles": plain}


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    """Each test asks the database itself whether the background stands still."""
    cache.clear()


@pytest.fixture(autouse=True)
def _broker_has_not_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a process remembers of a broker that was away is nothing to the next test."""
    monkeypatch.setattr(waking._Broker, "rests_until", 0.0)


@pytest.fixture
def now() -> datetime:
    """10:00 on a Friday in Shanghai."""
    return NOW


@pytest.fixture
def frozen(now: datetime) -> Iterator[datetime]:
    """The wall clock stands at `now`, for what reads it: pages and tasks."""
    with time_machine.travel(now, tick=False):
        yield now


@pytest.fixture
def content(db: None) -> None:
    """Roles and default content, as after `bootstrap`."""
    resting.bring_in()


@pytest.fixture
def shop(content: None) -> Shop:
    return Shop.objects.create(code="tmall", name="晴木家居天猫店", platform="taobao")


@pytest.fixture
def user_with(shop: Shop) -> Callable[..., Any]:
    """`user_with("agent")` makes an active staff member of that role, on the shop; keyword values override."""

    def make(role: str, *, shops: list[Shop] | None = None, **values: Any) -> Any:
        number = get_user_model().objects.count()
        values = {
            "username": f"{role}{number}",
            "first_name": f"员工{number}",
            "email": f"{role}{number}@staff.example",
        } | values
        user = get_user_model().objects.create_user(is_staff=True, password=None, **values)
        user.groups.add(Group.objects.get(name=role))
        for place in [shop] if shops is None else shops:
            place.members.add(user)
        return user

    return make


@pytest.fixture
def staff(user_with: Callable[..., Any]) -> dict[str, Any]:
    """One person of every role."""
    return {role: user_with(role) for role in ROLES}


@pytest.fixture
def client_for() -> Callable[[Any], Client]:
    """A client logged in as the given user."""

    def make(user: Any) -> Client:
        client = Client()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        client.cookies[settings.LANGUAGE_COOKIE_NAME] = "zh-hans"
        return client

    return make


@pytest.fixture
def agent(user_with: Callable[..., Any]) -> Any:
    """The clerk who works on most complaints of the tests."""
    return user_with("agent")


@pytest.fixture
def case(shop: Shop, agent: Any, now: datetime) -> Callable[..., Any]:
    """`case("verifying")` makes a complaint of the shop in that state, worked on by `agent` at `now`."""
    from tests.factories.complaints import complaint_in

    def make(state: str = "new", *, actor: Any = agent, **values: Any) -> Any:
        return complaint_in(state, shop, actor=actor, **{"now": now} | values)

    return make


@pytest.fixture
def media(tmp_path: Any, settings: Any) -> Any:
    """The folder where uploads of this test land."""
    settings.MEDIA_ROOT = tmp_path / "media"
    return settings.MEDIA_ROOT
