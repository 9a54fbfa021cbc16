"""What a sweep costs with 1,000 clocks due: at three sizes of the desk, and beside the least that writes the same.

`python -m benchmarks.sweep --write docs/benchmarks.md` needs a PostgreSQL server on which it may create databases.
"""

import argparse
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import desk
from benchmarks.sizes import SERVER, chosen, fill, provide

CLOCKS = 1000
LEVELS = {50: "warnings (50 %, one person)", 100: "breaches (100 %, two people, an event)"}
WANTED, GROWTH = "2", "1.2"


def main() -> None:
    arguments = _arguments()
    desk.start_apart(arguments.server)
    from benchmarks import report
    from benchmarks.databases import Databases

    databases = Databases("amends_bench_")
    try:
        for size in arguments.sizes:
            provide(databases, size, reuse=arguments.keep)
        text = "\n\n".join(_measured(databases, arguments))
    finally:
        for size in () if arguments.keep else arguments.sizes:
            databases.drop(size)
    print(text)
    if arguments.write:
        report.write(arguments.write, "sweep", text)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sweep", description=__doc__)
    parser.add_argument("--sizes", type=chosen, default=["10k", "100k", "1m"], help="on PostgreSQL")
    parser.add_argument("--sqlite", type=chosen, default=["10k", "100k"], metavar="SIZES", help="on SQLite")
    parser.add_argument("--rounds", type=int, default=15, help="runs of each sweep")
    parser.add_argument("--server", default=SERVER, metavar="URL", help="where databases may be created")
    parser.add_argument("--keep", action="store_true", help="keep the databases on the server, and use those kept")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="put the figures into this page")
    return parser.parse_args()


def _measured(databases: Any, arguments: argparse.Namespace) -> list[str]:
    """All figures as Markdown."""
    from benchmarks import report

    postgres = {size: partial(databases.use, size) for size in arguments.sizes}
    parts: list[str] = []
    if postgres:
        figures, plan = _sweeps(postgres, arguments.rounds)
        parts += [report.machine(), *_tables(figures, list(postgres)), plan]
    with tempfile.TemporaryDirectory() as folder:
        files = {size: partial(databases.use, _file(databases, Path(folder), size)) for size in arguments.sqlite}
        if files:
            figures, _no_plan = _sweeps(files, arguments.rounds)
            parts += [f"The same on SQLite. {report.machine()}", *_tables(figures, list(files))]
        for size in files:
            databases.drop(_FILE + size)
    return parts


_FILE = "file_"


def _file(databases: Any, folder: Path, size: str) -> str:
    """A filled SQLite file; returns the name under which it is used."""
    databases.add_sqlite(_FILE + size, folder / f"{size}.sqlite3")
    fill(size)
    return _FILE + size


def _sweeps(places: dict[str, Callable[[], None]], rounds: int) -> tuple[dict[Any, Any], str]:
    """Figures by (ours, level, size), runs of all interleaved; and how the last database finds what is due."""
    from benchmarks.due import Due
    from benchmarks.measure import Subject, measure

    subjects, swept = [], {}
    for size, use in places.items():
        use()
        swept[size] = due = Due(CLOCKS)
        for level in LEVELS:
            due.check(level)
    try:
        for level in LEVELS:
            for size, use in places.items():
                due = swept[size]
                prepare = partial(_prepare, use, due, level)
                subjects += [Subject((True, level, size), due.ours, prepare)]
                subjects += [Subject((False, level, size), due.bare, prepare)]
        return measure(subjects, rounds=rounds), _plan(due, size)
    finally:
        for size, use in places.items():
            use()
            swept[size].restore()


def _prepare(use: Callable[[], None], due: Any, level: int) -> None:
    use()
    due.make_due(level)


def _plan(due: Any, size: str) -> str:
    """By which index the sweep finds what is due, as the database in use tells it."""
    from django.db import connection

    from benchmarks.measure import indexes_in, plan_of

    if connection.vendor != "postgresql":
        return ""
    plan = plan_of(due.claim())
    entered, lines = ", ".join(indexes_in(plan, "complaints_deadline")), "\n".join(plan)
    return f"At {size} the sweep finds what is due by: {entered}.\n\n```\n{lines}\n```"


def _tables(figures: dict[Any, Any], names: list[str]) -> list[str]:
    from benchmarks.measure import table

    first, last = names[0], names[-1]
    rows, ratios = [], []
    for level, words in LEVELS.items():
        for ours in (True, False):
            found = {name: figures[ours, level, name] for name in names}
            growth = f"{found[last].times(found[first]):.2f}"
            title = f"{'sweep' if ours else 'bare'}: {CLOCKS} {words}"
            rows.append([title, found[last].queries, *(figure.text for figure in found.values()), growth])
        times = [f"{figures[True, level, name].times(figures[False, level, name]):.2f}" for name in names]
        ratios.append([f"sweep / bare: {words}", *times, WANTED])
    return [
        table(["median, ms", "statements", *names, f"{last} / {first} (wanted {GROWTH})"], rows),
        table(["times as long as", *names, "wanted"], ratios),
    ]


if __name__ == "__main__":
    main()
