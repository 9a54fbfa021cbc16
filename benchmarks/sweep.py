"""What a sweep costs with 1,000 clocks due: at three sizes of the desk, and beside the least that writes the same.

`python -m benchmarks.sweep --write docs/benchmarks.md` needs a PostgreSQL server on which it may create databases.
"""

import argparse
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import desk
from benchmarks.sink import MailSink
from benchmarks.sizes import SERVER, chosen, fill, provide

CLOCKS = 1000
LEVELS = {50: "warnings (50 %, one person)", 100: "breaches (100 %, two people, an event)"}
WANTED, GROWTH = "2", "1.2"
SCATTERED = "scattered"
WHOLE_ROUNDS = 5

Run = Callable[[], None]


def main() -> None:
    arguments = _arguments()
    with MailSink() as port:
        desk.start_apart(arguments.server)
        text = _run(arguments, port)
    print(text)
    if arguments.write:
        from benchmarks import report

        report.write(arguments.write, "sweep", text)


def _run(arguments: argparse.Namespace, port: int) -> str:
    """All figures as Markdown; mails go to the server at this port."""
    from django.conf import settings

    from benchmarks.databases import Databases

    settings.EMAIL_BACKEND = "complaints.outbox.mail.SmtpBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    databases = Databases("amends_bench_")
    try:
        for size in arguments.sizes:
            provide(databases, size, reuse=arguments.keep)
        return "\n\n".join([*_on_server(databases, arguments), *_in_files(databases, arguments)])
    finally:
        for size in () if arguments.keep else arguments.sizes:
            databases.drop(size)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sweep", description=__doc__)
    parser.add_argument("--sizes", type=chosen, default=["10k", "100k", "1m"], help="on PostgreSQL")
    parser.add_argument("--sqlite", type=chosen, default=["10k", "100k"], metavar="SIZES", help="on SQLite")
    parser.add_argument("--rounds", type=int, default=15, help="runs of each sweep")
    parser.add_argument("--server", default=SERVER, metavar="URL", help="where databases may be created")
    parser.add_argument("--keep", action="store_true", help="keep the databases on the server, and use those kept")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="put the figures into this page")
    return parser.parse_args()


def _on_server(databases: Any, arguments: argparse.Namespace) -> list[str]:
    """All figures of PostgreSQL as Markdown: sweeps, the plan, and the whole way of an alert."""
    from benchmarks import report

    if not arguments.sizes:
        return []
    uses = {size: partial(databases.use, size) for size in arguments.sizes}
    figures, more = _sweeps(uses, arguments.rounds, scattered=True)
    return [report.machine(), *_tables(figures, arguments.sizes, besides=[SCATTERED]), *more]


def _in_files(databases: Any, arguments: argparse.Namespace) -> list[str]:
    """All figures of SQLite as Markdown."""
    from benchmarks import report

    if not arguments.sqlite:
        return []
    with tempfile.TemporaryDirectory() as folder:
        uses = {size: partial(databases.use, _file(databases, Path(folder), size)) for size in arguments.sqlite}
        figures, more = _sweeps(uses, arguments.rounds)
        parts = [f"The same on SQLite. {report.machine()}", *_tables(figures, arguments.sqlite), *more]
        for size in uses:
            databases.drop(_FILE + size)
    return parts


_FILE = "file_"


def _file(databases: Any, folder: Path, size: str) -> str:
    """A filled SQLite file; returns the name under which it is used."""
    databases.add_sqlite(_FILE + size, folder / f"{size}.sqlite3")
    fill(size)
    return _FILE + size


def _sweeps(uses: dict[str, Run], rounds: int, *, scattered: bool = False) -> tuple[dict[Any, Any], list[str]]:
    """Figures by (ours, level, size), runs of all interleaved; the plan; and the whole way, at the last size."""
    from benchmarks.due import Due
    from benchmarks.measure import Subject, measure

    swept: dict[str, tuple[Run, Any]] = {}
    last = list(uses)[-1]
    for size, use in uses.items():
        use()
        swept[size] = use, Due(CLOCKS)
    if scattered:
        swept[SCATTERED] = uses[last], Due(CLOCKS, scattered=True)
    try:
        subjects = []
        for level in LEVELS:
            for size, (use, due) in swept.items():
                use()
                due.check(level)
                prepare = partial(_prepare, use, due, level)
                subjects += [Subject((True, level, size), due.ours, prepare)]
                subjects += [Subject((False, level, size), due.bare, prepare)]
        figures = measure(subjects, rounds=rounds, warm_up=1)
        use, due = swept[last]
        use()
        return figures, [*_plan(due, last), _whole_way(due, last)]
    finally:
        for use, due in reversed(swept.values()):
            use()
            due.restore()


def _prepare(use: Run, due: Any, level: int) -> None:
    use()
    due.make_due(level)


def _plan(due: Any, size: str) -> list[str]:
    """By which index the sweep finds what is due, as PostgreSQL tells it of the database in use."""
    from django.db import connection

    from benchmarks.measure import indexes_in, plan_of

    if connection.vendor != "postgresql":
        return []
    plan = plan_of(due.claim())
    entered, lines = ", ".join(indexes_in(plan, "complaints_deadline")), "\n".join(plan)
    return [f"At {size} the sweep finds what is due by: {entered}.", f"```\n{lines}\n```"]


def _whole_way(due: Any, size: str) -> str:
    """Alerts per second from the clock to the mail that has left, in the database in use."""
    from benchmarks.measure import Subject, measure, table

    rows = []
    for level, words in LEVELS.items():
        alerts, mails = due.check_whole(level)
        run = Subject("whole", due.whole, partial(due.make_due, level))
        figure = measure([run], rounds=WHOLE_ROUNDS, warm_up=1)["whole"]
        rows.append([f"{CLOCKS} {words}", alerts, mails, figure.text, f"{alerts / figure.ms * 1000:.0f}"])
    return table([f"sweep, tell, deliver: {size}", "alerts", "mails", "median, ms", "alerts/s"], rows)


def _tables(figures: dict[Any, Any], sizes: list[str], *, besides: Sequence[str] = ()) -> list[str]:
    from benchmarks.measure import table

    first, last, names = sizes[0], sizes[-1], [*sizes, *besides]
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
