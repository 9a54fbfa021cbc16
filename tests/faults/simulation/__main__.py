"""The desk beside an independent expectation: `python -m tests.faults.simulation --days 180 --complaints 10000`.

On SQLite in a file of its own, or on a database of its own on a PostgreSQL server (`--server`). Ends with 1 when
anything differs, and shows what had happened to the complaints that differ.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
import tempfile
from pathlib import Path
from typing import Any
from uuid import uuid4


def main() -> int:
    arguments = _arguments()
    with tempfile.TemporaryDirectory(prefix="amends-simulation-") as folder:
        os.environ |= {"AMENDS_ENV_FILE": "", "AMENDS_VAR": folder, "DJANGO_SETTINGS_MODULE": "config.settings"}
        name = f"amends_simulation_{uuid4().hex[:12]}"
        if arguments.server:
            _on_server(arguments.server, f'CREATE DATABASE "{name}"')
            os.environ["DATABASE_URL"] = f"{arguments.server.rpartition('/')[0]}/{name}"
        else:
            os.environ.pop("DATABASE_URL", None)
        try:
            return _simulate(arguments)
        finally:
            if arguments.server:
                _on_server(arguments.server, f'DROP DATABASE "{name}" WITH (FORCE)')


def _simulate(arguments: argparse.Namespace) -> int:
    import django

    django.setup()
    from django.core.management import call_command

    from config.celery import app

    app.conf.update(broker_url="memory://localhost", broker_transport_options={})
    gc.set_threshold(100_000)
    call_command("migrate", verbosity=0)
    from tests.faults.simulation import faults, reporting, running

    with faults.planted(arguments.plant):
        result = running.simulate(
            days=arguments.days, complaints=arguments.complaints, seed=arguments.seed, progress=_say
        )
    for difference in result.comparison.differences[: arguments.show]:
        print(difference, end="\n\n")
    text = reporting.table(result)
    print(text)
    if arguments.write:
        from benchmarks import report

        report.write(arguments.write, "simulation", text)
    return 1 if result.comparison.differences else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.simulation", description=__doc__)
    parser.add_argument("--days", type=int, default=180)
    parser.add_argument("--complaints", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--server", default="", metavar="URL", help="PostgreSQL, where databases may be created")
    parser.add_argument(
        "--plant", default="", metavar="FAULT", help="put a fault in, which must be found; see faults.py"
    )
    parser.add_argument("--show", type=int, default=3, help="how many complaints that differ are shown whole")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="put the figures into this page")
    return parser.parse_args()


def _on_server(server: str, statement: str) -> None:
    import psycopg

    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(statement)  # type: ignore[arg-type]


def _say(words: Any) -> None:
    print(words, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
