"""Typed readers of the environment: an odd value is refused with a sentence that names the mend."""

from __future__ import annotations

import os
import re
from collections import ChainMap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured
from environ import Env

TRUE = ("1", "true", "yes", "on")
FALSE = ("0", "false", "no", "off")
SMTP_SCHEMES = ("smtp", "smtp+tls", "smtps", "smtp+ssl")
SMTP_PORTS = {"smtp": 25, "smtp+tls": 587, "smtps": 465, "smtp+ssl": 465}
DATABASE_SCHEMES = ("postgres", "postgresql", "sqlite")
REDIS_SCHEMES = ("redis", "rediss", "redis+socket", "valkey", "valkeys")

_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")
_ASSIGNMENT = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)")


class SettingRefused(ImproperlyConfigured):
    """A setting is missing or odd; the message is one sentence for the operator."""


def parse_dotenv(path: Path) -> dict[str, str]:
    """Read `KEY=VALUE` lines strictly, where django-environ would skip a bad line silently.

    Raises SettingRefused with the line number; a missing file is an empty one.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return {}
    except UnicodeDecodeError:
        raise SettingRefused(f"{path} is not UTF-8 text; save it as UTF-8 and start again.") from None
    except OSError as error:
        raise SettingRefused(f"{path} cannot be read ({error.strerror}); correct its permissions.") from None
    values = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip() and not line.lstrip().startswith("#"):
            name, value = _assignment(line.strip(), f"{path}, line {number}")
            values[name] = value
    return values


def _assignment(line: str, where: str) -> tuple[str, str]:
    match = _ASSIGNMENT.fullmatch(line)
    if not match:
        raise SettingRefused(f"{where} is not of the form NAME=value; correct it or put # before it.")
    name, value = match.groups()
    if value[:1] in ("'", '"'):
        end = value.find(value[0], 1)
        if end < 0 or (value[end + 1 :].strip() and not value[end + 1 :].lstrip().startswith("#")):
            raise SettingRefused(f"{where}: the quotes around {name} do not match; close them.")
        return name, value[1:end]
    return name, re.sub(r"\s+#.*$", "", value).strip()


class Environment:
    """The values of this installation; an earlier source wins over a later one."""

    def __init__(self, *sources: Mapping[str, str]) -> None:
        self._values = ChainMap(*(dict(source) for source in sources))
        self.known: set[str] = set()

    def fall_back_on(self, source: Mapping[str, str]) -> None:
        """Add a source that answers only for what the others leave open."""
        self._values.maps.append(dict(source))

    def unknown(self, prefix: str) -> list[str]:
        """Names with our prefix that no reader asked for: most likely typing mistakes."""
        return sorted(name for name in self._values if name.startswith(prefix) and name not in self.known)

    def text(self, name: str, default: str | None = None) -> str:
        """Return the raw value; django-environ itself would take a leading `$` for a reference."""
        self.known.add(name)
        value = self._values.get(name, "").strip()
        if value:
            return value
        if default is None:
            raise SettingRefused(f"{name} is not set; put {name}=... into .env or the environment.")
        return default

    def choice(self, name: str, options: Sequence[str], default: str) -> str:
        value = self.text(name, default)
        if value not in options:
            raise SettingRefused(f"{name}={value} is not known; use one of: {', '.join(options)}.")
        return value

    def integer(self, name: str, default: int, *, least: int, most: int) -> int:
        value = self.text(name, str(default))
        if not re.fullmatch(r"-?[0-9]{1,12}", value) or not least <= int(value) <= most:
            raise SettingRefused(f"{name}={value} is not a whole number from {least} to {most}; correct it.")
        return int(value)

    def switch(self, name: str, default: bool) -> bool:
        value = self.text(name, "on" if default else "off").lower()
        if value not in TRUE + FALSE:
            raise SettingRefused(f"{name}={value} is neither on nor off; use one of the two.")
        return value in TRUE

    def items(self, name: str, default: Sequence[str] | None = None) -> list[str]:
        """Read a list separated by commas."""
        value = self.text(name, None if default is None else ",".join(default))
        return [item.strip() for item in value.split(",") if item.strip()]

    def secret(self, name: str, *, least: int = 32) -> str:
        return self._long_enough(name, self.text(name), least)

    def secrets(self, name: str, default: Sequence[str] | None = None, *, least: int = 32) -> list[str]:
        """Read keys separated by commas: the first one writes, all of them read (rotation)."""
        return [self._long_enough(name, key, least) for key in self.items(name, default)]

    def path(self, name: str, default: Path) -> Path:
        return Path(self.text(name, str(default))).expanduser().resolve()

    def web_url(self, name: str, default: str) -> str:
        value = self.text(name, default).rstrip("/")
        self._web_origin(name, value)
        return value

    def origins(self, name: str, default: Sequence[str] | None = None) -> list[str]:
        values = [value.rstrip("/") for value in self.items(name, default)]
        for value in values:
            self._web_origin(name, value)
        return values

    def hosts(self, name: str) -> list[str]:
        """Read names or addresses of machines, each with or without a port."""
        values = [value.lower() for value in self.items(name, [])]
        for value in values:
            host, colon, port = value.rpartition(":") if re.search(r":[^:\]]*$", value) else (value, "", "")
            if not _HOST.fullmatch(host) or (colon and not (port.isascii() and port.isdigit() and int(port) < 65536)):
                raise SettingRefused(f"{name}={value} is no host; write host.example or 10.0.0.5:8443, with commas.")
        return values

    def redis_url(self, name: str) -> str:
        """Return the address, or an empty string when the bundled broker is to be used."""
        value = self.text(name, "")
        if value and urlsplit(value).scheme not in REDIS_SCHEMES:
            raise SettingRefused(f"{name} must look like redis://host:6379/0; correct it.")
        return value.replace("valkey", "redis", 1) if value.startswith("valkey") else value

    def database(self, name: str) -> dict[str, Any]:
        """Return Django's dictionary for the URL, or an empty one when it is not set."""
        value = self.text(name, "")
        if not value:
            return {}
        sentence = f"{name} must look like postgres://user:password@host:5432/name; correct it."
        if urlsplit(value).scheme not in DATABASE_SCHEMES:
            raise SettingRefused(sentence)
        try:
            config: dict[str, Any] = Env.db_url_config(value)
        except ValueError:
            raise SettingRefused(sentence) from None
        if not config["NAME"]:
            raise SettingRefused(sentence)
        return config

    def mail_server(self, name: str) -> dict[str, Any]:
        """Return Django's EMAIL_* settings for the URL, or an empty dictionary when it is not set."""
        value = self.text(name, "")
        if not value:
            return {}
        sentence = f"{name} must look like smtp+tls://user:password@host:587; correct it."
        try:
            config = Env.email_url_config(value)
        except (ValueError, ImproperlyConfigured):
            raise SettingRefused(sentence) from None
        scheme = urlsplit(value).scheme
        if scheme not in SMTP_SCHEMES or not config["EMAIL_HOST"]:
            raise SettingRefused(sentence)
        return {
            "EMAIL_HOST": config["EMAIL_HOST"],
            "EMAIL_PORT": config["EMAIL_PORT"] or SMTP_PORTS[scheme],
            "EMAIL_HOST_USER": config["EMAIL_HOST_USER"] or "",
            "EMAIL_HOST_PASSWORD": config["EMAIL_HOST_PASSWORD"] or "",
            "EMAIL_USE_TLS": scheme == "smtp+tls",
            # django-environ reads smtps as STARTTLS; everyone else means TLS from the first byte.
            "EMAIL_USE_SSL": scheme in ("smtps", "smtp+ssl"),
        }

    @staticmethod
    def _long_enough(name: str, value: str, least: int) -> str:
        if len(value) < least:
            raise SettingRefused(f"{name} has a key shorter than {least} characters; make one with: {KEY_RECIPE}")
        return value

    @staticmethod
    def _web_origin(name: str, value: str) -> None:
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query:
            raise SettingRefused(f"{name}={value} must look like https://desk.example.com; correct it.")


KEY_RECIPE = "python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"


def load(base: Path) -> Environment:
    """Return the process environment over `.env`; AMENDS_ENV_FILE names another file, or none when empty."""
    name = os.environ.get("AMENDS_ENV_FILE", str(base / ".env"))
    environment = Environment(os.environ, parse_dotenv(Path(name)) if name else {})
    environment.known.add("AMENDS_ENV_FILE")
    return environment
