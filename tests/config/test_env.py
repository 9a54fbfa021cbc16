"""An odd value is refused with a sentence that names the setting and the mend."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from config import keys
from config.env import Environment, SettingRefused, parse_dotenv


def reading(**values: str) -> Environment:
    return Environment(values)


# ------------------------------------------------------------------ plain values


def test_value_beginning_with_a_dollar_is_taken_as_it_is() -> None:
    assert reading(PASSWORD="$ecret", ecret="something else").text("PASSWORD") == "$ecret"


def test_missing_value_names_the_mend() -> None:
    with pytest.raises(SettingRefused, match=r"KEY is not set; put KEY=\.\.\. into \.env"):
        reading().text("KEY")


def test_empty_value_counts_as_missing() -> None:
    assert reading(HOST=" ").text("HOST", "127.0.0.1") == "127.0.0.1"


def test_earlier_source_wins() -> None:
    environment = Environment({"PORT": "1"}, {"PORT": "2", "HOST": "b"})
    environment.fall_back_on({"HOST": "c", "KEY": "c"})
    assert [environment.text(name) for name in ("PORT", "HOST", "KEY")] == ["1", "b", "c"]


@pytest.mark.parametrize("value", ["80O0", "1.5", "1e3", "0", "70000", "-1", "８０００", "9" * 30])
def test_odd_number_is_refused(value: str) -> None:
    with pytest.raises(SettingRefused, match=r"PORT=.* whole number from 1 to 65535"):
        reading(PORT=value).integer("PORT", 8000, least=1, most=65535)


def test_number_is_read() -> None:
    assert reading(PORT=" 8080 ").integer("PORT", 8000, least=1, most=65535) == 8080


@pytest.mark.parametrize(("value", "meaning"), [("on", True), ("TRUE", True), ("1", True), ("no", False), ("0", False)])
def test_switch_is_read(value: str, meaning: bool) -> None:
    assert reading(SWITCH=value).switch("SWITCH", not meaning) is meaning


@pytest.mark.parametrize("value", ["ture", "2", "是"])
def test_odd_switch_is_refused_instead_of_meaning_no(value: str) -> None:
    with pytest.raises(SettingRefused, match="neither on nor off"):
        reading(SWITCH=value).switch("SWITCH", True)


def test_unknown_choice_lists_the_known_ones() -> None:
    with pytest.raises(SettingRefused, match="MODE=prod is not known; use one of: embedded, production"):
        reading(MODE="prod").choice("MODE", ["embedded", "production"], "embedded")


def test_list_is_split_at_commas() -> None:
    assert reading(HOSTS="a.example, b.example,").items("HOSTS") == ["a.example", "b.example"]


def test_hosts_are_read_with_or_without_a_port() -> None:
    assert reading(HOSTS="Hooks.example, 10.0.0.5:8443").hosts("HOSTS") == ["hooks.example", "10.0.0.5:8443"]
    assert reading().hosts("HOSTS") == []


@pytest.mark.parametrize(
    "value",
    ["https://hooks.example", "hooks.example/", "hooks example", "*", "*.example", "a:b", "a:", ":80", "a:70000"],
)
def test_odd_host_is_refused(value: str) -> None:
    with pytest.raises(SettingRefused, match="is no host"):
        reading(HOSTS=value).hosts("HOSTS")


# ------------------------------------------------------------------ keys and addresses


def test_short_key_is_refused_without_showing_it() -> None:
    with pytest.raises(SettingRefused) as refusal:
        reading(KEY="hunter2").secret("KEY")
    assert "shorter than 32" in str(refusal.value)
    assert "hunter2" not in str(refusal.value)


def test_keys_are_a_list_for_rotation() -> None:
    assert reading(KEYS=f"{'n' * 32},{'o' * 32}").secrets("KEYS") == ["n" * 32, "o" * 32]


@pytest.mark.parametrize("value", ["desk.example.com", "ftp://desk.example.com", "https://", "https://a.example?x=1"])
def test_odd_web_address_is_refused(value: str) -> None:
    with pytest.raises(SettingRefused, match="must look like https://"):
        reading(URL=value).web_url("URL", "http://127.0.0.1:8000")


def test_database_address_becomes_djangos_dictionary() -> None:
    config = reading(DATABASE_URL="postgres://desk:p%40ss@db:5433/amends").database("DATABASE_URL")
    assert config["ENGINE"] == "django.db.backends.postgresql"
    assert [config[key] for key in ("NAME", "USER", "PASSWORD", "HOST", "PORT")] == [
        "amends",
        "desk",
        "p@ss",
        "db",
        5433,
    ]


@pytest.mark.parametrize("value", ["amends", "mysql://root@db/amends", "postgres://db", "postgres://db:port/amends"])
def test_odd_database_address_is_refused(value: str) -> None:
    with pytest.raises(SettingRefused, match="DATABASE_URL must look like postgres://"):
        reading(DATABASE_URL=value).database("DATABASE_URL")


@pytest.mark.parametrize(
    ("url", "port", "tls", "ssl"),
    [
        ("smtp://mail.example", 25, False, False),
        ("smtp+tls://mail.example", 587, True, False),
        ("smtps://mail.example", 465, False, True),
        ("smtps://mail.example:4465", 4465, False, True),
    ],
)
def test_mail_address_says_how_the_connection_is_protected(url: str, port: int, tls: bool, ssl: bool) -> None:
    config = reading(EMAIL_URL=url).mail_server("EMAIL_URL")
    assert (config["EMAIL_PORT"], config["EMAIL_USE_TLS"], config["EMAIL_USE_SSL"]) == (port, tls, ssl)


@pytest.mark.parametrize("value", ["mail.example", "http://mail.example", "smtp://", "smtp://mail.example:port"])
def test_odd_mail_address_is_refused(value: str) -> None:
    with pytest.raises(SettingRefused, match="EMAIL_URL must look like smtp"):
        reading(EMAIL_URL=value).mail_server("EMAIL_URL")


def test_valkey_address_is_a_redis_address() -> None:
    assert reading(REDIS_URL="valkey://host:6379/1").redis_url("REDIS_URL") == "redis://host:6379/1"
    assert reading().redis_url("REDIS_URL") == ""


def test_odd_redis_address_is_refused() -> None:
    with pytest.raises(SettingRefused, match="REDIS_URL must look like redis://"):
        reading(REDIS_URL="localhost:6379").redis_url("REDIS_URL")


# ------------------------------------------------------------------ the file


def test_env_file_is_read(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(
        "\ufeff# 备注\n\nexport A=1\nB = two # a remark\nC='# no remark'\nD=\"$x\"\nE=a#b\n", encoding="utf-8"
    )
    values = parse_dotenv(tmp_path / ".env")
    assert values == {"A": "1", "B": "two", "C": "# no remark", "D": "$x", "E": "a#b"}


def test_missing_env_file_is_an_empty_one(tmp_path: Path) -> None:
    assert parse_dotenv(tmp_path / ".env") == {}


@pytest.mark.parametrize("line", ["PORT 8000", "8PORT=1", "=1", "KEY='abc", "KEY='abc' def"])
def test_malformed_line_is_refused_with_its_number(tmp_path: Path, line: str) -> None:
    (tmp_path / ".env").write_text(f"A=1\n{line}\n")
    with pytest.raises(SettingRefused, match="line 2"):
        parse_dotenv(tmp_path / ".env")


def test_every_setting_is_explained_in_the_example() -> None:
    example = (Path(settings.BASE_DIR) / ".env.example").read_text(encoding="utf-8")
    explained = set(parse_dotenv_names(example))
    assert set(settings.AMENDS_KNOWN_SETTINGS) - explained == set()


def parse_dotenv_names(example: str) -> list[str]:
    words: list[Any] = [
        line.lstrip("# ").replace("=", " ").split(" ") for line in example.splitlines() if line.strip("# ")
    ]
    return [parts[0] for parts in words]


# ------------------------------------------------------------------ the embedded keys


def test_keys_are_made_once_for_their_owner_only(tmp_path: Path) -> None:
    first = keys.load_or_create(tmp_path / "var")
    assert set(first) == set(keys.NAMES)
    assert len(set(first.values())) == len(keys.NAMES)
    assert keys.load_or_create(tmp_path / "var") == first
    assert [path.name for path in (tmp_path / "var").iterdir()] == ["keys.env"]
    assert (tmp_path / "var" / "keys.env").stat().st_mode & 0o777 == 0o600


def test_new_keys_are_not_made_for_old_data(tmp_path: Path) -> None:
    (tmp_path / "db.sqlite3").touch()
    with pytest.raises(SettingRefused, match="bring it back from the backup"):
        keys.load_or_create(tmp_path)
