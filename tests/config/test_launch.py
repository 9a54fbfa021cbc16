"""One command starts the desk, and whatever ends it leaves nothing behind."""

from __future__ import annotations

import ast
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from config import install
from tests.config.running_desk import BASE, RunningDesk, clean_environment, free_port, wait_until

pytestmark = [pytest.mark.embedded, pytest.mark.xdist_group("launch")]


def launch(tmp_path: Path, **values: str) -> subprocess.CompletedProcess[str]:
    """Run the launcher to its end, which is a refusal in these tests."""
    return subprocess.run(
        [sys.executable, "-m", "config.launch"],
        cwd=BASE,
        env=clean_environment(**({"AMENDS_VAR": str(tmp_path / "var"), "AMENDS_PORT": str(free_port())} | values)),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def assert_refused(result: subprocess.CompletedProcess[str], *words: str) -> None:
    assert result.returncode == 1
    assert "Traceback" not in result.stderr
    for word in words:
        assert word in result.stderr


# ------------------------------------------------------------------ refusals: one sentence with the mend


def test_taken_port_names_another_one(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert_refused(launch(tmp_path, AMENDS_PORT=str(port)), f"Port {port} is taken", "AMENDS_PORT=", "已被占用")


def test_port_that_is_no_number_is_refused(tmp_path: Path) -> None:
    assert_refused(launch(tmp_path, AMENDS_PORT="80OO"), "AMENDS_PORT=80OO is not a whole number")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"AMENDS_PORT 8000\n", "line 1 is not of the form NAME=value"),
        ("AMENDS_FROM_EMAIL=客服\n".encode("gb18030"), "is not UTF-8"),
        (b'AMENDS_HOST="127.0.0.1\n', "quotes"),
    ],
)
def test_malformed_env_file_is_refused(tmp_path: Path, content: bytes, sentence: str) -> None:
    (tmp_path / "env").write_bytes(content)
    assert_refused(launch(tmp_path, AMENDS_ENV_FILE=str(tmp_path / "env")), sentence)


def test_env_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "env").mkdir()
    assert_refused(launch(tmp_path, AMENDS_ENV_FILE=str(tmp_path / "env")), "cannot be read")


@pytest.mark.parametrize(
    "missing", ["AMENDS_SECRET_KEY", "AMENDS_FIELD_KEY", "AMENDS_HASH_KEY", "AMENDS_ALLOWED_HOSTS"]
)
def test_production_without_a_key_is_refused(tmp_path: Path, missing: str) -> None:
    values = {
        "AMENDS_MODE": "production",
        "AMENDS_SECRET_KEY": "s" * 50,
        "AMENDS_FIELD_KEY": "f" * 32,
        "AMENDS_HASH_KEY": "h" * 32,
        "AMENDS_ALLOWED_HOSTS": "desk.example.com",
        "AMENDS_CSRF_ORIGINS": "https://desk.example.com",
    }
    del values[missing]
    assert_refused(launch(tmp_path, **values), f"{missing} is not set")


def test_data_without_their_keys_are_refused(tmp_path: Path) -> None:
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "db.sqlite3").touch()
    assert_refused(launch(tmp_path), "keys.env is missing", "backup")


def test_unreachable_database_is_refused(tmp_path: Path) -> None:
    result = launch(tmp_path, DATABASE_URL=f"postgres://nobody@127.0.0.1:{free_port()}/none")
    assert_refused(result, "The database cannot be used", "DATABASE_URL")


def test_old_python_is_refused_with_the_way_out() -> None:
    with pytest.raises(
        install.CannotInstall, match=r"needs Python 3\.11 or later, this is 3\.9; use: make run PYTHON="
    ):
        install.check_python((3, 9, 2))


def test_installer_can_be_read_by_any_python_3() -> None:
    """Or an old one would answer with a SyntaxError instead of the sentence."""
    tree = ast.parse((BASE / "config" / "install.py").read_text(encoding="utf-8"), feature_version=(3, 4))
    assert not any(isinstance(node, ast.JoinedStr | ast.AnnAssign | ast.NamedExpr) for node in ast.walk(tree))


def test_present_python_is_accepted() -> None:
    install.check_python(sys.version_info[:3])


def test_missing_system_package_is_named_when_we_may_not_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    failed = subprocess.CompletedProcess([], 1, stdout="ensurepip is not available")
    monkeypatch.setattr(install, "run", lambda command: failed)
    monkeypatch.setattr(install, "PYTHON", "/nowhere/python")
    monkeypatch.setattr(install.os, "geteuid", lambda: 1000)
    with pytest.raises(install.CannotInstall, match=r"please install: python3\.\d+-venv"):
        install.make_venv()


# ------------------------------------------------------------------ a whole desk


@pytest.fixture(scope="module")
def var(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One directory for all these tests: each but the first is a second start."""
    return tmp_path_factory.mktemp("desk") / "var"


@pytest.fixture
def desk(var: Path) -> Iterator[RunningDesk]:
    desk = RunningDesk(var)
    yield desk
    desk.end()


def assert_nobody_left(desk: RunningDesk, seconds: float = 6) -> None:
    wait_until(lambda: not desk.processes(), seconds=seconds, what=lambda: f"{desk.processes()}\n{desk.output()}")


@pytest.mark.journey
def test_first_start_shows_the_password_once_and_the_second_is_quick(desk: RunningDesk) -> None:
    desk.start()
    assert desk.answer("/healthz") == 200
    assert desk.answer("/admin/login/") == 200
    assert desk.output().count("密码 / password:") == 1
    assert (desk.var / "keys.env").stat().st_mode & 0o777 == 0o600
    assert desk.stop() == 0
    assert_nobody_left(desk)

    # Five seconds on an idle machine; here other tests share the two cores.
    assert desk.start() < 15
    assert "password" not in desk.output()


@pytest.mark.journey
@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGHUP])
def test_terminal_ends_everything(desk: RunningDesk, signum: signal.Signals) -> None:
    """Ctrl-C and a closed window reach make, the launcher and honcho's children at once."""
    desk.start()
    os.killpg(desk.make.pid, signum)
    desk.make.wait(10)
    assert_nobody_left(desk)
    assert "Traceback" not in desk.output()


@pytest.mark.journey
@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("whom", ["make", "launcher"])
def test_kill_leaves_no_process_behind(desk: RunningDesk, whom: str, signum: signal.Signals) -> None:
    desk.start()
    os.kill(desk.make.pid if whom == "make" else desk.numbers_of("config.launch")[0], signum)
    desk.make.wait(10)
    assert_nobody_left(desk)


@pytest.mark.journey
def test_second_launcher_on_the_same_directory_is_refused(desk: RunningDesk) -> None:
    desk.start()
    assert_refused(launch(desk.var.parent, AMENDS_VAR=str(desk.var)), "already running", "已在使用")
    assert desk.answer("/healthz") == 200


@pytest.mark.journey
def test_process_that_dies_is_started_again(desk: RunningDesk) -> None:
    desk.start()
    commands = [("valkey-server",), ("celery", " worker"), ("celery", " beat")]
    wait_until(lambda: all(desk.numbers_of(*words) for words in commands), seconds=20, what=desk.output)
    victims = {words: desk.numbers_of(*words)[0] for words in commands}
    for victim in victims.values():
        os.kill(victim, signal.SIGKILL)
    for words, victim in victims.items():
        wait_until(
            lambda words=words, victim=victim: any(number != victim for number in desk.numbers_of(*words)),
            seconds=20,
            what=desk.output,
        )
    assert desk.make.poll() is None
    assert desk.answer("/healthz") == 200
