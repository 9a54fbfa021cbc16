"""A wrong setting stops the start, and the message names the mend."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from celery import current_app
from django.conf import settings as live
from django.core.checks import run_checks
from pytest_django.fixtures import Settings

from config import broker, checks, schedule


def ids(check: Callable[..., Any]) -> list[str]:
    return [message.id for message in check(None)]


def test_our_own_settings_are_sound() -> None:
    assert [message for message in run_checks() if message.id.startswith("amends.E")] == []


def test_address_in_mails_must_lead_here(settings: Settings) -> None:
    settings.AMENDS_BASE_URL = "https://elsewhere.example"
    settings.ALLOWED_HOSTS = ["desk.example.com"]
    assert ids(checks.addresses) == ["amends.E001"]


def test_production_address_must_be_https(settings: Settings) -> None:
    settings.PRODUCTION = True
    settings.AMENDS_BASE_URL = "http://desk.example.com"
    settings.ALLOWED_HOSTS = ["desk.example.com"]
    assert ids(checks.addresses) == ["amends.E002"]


@pytest.mark.parametrize("sender", ["客服", "客服 <客服@例子.cn>", "desk@", "@desk.example", "<>"])
def test_sender_must_be_an_address(settings: Settings, sender: str) -> None:
    settings.DEFAULT_FROM_EMAIL = sender
    assert ids(checks.sender) == ["amends.E010"]


@pytest.mark.parametrize("sender", ["客服 <desk@example.com>", "desk@mail.example.com", "Amends <amends@127.0.0.1>"])
def test_address_of_the_sender_may_bear_a_name(settings: Settings, sender: str) -> None:
    settings.DEFAULT_FROM_EMAIL = sender
    assert ids(checks.sender) == []


def test_open_network_without_https_is_warned_of(settings: Settings) -> None:
    settings.PRODUCTION = False
    settings.AMENDS_HOST = "0.0.0.0"
    assert ids(checks.addresses) == ["amends.W001"]


def test_one_key_for_two_purposes_is_refused(settings: Settings) -> None:
    settings.AMENDS_HASH_KEY = settings.SECRET_KEY
    assert ids(checks.separate_keys) == ["amends.E003"]


def test_evidence_must_not_lie_among_static_files(settings: Settings) -> None:
    settings.MEDIA_ROOT = Path(settings.STATIC_ROOT) / "media"
    assert ids(checks.writable_var) == ["amends.E005"]


def test_sqlite_must_begin_immediately(monkeypatch: pytest.MonkeyPatch) -> None:
    database = {"ENGINE": "django.db.backends.sqlite3", "OPTIONS": {"transaction_mode": "DEFERRED"}}
    monkeypatch.setitem(live.DATABASES, "default", database)
    assert ids(checks.database_waits) == ["amends.E006"]


def test_pool_excludes_lasting_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    database = {"ENGINE": "django.db.backends.postgresql", "CONN_MAX_AGE": 60, "OPTIONS": {"pool": {"max_size": 4}}}
    monkeypatch.setitem(live.DATABASES, "default", database)
    assert ids(checks.database_waits) == ["amends.E007"]


def test_schedule_must_name_an_existing_task_and_expire(settings: Settings) -> None:
    settings.CELERY_BEAT_SCHEDULE = {"lost": {"task": "complaints.tasks.no_such", "schedule": 30.0}}
    assert ids(checks.schedule_is_sound) == ["amends.E008", "amends.E009"]


def test_misspelt_setting_is_named_with_the_right_one(settings: Settings) -> None:
    settings.AMENDS_UNKNOWN_SETTINGS = ["AMENDS_PROT"]
    (message,) = checks.known_names(None)
    assert message.hint == "Did you mean AMENDS_PORT?"


# ------------------------------------------------------------------ background work


def test_each_wake_up_expires_before_the_next_one() -> None:
    for entry in schedule.table(30).values():
        assert entry["options"]["expires"] == entry["schedule"] > 0


def test_our_celery_application_is_the_current_one() -> None:
    assert current_app.main == "amends"
    assert current_app.conf.task_publish_retry is False
    assert current_app.conf.broker_transport_options["socket_timeout"] <= 0.5
    assert current_app.conf.broker_transport_options["ack_emulation"] is False


def test_broker_listens_under_var_when_the_path_is_short(tmp_path: Path) -> None:
    assert broker.socket_path(Path("/srv/amends/var")) == Path("/srv/amends/var/broker/broker.sock")


@pytest.mark.parametrize("var", [Path("/srv") / ("long" * 30), Path("/srv/安诉/var"), Path("/srv/my desk/var")])
def test_broker_listens_in_a_short_private_directory_otherwise(var: Path) -> None:
    path = broker.socket_path(var)
    assert len(str(path)) <= broker.LONGEST_SOCKET
    assert path != broker.socket_path(var / "other")


def test_broker_keeps_its_socket_private(tmp_path: Path) -> None:
    command = broker.prepare(tmp_path)
    assert (tmp_path / "broker").stat().st_mode & 0o777 == 0o700
    assert command[command.index("--port") + 1] == "0"
    assert command[command.index("--appendonly") + 1] == "yes"


# ------------------------------------------------------------------ headers


def test_content_security_policy_allows_nothing_inline() -> None:
    directives = live.CONTENT_SECURITY_POLICY["DIRECTIVES"]
    assert directives["default-src"] == directives["frame-ancestors"] == ["'none'"]
    assert not any("unsafe" in source for sources in directives.values() for source in sources)
