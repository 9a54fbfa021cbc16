"""The SQL that places stories: each complaint is one row of `placed`, and the database joins the story's rows to it.

Python would need fifteen minutes for the thirty million rows of a million complaints.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from complaints import sla

from .layouts import LAYOUTS, Layout, Row

PLACED = ("id", "story", "received", "number", "customer_id", "order_id", "order_number", "merged_into_id")
_TEXTS = {"number": "varchar(20)", "order_number": "varchar(40)"}
FIRST_IDS = tuple(f"first_{table}" for table in LAYOUTS)

# A bare 0 would be a column without a type on SQLite, and no index on it would be used.
_NUMBER = "CAST(0 AS bigint)"
_SUBJECT = "CAST(COALESCE(t.first_promise + r.watched, 0) AS varchar(20))"
_KEY = {"key_prefix": "''", "key_subject": "''", "key_person": _NUMBER}


@dataclass(frozen=True, slots=True)
class Dialect:
    """How seconds since 1970 become a moment, a day, and a moment in ISO form; how seconds become a duration, text
    becomes JSON; and the join that takes the complaints in their order.
    """

    moment: str
    day: str
    iso: str
    span: str
    json: str
    join: str


_DIALECTS = {
    "postgresql": Dialect(
        moment="to_timestamp({})",
        day="(to_timestamp({}) AT TIME ZONE 'UTC')::date",
        iso="""to_char(to_timestamp({}) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS+00:00')""",
        span="({}) * INTERVAL '1 second'",
        json="{}::jsonb",
        join="JOIN",
    ),
    "sqlite": Dialect(
        moment="datetime({}, 'unixepoch')",
        day="date({}, 'unixepoch')",
        iso="strftime('%Y-%m-%dT%H:%M:%S+00:00', {}, 'unixepoch')",
        span="({}) * 1000000",
        json="{}",
        # Otherwise a complaint may come before the one that it is merged into: such a row makes SQLite look for others
        # at each further one, in minutes.
        join="CROSS JOIN",
    ),
}


def prepare(connection: Any) -> None:
    """Make the temporary tables: `placed`, and one of story rows for each table."""
    with connection.cursor() as cursor:
        columns = ", ".join(f"{name} {_TEXTS.get(name, 'bigint')}" for name in (*PLACED, *FIRST_IDS))
        cursor.execute(f"CREATE TEMPORARY TABLE placed ({columns})")
        for table, layout in LAYOUTS.items():
            values = {name: name for name in layout.plain} | _KEY
            columns = ", ".join(f"{values.get(name, _NUMBER)} AS {name}" for name in told_columns(table))
            source = f"{layout.model._meta.db_table} WHERE 1 = 0"
            cursor.execute(f"CREATE TEMPORARY TABLE told_{table} AS SELECT {columns} FROM {source}")


def told_columns(table: str) -> tuple[str, ...]:
    """The columns of the temporary table with the story rows, in the order of `told_row`."""
    layout = LAYOUTS[table]
    key = _KEY if layout.key else ()
    return ("story", "place", *layout.plain, *layout.moments, *layout.days, *layout.links, *key, "due", "watched")


def told_row(story: int, place: int, row: Row) -> tuple[Any, ...]:
    return (story, place, *row.plain, *row.moments, *row.days, *row.links, *row.key, row.due, row.watched)


def place_all(connection: Any) -> None:
    """Write the rows of all stories in the order of the complaints, and drop the temporary tables."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # A hash join with `placed` outside keeps its order; a merge join would scatter each story's complaints.
            cursor.execute("SET LOCAL work_mem = '256MB'; SET LOCAL enable_mergejoin = off; SET LOCAL jit = off")
        for table, layout in LAYOUTS.items():
            cursor.execute(f"CREATE INDEX story_of_{table} ON told_{table} (story)")
            cursor.execute(f"ANALYZE told_{table}")
            cursor.execute(_placing(connection, table, layout))
            cursor.execute(f"DROP TABLE told_{table}")
        cursor.execute("DROP TABLE placed")


def _placing(connection: Any, table: str, layout: Layout) -> str:
    dialect = _DIALECTS[connection.vendor]
    due = dialect.iso.format("t.received + r.due")
    dated = f"REPLACE(CAST(r.{layout.dated} AS text), '{{due}}', {due})"
    dated = dialect.json.format(f"REPLACE({dated}, '\"{{subject}}\"', {_SUBJECT})")
    plain = {name: f"r.{name}" for name in layout.plain}
    if layout.dated:
        plain[layout.dated] = f"CASE WHEN r.due IS NULL THEN r.{layout.dated} ELSE {dated} END"
    values = [f"t.first_{table} + r.place", *layout.owner.values(), *plain.values()]
    values += [dialect.moment.format(f"t.received + r.{name}") for name in layout.moments]
    values += [dialect.day.format(f"t.received + r.{name}") for name in layout.days]
    values += [f"t.first_{other} + r.{name}" for name, other in layout.links.items()]
    if layout.key:
        subject = f"REPLACE(r.key_subject, '{{subject}}', {_SUBJECT})"
        values.append(f"r.key_prefix || t.id || ':' || {subject} || ':' || {due} || ':' || r.key_person")
    if layout.subject:
        values.append("COALESCE(t.first_promise + r.watched, 0)")
    if layout.timed:
        values += [dialect.span.format("r.due_at - r.started_at"), _levels(dialect)]
    target = f"{layout.model._meta.db_table} ({_quoted(connection, layout.columns)})"
    source = f"placed t {dialect.join} told_{table} r ON r.story = t.story"
    return f"INSERT INTO {target} SELECT {', '.join(values)} FROM {source}"


def _levels(dialect: Dialect) -> str:
    """The warn levels of a clock with their moments, as the desk stores them."""
    parts = []
    for level, audience in sla.LEVELS:
        at = dialect.iso.format(f"t.received + r.started_at + (r.due_at - r.started_at) * {level} / 100")
        parts.append(f"'[{level}, \"' || {at} || '\", {json.dumps(audience)}]'")
    whole = " || ', ' || ".join(parts)
    return dialect.json.format(f"('[' || {whole} || ']')")


def _quoted(connection: Any, names: Iterable[str]) -> str:
    return ", ".join(connection.ops.quote_name(name) for name in names)
