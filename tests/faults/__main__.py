"""All attacks with full counts, one after the other: `make faults`, or `python -m tests.faults F3 F4 --on sqlite`.

Prints one table; ends with an error when a figure is missed.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import report
from tests.config.running_desk import BASE, clean_environment
from tests.faults.finding import Finding, table

NAMES = [f"F{number}" for number in (*range(1, 9), 10, 11, 12)]
DATABASES = {"postgres": "PostgreSQL, Redis", "sqlite": "SQLite, bundled broker"}


def main() -> int:
    arguments = _arguments()
    findings = list(_run(arguments))
    text = f"{_machine()}\n\n{table([finding.row(DATABASES[database]) for database, finding in findings])}"
    print(f"\n{text}")
    if arguments.write:
        report.write(arguments.write, "faults", text)
    return int(any(finding.misses for _database, finding in findings))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("attacks", nargs="*", help=f"of {', '.join(NAMES)}; none: all")
    parser.add_argument("--on", nargs="+", choices=DATABASES, default=list(DATABASES), help="databases")
    parser.add_argument("--small", action="store_true", help="with the counts of the test run")
    parser.add_argument("--postgres", metavar="URL", help="a server that answers, instead of one of our own")
    parser.add_argument("--redis", default="redis://127.0.0.1:6379/15", metavar="URL")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="put the table into this page")
    arguments = parser.parse_args()
    if unknown := set(arguments.attacks) - set(NAMES):
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    return arguments


def _run(arguments: argparse.Namespace) -> Iterator[tuple[str, Finding]]:
    for name in arguments.attacks or NAMES:
        for database in arguments.on:
            finding = _one(name, database, arguments)
            print(f"{name} on {database}: {finding.verdict} ({finding.seconds:.0f} s)", flush=True)
            yield database, finding


def _one(name: str, database: str, arguments: argparse.Namespace) -> Finding:
    """In a process of its own: whatever breaks there leaves the others alone."""
    with tempfile.TemporaryDirectory(prefix="amends-faults-var-") as var:
        own = {"AMENDS_VAR": var, "DJANGO_SETTINGS_MODULE": "config.settings"}
        options = ["--small"] if arguments.small else []
        if database == "postgres":
            own |= {"REDIS_URL": arguments.redis}
            own |= {"DATABASE_URL": arguments.postgres} if arguments.postgres else {}
            options += [] if arguments.postgres else ["--cluster"]
        command = [sys.executable, "-m", "tests.faults.program", name, *options]
        done = subprocess.run(
            command, cwd=BASE, env=clean_environment(**own), stdout=subprocess.PIPE, text=True, check=False
        )
    lines = done.stdout.splitlines()
    if done.returncode or not lines:
        return Finding(name, "", wanted="", misses=[f"broke off with status {done.returncode}"])
    return Finding.from_json(lines[-1])


def _machine() -> str:
    load = f"load average {os.getloadavg()[1]:.1f} when done"
    versions = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    return f"{datetime.now(UTC).date()}: {os.cpu_count()} cores, {versions}, {load}."


if __name__ == "__main__":
    sys.exit(main())
