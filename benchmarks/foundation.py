"""First figures: lists, search, case page, registering at three sizes, each beside the least that would do.

`python -m benchmarks.foundation --write docs/benchmarks.md` needs a PostgreSQL server on which it may create databases.
"""

import argparse
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import desk
from benchmarks.sizes import SERVER, SIZES, chosen, provide

LIST = "list: all open, 50 rows"
RATIOS = (
    (LIST, "bare", "1.3"),
    (LIST, "bare_no_full_count", ""),
    (LIST, "bare_no_count", ""),
    ("query of the first page", "bare query", ""),
    ("register", "bare create", ""),
)
"""What is compared with what, and the wanted ratio."""


def main() -> None:
    arguments = _arguments()
    desk.start_apart(arguments.server)
    from benchmarks import bare, report
    from benchmarks.databases import Databases

    bare.install()
    databases = Databases("amends_bench_")
    try:
        for size in arguments.sizes:
            provide(databases, size, reuse=arguments.keep)
        text = _measured(databases, arguments.sizes, arguments.rounds)
    finally:
        for size in () if arguments.keep else arguments.sizes:
            databases.drop(size)
    print(text)
    if arguments.write:
        report.write(arguments.write, "foundation", text)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.foundation", description=__doc__)
    parser.add_argument("--sizes", type=chosen, default=["10k", "100k", "1m"], help=f"of {', '.join(SIZES)}")
    parser.add_argument("--rounds", type=int, default=15, help="runs of each page")
    parser.add_argument("--server", default=SERVER, metavar="URL", help="where databases may be created")
    parser.add_argument("--keep", action="store_true", help="keep the databases, and use those kept before")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="put the figures into this page")
    return parser.parse_args()


def _measured(databases: Any, sizes: list[str], rounds: int) -> str:
    """All figures as Markdown."""
    from benchmarks.measure import measure

    figures = measure(list(_reads(databases, sizes)), rounds=rounds)
    figures |= measure(list(_registering(databases, sizes)), rounds=2 * rounds)
    return "\n\n".join(_tables(figures, sizes) + _plan(databases, sizes[-1]))


def _reads(databases: Any, sizes: list[str]) -> Iterator[Any]:
    """Subjects by name, each at all sizes in turn."""
    from benchmarks.measure import Subject
    from benchmarks.reads import Reading

    runs: dict[str, dict[str, Callable[[], Any]]] = {}
    for size in sizes:
        databases.use(size)
        reading = Reading()
        queries = {"query of the first page": reading.first_rows, "bare query": reading.bare_rows}
        for name, run in (reading.pages() | reading.bare_pages() | queries).items():
            runs.setdefault(name, {})[size] = run
    for name, by_size in runs.items():
        for size, run in by_size.items():
            yield Subject((name, size), run, _at(databases, size))


def _registering(databases: Any, sizes: list[str]) -> Iterator[Any]:
    from benchmarks.measure import Subject
    from benchmarks.writes import Registering

    for size in sizes:
        databases.use(size)
        registering = Registering()
        yield Subject(("register", size), registering.ours, _at(databases, size))
        yield Subject(("bare create", size), registering.bare, _at(databases, size))


def _at(databases: Any, size: str) -> Callable[[], None]:
    """A preparation that turns to the database."""
    return partial(databases.use, size)


def _tables(figures: dict[Any, Any], sizes: list[str]) -> list[str]:
    from benchmarks import report
    from benchmarks.measure import table

    first, last = sizes[0], sizes[-1]
    names = list(dict.fromkeys(name for name, _size in figures))
    rows = [
        [
            name,
            figures[name, last].queries,
            *(figures[name, size].text for size in sizes),
            f"{figures[name, last].times(figures[name, first]):.2f}",
        ]
        for name in names
    ]
    ratios = [
        [f"{ours} / {bare}", *(f"{figures[ours, size].times(figures[bare, size]):.2f}" for size in sizes), wanted]
        for ours, bare, wanted in RATIOS
    ]
    return [
        f"{report.machine()} Complaints: {', '.join(sizes)}.",
        table(["median, ms", "statements", *sizes, f"{last} / {first}"], rows),
        table(["times as long as", *sizes, "wanted"], ratios),
    ]


def _plan(databases: Any, size: str) -> list[str]:
    """How the database reads the first page at this size, and by which indexes."""
    from benchmarks.measure import indexes_in, plan_of, statements
    from benchmarks.reads import Reading

    databases.use(size)
    *_permissions, rows = statements(Reading().first_rows)
    plan = plan_of(rows)
    entered = ", ".join(indexes_in(plan, "complaints_complaint"))
    lines = "\n".join(plan)
    return [f"The first page at {size} enters the complaints by: {entered}.", f"```\n{lines}\n```"]


if __name__ == "__main__":
    main()
