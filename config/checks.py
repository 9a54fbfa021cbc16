"""System checks of our own settings: a wrong one stops the start, with the mend in the message."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from difflib import get_close_matches
from email.utils import parseaddr
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.core.exceptions import ImproperlyConfigured
from django.http.request import split_domain_port, validate_host
from django.utils.module_loading import import_string

LOOPBACK = ("127.0.0.1", "localhost", "::1")


@register(Tags.security)
def addresses(app_configs: Any, **kwargs: Any) -> Iterator[CheckMessage]:
    """The address in our mails must lead back to this desk, and over HTTPS in production."""
    parts = urlsplit(settings.AMENDS_BASE_URL)
    if not validate_host(split_domain_port(parts.netloc)[0], settings.ALLOWED_HOSTS):
        yield Error(
            f"AMENDS_BASE_URL leads to {parts.hostname}, which AMENDS_ALLOWED_HOSTS does not let in.",
            hint=f"Add {parts.hostname} to AMENDS_ALLOWED_HOSTS, or correct AMENDS_BASE_URL.",
            id="amends.E001",
        )
    if settings.PRODUCTION and parts.scheme != "https":
        yield Error(
            "AMENDS_BASE_URL is not an https address, though the mode is production.",
            hint="Write it as https://...",
            id="amends.E002",
        )
    if not settings.PRODUCTION and settings.AMENDS_HOST not in LOOPBACK:
        yield Warning(
            f"The desk listens on {settings.AMENDS_HOST} without HTTPS: passwords cross the network in the clear.",
            hint="Set AMENDS_MODE=production behind a proxy with HTTPS, or AMENDS_HOST=127.0.0.1.",
            id="amends.W001",
        )


@register
def sender(app_configs: Any, **kwargs: Any) -> Iterator[CheckMessage]:
    """A sender that is no address would make every mail undeliverable at once; its domain also names each message."""
    address = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    name, _at, domain = address.rpartition("@")
    if not name or not re.fullmatch(r"[A-Za-z0-9.-]{1,70}|\[[0-9A-Fa-f.:]+\]", domain):
        yield Error(
            f"AMENDS_FROM_EMAIL={settings.DEFAULT_FROM_EMAIL} has no mail address of plain letters, digits, . and -.",
            hint="Write it as: Name <desk@example.com>",
            id="amends.E010",
        )


@register(Tags.security)
def separate_keys(app_configs: Any, **kwargs: Any) -> Iterator[CheckMessage]:
    """One leaked key must not open the other doors."""
    keys = [settings.SECRET_KEY, settings.AMENDS_HASH_KEY, *settings.SALT_KEY]
    if len(set(keys)) < len(keys):
        yield Error(
            "AMENDS_SECRET_KEY, AMENDS_FIELD_KEY and AMENDS_HASH_KEY are not all different.",
            hint="Make each one with: python3 -c 'import secrets; print(secrets.token_urlsafe(48))'",
            id="amends.E003",
        )


@register(Tags.files)
def writable_var(app_configs: Any, **kwargs: Any) -> Iterator[CheckMessage]:
    var = settings.AMENDS_VAR
    if var.exists() and not os.access(var, os.W_OK | os.X_OK):
        yield Error(
            f"AMENDS_VAR={var} cannot be written.",
            hint="Correct its permissions, or name another directory.",
            id="amends.E004",
        )
    if settings.MEDIA_ROOT.is_relative_to(settings.STATIC_ROOT):
        yield Error(
            "MEDIA_ROOT lies inside STATIC_ROOT, so that evidence would be served to everybody.",
            hint="Keep the two apart.",
            id="amends.E005",
        )


@register(Tags.database)
def database_waits(app_configs: Any, **kwargs: Any) -> Iterator[CheckMessage]:
    """What keeps two writers from losing each other's work must not be configured away."""
    database = settings.DATABASES["default"]
    options = database.get("OPTIONS", {})
    if database["ENGINE"].endswith("sqlite3") and options.get("transaction_mode") != "IMMEDIATE":
        yield Error(
            "SQLite transactions do not begin IMMEDIATE, so that concurrent writers fail.",
            hint="Remove transaction_mode from DATABASE_URL.",
            id="amends.E006",
        )
    if options.get("pool") and database.get("CONN_MAX_AGE", 0) != 0:
        yield Error(
            "CONN_MAX_AGE cannot be used with the connection pool.",
            hint="Remove CONN_MAX_AGE from DATABASE_URL.",
            id="amends.E007",
        )


@register
def schedule_is_sound(app_configs: Any, **kwargs: Any) -> Iterator[CheckMessage]:
    """Each entry of the beat table names a task that exists, and goes stale before it can pile up."""
    for name, entry in settings.CELERY_BEAT_SCHEDULE.items():
        if not _exists(entry["task"]):
            yield Error(
                f"The beat entry '{name}' names {entry['task']}, which does not exist.",
                hint="Correct config/schedule.py.",
                id="amends.E008",
            )
        if not 0 < entry.get("options", {}).get("expires", 0) <= entry["schedule"]:
            yield Error(
                f"The beat entry '{name}' does not expire within its period.",
                hint="Give it an `expires` in config/schedule.py.",
                id="amends.E009",
            )


@register
def known_names(app_configs: Any, **kwargs: Any) -> Iterator[CheckMessage]:
    """A misspelt setting is silent otherwise."""
    for name in settings.AMENDS_UNKNOWN_SETTINGS:
        close = get_close_matches(name, settings.AMENDS_KNOWN_SETTINGS, n=1)
        yield Warning(
            f"{name} is not a setting of Amends.",
            hint=f"Did you mean {close[0]}?" if close else "See .env.example, or remove it.",
            id="amends.W002",
        )


def _exists(path: str) -> bool:
    try:
        import_string(path)
    except (ImportError, ImproperlyConfigured):
        return False
    return True
