"""Filled databases of the sizes that are measured."""

import argparse
from datetime import UTC, datetime
from typing import Any

SIZES = {"1k": 1_000, "10k": 10_000, "100k": 100_000, "1m": 1_000_000}
SERVER = "postgres://postgres@127.0.0.1:5432/postgres"


def chosen(text: str) -> list[str]:
    """As given on the command line; none for an empty text."""
    names = text.split(",") if text else []
    if unknown := [name for name in names if name not in SIZES]:
        raise argparse.ArgumentTypeError(f"unknown: {', '.join(unknown)}")
    return names


def provide(databases: Any, size: str, *, reuse: bool) -> None:
    """Have a filled database of this size on the server, whose personal data our keys open."""
    from django.core.management import call_command
    from django.db import connection

    from benchmarks.filling import sanity

    if reuse and databases.exists(size):
        databases.use(size)
        call_command("migrate", verbosity=0)
        _refuse(size, sanity.strangers(connection))
    else:
        databases.create(size, lambda: None)
        fill(size)


def fill(size: str) -> None:
    """Fill the database in use, and look whether it is sound."""
    from django.db import connection

    from benchmarks import filling
    from benchmarks.filling import loading, sanity

    now = datetime.now(UTC).replace(microsecond=0)
    filling.fill(connection, SIZES[size], now=now)
    loading.vacuum(connection)
    _refuse(size, sanity.problems(connection, now=now))


def _refuse(size: str, wrong: list[str]) -> None:
    if wrong:
        raise SystemExit(f"The database of {size} is not sound: {'; '.join(wrong)}")
