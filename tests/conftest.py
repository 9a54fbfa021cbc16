"""What every test may use: role users, a fixed `now`, and a logged-in client per role."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.testcases import TransactionTestCase
from hypothesis import settings as hypothesis

from complaints import triggers, waking
from complaints.models import Shop
from complaints.operations.bootstrap import load_roles
from complaints.roles import ROLES
from knowledge import policy_triggers, queries, searching
from knowledge import triggers as script_triggers
from knowledge.models import (
    ConfirmationText,
    Criterion,
    CriterionVersion,
    IssueType,
    ListingItem,
    PhraseRule,
    ReplyScript,
    ScriptVersion,
    ServicePolicy,
    ServicePolicyVersion,
    SynonymChange,
    SynonymGroup,
)
from knowledge.operations.bootstrap import load_content

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)

CONTENT: Any = (
    Group,
    IssueType,
    ReplyScript,
    ScriptVersion,
    ReplyScript.issue_types.through,
    PhraseRule,
    Criterion,
    CriterionVersion,
    ServicePolicy,
    ServicePolicyVersion,
    SynonymGroup,
    SynonymChange,
    ListingItem,
    ConfirmationText,
)
"""What `bootstrap` loads, in the order in which rows refer to each other."""

TRIGGERS: Any = (
    triggers, script_triggers, script_triggers.RULE_EVENTS, script_triggers.rubric, policy_triggers, *triggers.QUALITY,
    *triggers.LATER, script_triggers.CONFIRMATION_TEXTS,
)  # fmt: skip
"""What only the database keeps, in sets."""

# The same examples in every run; no deadline, for two cores are shared with browsers and brokers.
hypothesis.register_profile("desk", derandomize=True, deadline=None, database=None)
hypothesis.load_profile("desk")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """SQLite has one writer and no row locks: tests about them belong to the run on services, and only to that one."""
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
    """Transactional tests empty the tables afterwards; history may be deleted then, and only then."""
    flush = TransactionTestCase._fixture_teardown

    def without_triggers(self: TransactionTestCase) -> None:
        for one in TRIGGERS:
            one.remove(connection)
        try:
            flush(self)
        finally:
            for one in TRIGGERS:
                one.install(connection)

    TransactionTestCase._fixture_teardown = without_triggers


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


@pytest.fixture(scope="session")
def loaded() -> dict[str, Any]:
    """What `bootstrap` loaded into the first database that asked for it; the others get a copy, which is faster."""
    return {}


@pytest.fixture
def frozen(now: datetime) -> Iterator[datetime]:
    """The wall clock stands at `now`, for what reads it: pages and tasks."""
    with time_machine.travel(now, tick=False):
        yield now


@pytest.fixture
def content(db: None, loaded: dict[str, Any]) -> None:
    """Roles and default content, as after `bootstrap`."""
    if loaded:
        _copy(loaded)
        return
    load_roles()
    load_content()
    granted = Group.permissions.through.objects.values_list(
        "group", "permission__content_type__app_label", "permission__codename"
    )
    loaded |= {
        "rows": [list(model.objects.order_by("pk")) for model in CONTENT],
        "granted": [(group, (app, codename)) for group, app, codename in granted],
    }


def _copy(loaded: dict[str, Any]) -> None:
    for rows in loaded["rows"]:
        type(rows[0]).objects.bulk_create(rows)
    # A flush gives permissions new ids.
    known = Permission.objects.values_list("content_type__app_label", "codename", "pk")
    permissions = {(app, codename): pk for app, codename, pk in known}
    through: Any = Group.permissions.through
    through.objects.bulk_create(
        [through(group_id=group, permission_id=permissions[name]) for group, name in loaded["granted"]]
    )


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
