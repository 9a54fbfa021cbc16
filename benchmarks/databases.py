"""Databases of the benchmarks' own on a PostgreSQL server, all at hand in one process."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
from django.core.management import call_command
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.utils import load_backend
from psycopg import sql

from config.settings import SQLITE_OPTIONS


class Databases:
    """Databases named by size; `use` makes one of them the desk's.

    All stand under the alias `default`, for the desk knows no other.
    """

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self._home = connections[DEFAULT_DB_ALIAS]
        self._open: dict[str, Any] = {}

    def use(self, size: str) -> None:
        """Turn the whole process to this database."""
        connections[DEFAULT_DB_ALIAS] = self._open.get(size) or self._connect(size)

    def exists(self, size: str) -> bool:
        return bool(self._on_server("SELECT 1 FROM pg_database WHERE datname = %s", [self.prefix + size]))

    def create(self, size: str, fill: Callable[[], None]) -> None:
        """Make the database anew, migrate it, and let `fill` write into it."""
        self.drop(size)
        self._on_server(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(self.prefix + size)))
        self.use(size)
        call_command("migrate", verbosity=0)
        fill()

    def add_sqlite(self, size: str, path: Path) -> None:
        """Make an SQLite file one of them, with the desk's own options, migrated and empty."""
        given = self._home.settings_dict | {"ENGINE": "django.db.backends.sqlite3", "NAME": str(path)}
        given |= {"OPTIONS": dict(SQLITE_OPTIONS), "CONN_MAX_AGE": None}
        self._open[size] = load_backend(given["ENGINE"]).DatabaseWrapper(given, DEFAULT_DB_ALIAS)
        self.use(size)
        call_command("migrate", verbosity=0)

    def drop(self, size: str) -> None:
        """Drop the database if it is there."""
        if opened := self._open.pop(size, None):
            connections[DEFAULT_DB_ALIAS] = self._home
            opened.close()
        self._on_server(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(self.prefix + size)))

    def _connect(self, size: str) -> Any:
        wrapper = connections.create_connection(DEFAULT_DB_ALIAS)
        # The pool belongs to the alias: every database here would be given connections to the first one.
        options = {name: value for name, value in wrapper.settings_dict["OPTIONS"].items() if name != "pool"}
        wrapper.settings_dict = wrapper.settings_dict | {"NAME": self.prefix + size, "OPTIONS": options}
        self._open[size] = wrapper
        return wrapper

    def _on_server(self, statement: Any, parameters: Any = None) -> list[Any]:
        given = self._home.settings_dict
        with psycopg.connect(
            host=given["HOST"] or None, port=given["PORT"] or None, user=given["USER"] or None,
            password=given["PASSWORD"] or None, dbname="postgres", autocommit=True,
        ) as server:  # fmt: skip
            cursor = server.execute(statement, parameters)
            return cursor.fetchall() if cursor.description else []
