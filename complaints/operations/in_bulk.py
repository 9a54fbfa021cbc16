"""Many rows in one statement: what a sweep writes must cost by the statement, not by the row.

Django's `bulk_update` sends a CASE with a branch for each row and takes most of a sweep's time; PostgreSQL is given
arrays instead, SQLite the same small statement again and again inside the library.
"""

from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.db.models import Model


def insert(model: type[Model], names: Sequence[str], rows: Sequence[Sequence[Any]], *, known_by: str = "") -> None:
    """Insert rows of the named fields; one whose `known_by` (a unique field) is there already is passed over."""
    fields = _fields(model, names)
    columns = ", ".join(_quoted(field.column) for field in fields)
    ending = f"ON CONFLICT ({_quoted(_fields(model, [known_by])[0].column)}) DO NOTHING" if known_by else ""
    _execute(f"INSERT INTO {_table(model)} ({columns})", fields, rows, ending=ending)


def update(model: type[Model], names: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Set the named fields by primary key; each row begins with its key."""
    fields = _fields(model, ["pk", *names])
    key, *others = (_quoted(field.column) for field in fields)
    if not rows:
        return
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            settings = ", ".join(f"{column} = new.{column}" for column in others)
            cursor.execute(
                f"UPDATE {_table(model)} AS old SET {settings} FROM {_unnested(fields)} WHERE old.{key} = new.{key}",
                _columns(fields, rows),
            )
        else:
            settings = ", ".join(f"{column} = %s" for column in others)
            cursor.executemany(
                f"UPDATE {_table(model)} SET {settings} WHERE {key} = %s",
                [(*values, pk) for pk, *values in _prepared(fields, rows)],
            )


def _execute(beginning: str, fields: list[Any], rows: Sequence[Sequence[Any]], *, ending: str) -> None:
    if not rows:
        return
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"{beginning} SELECT * FROM {_unnested(fields)} {ending}", _columns(fields, rows))
        else:
            marks = ", ".join(["%s"] * len(fields))
            cursor.executemany(f"{beginning} VALUES ({marks}) {ending}", list(_prepared(fields, rows)))


def _unnested(fields: list[Any]) -> str:
    arrays = ", ".join(f"%s::{field.cast_db_type(connection)}[]" for field in fields)
    return f"unnest({arrays}) AS new ({', '.join(_quoted(field.column) for field in fields)})"


def _columns(fields: list[Any], rows: Sequence[Sequence[Any]]) -> list[list[Any]]:
    return [list(values) for values in zip(*_prepared(fields, rows), strict=True)]


def _prepared(fields: list[Any], rows: Sequence[Sequence[Any]]) -> Any:
    """The values as the database takes them."""
    prepare = [field.get_db_prep_save for field in fields]
    return (tuple(one(value, connection) for one, value in zip(prepare, row, strict=True)) for row in rows)


def _fields(model: type[Model], names: Sequence[str]) -> list[Any]:
    meta = model._meta
    return [meta.pk if name == "pk" else meta.get_field(name) for name in names]


def _table(model: type[Model]) -> str:
    return _quoted(model._meta.db_table)


def _quoted(name: str | None) -> str:
    return connection.ops.quote_name(str(name))
