"""Put figures into a page of the documentation, between its markers."""

import os
import platform
from pathlib import Path

import django
from django.db import connection


class MarkersMissing(Exception):
    """The page has no place for these figures."""


def write(page: Path, name: str, text: str) -> None:
    """Replace what stands between `<!-- figures: name -->` and `<!-- end: name -->`. Raises MarkersMissing."""
    begin, end = f"<!-- figures: {name} -->", f"<!-- end: {name} -->"
    before, begun, rest = page.read_text(encoding="utf-8").partition(begin)
    _old, ended, after = rest.partition(end)
    if not (begun and ended):
        raise MarkersMissing(f"{page} has no lines {begin} and {end}.")
    page.write_text(f"{before}{begin}\n\n{text.strip()}\n\n{end}{after}", encoding="utf-8")


def machine() -> str:
    """One line about where the figures come from; a load of more than 1 to 2 means that others were at work."""
    server = f"PostgreSQL {connection.pg_version // 10000}" if connection.vendor == "postgresql" else "SQLite"
    versions = f"Python {platform.python_version()}, Django {django.get_version()}, {server}"
    load = f"load average {os.getloadavg()[1]:.1f} when measured"
    return f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, {versions}, {load}."
