"""Write many rows fast: COPY on PostgreSQL, executemany on SQLite."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.core.management.color import no_style

_CONSTRAINTS = """
    SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE conrelid = %s::regclass AND contype IN ('f', 'u')"""
_INDEXES = """
    SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
    WHERE indrelid = %s::regclass AND NOT indisprimary
      AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = indexrelid)"""


def write(connection: Any, table: str, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    """Append rows; each holds plain values in the order of `columns`, moments as text in UTC."""
    quote = connection.ops.quote_name
    target = f"{quote(table)} ({', '.join(map(quote, columns))})"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {target} FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        else:
            cursor.executemany(f"INSERT INTO {target} VALUES ({', '.join(['%s'] * len(columns))})", rows)


@contextmanager
def bare(connection: Any, models: Iterable[Any]) -> Iterator[None]:
    """Inside, the tables have neither indexes (but unavoidable ones), nor triggers, nor (on PostgreSQL) foreign keys.

    Afterwards they are made again, which looks at each table once instead of once per row. The caller holds a
    transaction, so that a failure leaves the tables as they were.
    """
    tables = [model._meta.db_table for model in models]
    # A table with deferred checks outstanding cannot be altered.
    connection.check_constraints()
    take_off = _take_off_postgres if connection.vendor == "postgresql" else _take_off_sqlite
    with connection.cursor() as cursor:
        again = [statement for table in tables for statement in take_off(cursor, table)]
        yield
        # Foreign keys last: they are checked by way of the indexes.
        for statement in sorted(again, key=lambda sql: "FOREIGN KEY" in sql):
            cursor.execute(statement)


def _take_off_postgres(cursor: Any, table: str) -> list[str]:
    """Returns the statements that put back what was taken off."""
    cursor.execute("SET LOCAL maintenance_work_mem = '512MB'")
    cursor.execute(_CONSTRAINTS, [table])
    constraints = cursor.fetchall()
    cursor.execute(_INDEXES, [table])
    indexes = cursor.fetchall()
    cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    for name, _definition in constraints:
        cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
    for name, _definition in indexes:
        cursor.execute(f"DROP INDEX {name}")
    added = [f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition}' for name, definition in constraints]
    enabled = f"ALTER TABLE {table} ENABLE TRIGGER USER"
    return [*(definition for _name, definition in indexes), *added, enabled]


def _take_off_sqlite(cursor: Any, table: str) -> list[str]:
    """Returns the statements that put back what was taken off."""
    cursor.execute(
        "SELECT type, name, sql FROM sqlite_master WHERE tbl_name = %s AND type IN ('index', 'trigger') AND sql > ''",
        [table],
    )
    parts = cursor.fetchall()
    for kind, name, _sql in parts:
        cursor.execute(f'DROP {kind} "{name}"')
    return [sql for _kind, _name, sql in parts]


def reset_sequences(connection: Any, models: Sequence[Any]) -> None:
    """Let the next row of each table have the next free id."""
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), list(models)):
            cursor.execute(statement)


def analyze(connection: Any) -> None:
    """Give the planner its figures."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def vacuum(connection: Any) -> None:
    """Mark the fresh pages as visible to all, as autovacuum would in time: index-only scans need it.

    Not possible inside a transaction.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM")
