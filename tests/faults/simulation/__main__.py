"""The desk beside an independent expectation: `python -m tests.faults.simulation --days 180 --complaints 10000`.

On SQLite in a file of its own, or on a database of its own on a PostgreSQL server (`--server`). With `--companies` the
complaints are shared out among so many companies, each in a process of its own. Ends with 1 when anything differs, and
shows what had happened to the complaints that differ.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4


def main() -> int:
    arguments = _arguments()
    with _apart(arguments.server):
        companies, machine = [_company(arguments)] if arguments.alone else _side_by_side(arguments), _machine()
    if arguments.alone:
        print(json.dumps(companies[0]))
        return 0
    from tests.faults.simulation import reporting

    differences = [one for company in companies for one in company["differences"]]
    print(*differences[: arguments.show], sep="\n\n")
    text = reporting.table(companies, seed=arguments.seed, machine=machine)
    print(text)
    if arguments.write:
        from benchmarks import report

        report.write(arguments.write, "simulation", text)
    return 1 if differences else 0


def _side_by_side(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    command = [sys.executable, "-m", "tests.faults.simulation", "--alone", "--days", str(arguments.days)]
    command += ["--complaints", str(arguments.complaints // arguments.companies)]
    command += ["--server", arguments.server, "--plant", arguments.plant]
    processes = [
        subprocess.Popen([*command, "--seed", str(arguments.seed + number)], stdout=subprocess.PIPE, text=True)
        for number in range(arguments.companies)
    ]
    return [json.loads(process.communicate()[0]) for process in processes]


def _company(arguments: argparse.Namespace) -> dict[str, Any]:
    """One company's figures, on an empty database."""
    from django.core.management import call_command

    from complaints.operations.bootstrap import load_roles
    from config.celery import app
    from knowledge.operations.bootstrap import load_content
    from tests.faults.simulation import faults, reporting, running

    app.conf.update(broker_url="memory://localhost", broker_transport_options={})
    gc.set_threshold(100_000)
    call_command("migrate", verbosity=0)
    load_roles()
    load_content()
    with faults.planted(arguments.plant):
        result = running.simulate(
            days=arguments.days,
            complaints=arguments.complaints,
            seed=arguments.seed,
            progress=lambda words: print(f"seed {arguments.seed}, {words}", file=sys.stderr, flush=True),
        )
    return reporting.figures(result)


@contextmanager
def _apart(server: str) -> Iterator[None]:
    """Django on a database and a directory of this process alone."""
    name = f"amends_simulation_{uuid4().hex[:12]}"
    with tempfile.TemporaryDirectory(prefix="amends-simulation-") as folder:
        os.environ |= {"AMENDS_ENV_FILE": "", "AMENDS_VAR": folder, "DJANGO_SETTINGS_MODULE": "config.settings"}
        os.environ["DATABASE_URL"] = f"{server.rpartition('/')[0]}/{name}" if server else ""
        if server:
            _on_server(server, f'CREATE DATABASE "{name}"')
        try:
            import django

            django.setup()
            yield
        finally:
            if server:
                _on_server(server, f'DROP DATABASE "{name}" WITH (FORCE)')


def _on_server(server: str, statement: str) -> None:
    import psycopg

    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(statement)


def _machine() -> str:
    from benchmarks import report

    return report.machine()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.simulation", description=__doc__)
    parser.add_argument("--days", type=int, default=180)
    parser.add_argument("--complaints", type=int, default=10_000)
    parser.add_argument("--companies", type=int, default=2, help="each of them a process")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--server", default="", metavar="URL", help="PostgreSQL, where databases may be created")
    parser.add_argument("--plant", default="", metavar="FAULT", help="a fault to be found, see faults.py")
    parser.add_argument("--show", type=int, default=3, help="how many complaints that differ are shown whole")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="put the figures into this page")
    parser.add_argument("--alone", action="store_true", help="one company, figures as JSON; for the program itself")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
