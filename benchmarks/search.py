"""How fast search answers over a library of closed cases, beside the same query on the index alone.

`python -m benchmarks.search --write docs/benchmarks.md` needs a PostgreSQL server on which it may create databases.
"""

import argparse
import json
import random
import tempfile
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

from benchmarks import desk
from benchmarks.sizes import SERVER

WANTED_MS = 50
KIND = "library"
TOLD = 10_000
"""So many documents are written; beyond that number each stands in the library again, as that of another case."""

SHOPS = 6
BEGUN = datetime(2023, 11, 26, tzinfo=UTC)
DEMO = Path(__file__).resolve().parent.parent / "followups" / "demo" / "complaints.json"

QUERIES = (
    "退款", "碎屏", "补发", "物流", "划痕", "客服", "漏水", "发错", "异味", "不退",
    "态度", "一直没有", "收到的东西",
    "退款 物流", "划痕 补发", "破损 -补发", "照片 仓库 补发",
    "包装是好的里面坏了", '"等了三天"', '"网点积压，中转超时"',
    "QM-12345", "QM-1", "qm 777", "350ml 玻璃杯", "1.8 m 床", "玻璃杯碎了三天没人回复", "陶瓷马克杯退货退款",
    "refund", "missing item",
    "麒麟", "没有这个词", "的", "不",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reader:
    """Who searches: everybody's cases, or those of some shops."""

    name: str
    shops: tuple[int, ...] = ()


READERS = (Reader("all shops"), Reader("one shop of six", (3,)))


def main() -> None:
    arguments = _arguments()
    desk.start_apart(arguments.server)
    from benchmarks import report

    text = _measured(arguments.documents, arguments.rounds)
    print(text)
    if arguments.write:
        report.write(arguments.write, "search", text)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.search", description=__doc__)
    parser.add_argument("--documents", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=10, help="how often each query is asked")
    parser.add_argument("--server", default=SERVER, metavar="URL", help="where a database may be created")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="put the figures into this page")
    return parser.parse_args()


