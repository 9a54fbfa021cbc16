"""What must be true before the desk opens: sound settings, a current database, content, an owner, static files."""

from __future__ import annotations

import copy
import hashlib
import sys
from collections.abc import Iterator
from pathlib import Path

import django
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.checks import ERROR, run_checks
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection, connections
from django.db.migrations.executor import MigrationExecutor
from django.db.utils import ConnectionHandler


def prepare() -> None:
    """Bring the installation up to date; raise ImproperlyConfigured with the mend when that cannot be done."""
    refuse_wrong_settings()
    collect_static_files()
    try:
        reach_database()
        migrate()
        call_command("bootstrap", verbosity=0)
        welcome_owner()
    except OperationalError as error:
        raise ImproperlyConfigured(
            f"数据库无法使用；请检查 DATABASE_URL、数据库服务和磁盘。\n"
            f"The database cannot be used; see DATABASE_URL, its server and the disk. ({str(error).strip()})"
        ) from None
    finally:
        # The launcher forks next; a connection must not be shared with the children.
        connections.close_all()


def refuse_wrong_settings() -> None:
    for message in run_checks(include_deployment_checks=settings.PRODUCTION):
        if message.level >= ERROR:
            raise ImproperlyConfigured(f"{message.msg} {message.hint or ''}".strip())


def reach_database() -> None:
    """Ask without the pool, which would try for ten seconds and then not say what is wrong."""
    config = copy.deepcopy(connections.settings["default"])
    config["OPTIONS"].pop("pool", None)
    handler = ConnectionHandler({"default": config})
    handler["default"].ensure_connection()
    handler.close_all()


def migrate() -> None:
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        print("正在准备数据库 / Preparing the database ...", flush=True)
        call_command("migrate", interactive=False, verbosity=0)


def welcome_owner() -> None:
    """Create the first owner, show the password this one time, and offer the demo to a person at a terminal."""
    from complaints.models import Shop
    from complaints.operations.bootstrap import create_owner

    owner = create_owner()
    if owner is None:
        return
    name, password = owner
    print(
        "\n  首位负责人账号（密码仅显示这一次）/ The first owner (the password is shown this once):\n"
        f"    用户名 / user name: {name}\n    密码 / password:    {password}\n",
        flush=True,
    )
    if sys.stdin.isatty() and not Shop.objects.exists():
        offer_demo()


def offer_demo() -> None:
    """Ask whether to load the demo; one that cannot be loaded is no reason not to open."""
    answer = input("  载入演示数据？/ Load the demo company? [y/N] ")
    if answer.strip().lower() not in ("y", "yes", "是"):
        return
    try:
        call_command("demo")
    except CommandError as refusal:
        print(f"  {refusal}\n", flush=True)


def collect_static_files() -> None:
    """Collect and compress only when a source has changed: it takes seconds."""
    stamp = Path(settings.STATIC_ROOT) / "sources.sha256"
    fingerprint = hashlib.sha256("\n".join(_sources()).encode()).hexdigest()
    if stamp.exists() and stamp.read_text() == fingerprint:
        return
    print("正在准备静态文件 / Preparing the static files ...", flush=True)
    call_command("collectstatic", interactive=False, clear=True, verbosity=0)
    stamp.write_text(fingerprint)


def _sources() -> Iterator[str]:
    yield django.__version__
    for finder in get_finders():
        for name, storage in finder.list([]):
            status = Path(storage.path(name)).stat()
            yield f"{name} {status.st_size} {status.st_mtime_ns}"
