"""Who is let in, and with which headers."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse

from tests.config.running_desk import BASE, clean_environment

PASSWORD = "a long enough passphrase"


def log_in(name: str, password: str, **extra: Any) -> Any:
    return Client().post(reverse("admin:login"), {"username": name, "password": password}, **extra)


@pytest.mark.django_db
def test_guessing_locks_the_pair_of_name_and_address_only() -> None:
    for name in ("lin", "wang"):
        get_user_model().objects.create_user(name, password=PASSWORD, is_staff=True)
    for _ in range(10):
        log_in("lin", "guess")

    assert log_in("lin", PASSWORD).status_code == 429
    assert log_in("wang", PASSWORD).status_code == 302
    assert log_in("lin", PASSWORD, REMOTE_ADDR="192.0.2.7").status_code == 302


@pytest.mark.parametrize(
    ("proxies", "forwarded", "client"),
    [
        (0, "198.51.100.9", "127.0.0.1"),
        (1, "192.0.2.7", "192.0.2.7"),
        (1, "198.51.100.9, 192.0.2.7", "192.0.2.7"),
        (2, "198.51.100.9, 192.0.2.7, 10.0.0.1", "192.0.2.7"),
    ],
)
def test_address_before_the_trusted_proxies_is_not_believed(proxies: int, forwarded: str, client: str) -> None:
    """198.51.100.9 is what the client has written into the header itself."""
    program = (
        "import django; django.setup()\n"
        "from axes.helpers import get_client_ip_address\n"
        "from django.test import RequestFactory\n"
        f"print(get_client_ip_address(RequestFactory().get('/', HTTP_X_FORWARDED_FOR='{forwarded}')))"
    )
    environment = clean_environment(
        DJANGO_SETTINGS_MODULE="config.settings", AMENDS_TRUSTED_PROXIES=str(proxies), AMENDS_VAR="var/test"
    )
    command = [sys.executable, "-c", program]
    result = subprocess.run(command, cwd=BASE, env=environment, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == client


@pytest.mark.django_db
def test_login_page_sends_strict_headers() -> None:
    headers = Client().get(reverse("admin:login")).headers
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"


def test_health_is_answered_without_the_database(client: Client) -> None:
    assert client.get("/healthz").content == b"ok"


def test_front_door_leads_to_the_desk(client: Client) -> None:
    assert client.get("/").headers["Location"] == reverse("admin:index")