def _measured(documents: int, rounds: int) -> str:
    """All figures as Markdown: first PostgreSQL, then SQLite."""
    from benchmarks import report
    from benchmarks.databases import Databases
    from benchmarks.memory import peak_mb

    databases = Databases("amends_bench_")
    parts = []
    with tempfile.TemporaryDirectory() as folder:
        try:
            for name in ("search", "sqlite"):
                if name == "search":
                    databases.create(name, lambda: None)
                else:
                    databases.add_sqlite(name, Path(folder) / "search.sqlite3")
                told = min(documents, TOLD)
                seconds = _fill(told)
                made = f"`reindex` made {told / seconds:.0f} documents a second, {peak_mb():.0f} MB at most."
                _repeat(told, documents // told)
                parts += [
                    f"{documents:,} documents, each query {rounds} times. {report.machine()} {made}",
                    _table(rounds),
                ]
        finally:
            databases.drop("search")
    return "\n\n".join(parts)


# ---------------------------------------------------------------- the library


class Library:
    """Closed cases that stand nowhere but in the index, equal ones for equal numbers."""

    def __init__(self, size: int) -> None:
        from benchmarks.filling import texts

        self.size, self.texts = size, texts
        told: list[dict[str, Any]] = json.loads(DEMO.read_text(encoding="utf-8"))
        self.titles = [one["title"] for one in told]
        self.sentences = [
            sentence + "。"
            for one in told
            for text in (one["description"], one["demand"], *(message["text"] for message in one.get("messages", ())))
            for sentence in text.split("。")
            if sentence
        ]

    def after(self, pk: int, most: int) -> list[tuple[int, str]]:
        return [(one, "1") for one in range(pk + 1, min(pk + most, self.size) + 1)]

    def read(self, ids: Collection[int]) -> dict[int, Any]:
        return {pk: self._entry(pk) for pk in ids}

    def _entry(self, pk: int) -> Any:
        from knowledge.search_sources import Entry

        dice = random.Random(pk)
        texts = self.texts
        product, variant, _price = dice.choice(texts.PRODUCTS)
        lines = [
            dice.choice(texts.CAUSES), dice.choice(list(texts.GIVEN.values())), dice.choice(texts.DEMANDS),
            f"{product} {variant} QM-{dice.randrange(20_000)}", *dice.sample(self.sentences, 4),
            dice.choice(texts.MESSAGES), dice.choice(texts.REPLIES), dice.choice(texts.OFFERS),
            dice.choice(texts.CHOICES),
            "".join(chr(dice.randrange(0x4E00, 0x9FA5)) for _ in range(12)),
        ]  # fmt: skip
        return Entry(
            stamp="1", title=dice.choice(self.titles), body="\n".join(lines), at=BEGUN + timedelta(minutes=15 * pk),
            language="zh-hans", shop_id=pk % SHOPS, issue_types=[dice.randrange(1, 60)],
        )  # fmt: skip


def _fill(documents: int) -> float:
    """Register the library and index it as `manage.py reindex` does; returns the seconds taken."""
    from django.db.models import Q

    from knowledge import search_sources
    from knowledge.operations import bootstrap, indexing
    from knowledge.search_sources import Source

    bootstrap.load_content()
    library = Library(documents)
    search_sources._sources.clear()
    search_sources.register(
        Source(
            kind=KIND, label=KIND, position=0, page="admin:index", after=library.after, recent=lambda now: [],
            read=library.read,
            visible=lambda user: Q(shop_id__in=user.shops) if user.shops else Q(),
        )
    )  # fmt: skip
    begun = perf_counter()
    for _made in indexing.reindex():
        pass
    return perf_counter() - begun


def _repeat(told: int, times: int) -> None:
    """Put all documents in again, so that there are so many times as many."""
    from django.db import connection

    from knowledge import fulltext

    postgres = connection.vendor == "postgresql"
    columns = "kind, language, title, body, at, stamp, edition" + ", vector" * postgres
    with connection.cursor() as cursor:
        if postgres:
            cursor.execute("DROP INDEX searchdocument_vector")
        for more in range(1, times):
            shift = more * told
            cursor.execute(
                f"""INSERT INTO knowledge_searchdocument (id, object_id, shop_id, {columns})
                    SELECT id + {shift}, object_id + {shift}, (shop_id + {more}) %% {SHOPS}, {columns}
                    FROM knowledge_searchdocument WHERE id <= {told}""",
                [],
            )
            if not postgres:
                cursor.execute(
                    f"""INSERT INTO knowledge_search (rowid, title, body)
                        SELECT rowid + {shift}, title, body FROM knowledge_search WHERE rowid <= {told}"""
                )
        if postgres:
            cursor.execute(fulltext.INDEX)
        cursor.execute("VACUUM ANALYZE" if postgres else "ANALYZE")


# ---------------------------------------------------------------- what is measured


def _table(rounds: int) -> str:
    from benchmarks.measure import table

    rows = []
    for reader in READERS:
        ours, bare = _asked(reader, rounds)
        ratio = _percentile(ours, 50) / _percentile(bare, 50)
        for name, figures in ((f"search: {reader.name}", ours), (f"index alone: {reader.name}", bare)):
            shown = [f"{_percentile(figures, share):.1f}" for share in (50, 95, 100)]
            rows.append([name, *shown, f"{ratio:.1f}" if figures is ours else ""])
    return table(
        [f"ms, {len(QUERIES)} queries", "p50", f"p95 (wanted {WANTED_MS})", "worst", "times the index alone"], rows
    )


def _asked(reader: Reader, rounds: int) -> tuple[list[float], list[float]]:
    """Milliseconds of each answer, ours and bare, in turn; the first round warms up."""
    ours: list[float] = []
    bare: list[float] = []
    for number in range(rounds + 1):
        for text in QUERIES:
            for run, figures in ((partial(_search, text, reader), ours), (_bare(text, reader), bare)):
                begun = perf_counter()
                run()
                if number:
                    figures.append((perf_counter() - begun) * 1000)
    return ours, bare


def _search(text: str, reader: Reader) -> None:
    """What the page does for one kind: synonyms, query, candidates, ranks, texts with marks."""
    from knowledge import searching
    from knowledge.search_query import parse
    from knowledge.search_sources import source_of
    from knowledge.searching import Filters

    searching.search(source_of(KIND), parse(text, searching.synonyms()), reader, filters=Filters())


def _bare(text: str, reader: Reader) -> Callable[[], None]:
    """The newest twenty titles that match, as one statement on the index; the query is written before."""
    from django.db import connection

    from knowledge import fulltext, searching
    from knowledge.search_query import parse

    query = parse(text, searching.synonyms())
    mine = f"AND document.shop_id IN ({', '.join(map(str, reader.shops))})" if reader.shops else ""
    condition = fulltext.matches(query).sql.replace("knowledge_searchdocument", "document")
    statement = f"""SELECT document.id, document.title FROM knowledge_searchdocument AS document
                    WHERE document.kind = '{KIND}' {mine} AND {condition} ORDER BY document.id DESC LIMIT 20"""
    parameters = fulltext.matches(query).params

    def run() -> None:
        with fulltext.by_index(), connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            cursor.fetchall()

    return run


def _percentile(figures: list[float], share: int) -> float:
    """The value that so many percent do not exceed."""
    ordered = sorted(figures)
    return ordered[max(0, -(-len(ordered) * share // 100) - 1)]


if __name__ == "__main__":
    main()
