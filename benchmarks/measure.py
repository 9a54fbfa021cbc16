"""The one way to measure here: medians of interleaved runs, and what follows from them.

    figures = measure([Subject("ours", page(client, "/admin/")), Subject("bare", ...)], rounds=15)
    print(table(["", "ms"], [[name, figure.text] for name, figure in figures.items()]))

Runs are interleaved (A B A B), so that whatever else the machine does falls on all alike; no time is asserted.
"""

import gc
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from time import perf_counter
from typing import Any

from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

_WORK = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\b", re.IGNORECASE)


def nothing() -> None:
    """For a subject that needs no preparation."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Something to be timed; `prepare` runs before each run of it and is not timed."""

    name: Any
    run: Callable[[], Any]
    prepare: Callable[[], Any] = nothing


@dataclass(frozen=True, slots=True)
class Figure:
    """Seconds of each run, and the number of SQL statements of one."""

    seconds: tuple[float, ...]
    queries: int

    @property
    def ms(self) -> float:
        """Median in milliseconds."""
        return median(self.seconds) * 1000

    @property
    def text(self) -> str:
        return f"{self.ms:.1f}" if self.ms < 100 else f"{self.ms:.0f}"

    def times(self, other: "Figure") -> float:
        """How many times as long as the other; 1.0 is equal."""
        return self.ms / other.ms


def measure(subjects: Sequence[Subject], *, rounds: int = 15, warm_up: int = 2) -> dict[Any, Figure]:
    """Time each subject once per round, all in turn; returns figures by name. Statements are counted in the warm-up."""
    queries = {}
    for _ in range(warm_up):
        for subject in subjects:
            subject.prepare()
            queries[subject.name] = len(statements(subject.run))
    seconds: dict[Any, list[float]] = {subject.name: [] for subject in subjects}
    for _ in range(rounds):
        for subject in subjects:
            subject.prepare()
            seconds[subject.name].append(_timed(subject.run))
    return {name: Figure(tuple(runs), queries[name]) for name, runs in seconds.items()}


def _timed(run: Callable[[], Any]) -> float:
    """One run in seconds, without the garbage of others."""
    gc.collect()
    gc.disable()
    try:
        begun = perf_counter()
        run()
        return perf_counter() - begun
    finally:
        gc.enable()


def statements(run: Callable[[], Any]) -> list[str]:
    """The SQL that a run sends, without transaction control."""
    with CaptureQueriesContext(connection) as captured:
        run()
    return [query["sql"] for query in captured.captured_queries if _WORK.match(query["sql"])]


def visitor(user: Any) -> Client:
    """A browser in which this person is logged in, with the desk's middleware in between."""
    client = Client(SERVER_NAME="127.0.0.1", headers={"accept-language": settings.LANGUAGE_CODE})
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


class PageMissing(Exception):
    """A page did not answer with 200: there is nothing to be timed."""


def page(client: Client, address: str) -> Callable[[], str]:
    """Returns what fetches the page and gives its HTML. Raises PageMissing when run and refused."""

    def fetch() -> str:
        response = client.get(address)
        if response.status_code != 200:
            raise PageMissing(f"{address} answers {response.status_code}")
        return response.content.decode()

    return fetch


def plan_of(sql: str) -> list[str]:
    """The lines of the plan by which PostgreSQL runs this statement, with real times and buffers."""
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN (ANALYZE, BUFFERS, COSTS OFF, SUMMARY OFF) " + sql)
        return [line for (line,) in cursor.fetchall()]


def indexes_in(plan: Iterable[str], table: str) -> list[str]:
    """Names of the indexes by which the plan enters the table; "none" for each reading of the whole of it."""
    found = []
    for line in plan:
        if match := re.search(rf"Index (?:Only )?Scan (?:Backward )?using (\S+) on {table}\b", line):
            found.append(match[1])
        elif re.search(rf"Seq Scan on {table}\b", line):
            found.append("none")
    return found


def table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Markdown; all columns but the first are aligned right."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(str(cell) for cell in line)} |" for line in lines)
