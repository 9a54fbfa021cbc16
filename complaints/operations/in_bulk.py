"""Many rows in one statement: what a sweep writes must cost by the statement, not by the row.

Django's `bulk_update` sends a CASE with a branch for each row and takes most of a sweep's time. PostgreSQL is given an
array for each column, SQLite the same small statement again and again inside the library. Both want values prepared,
and that is done by the column: for each value the driver would ask again how to write it.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.models import Model

_KINDS = (
    models.BigAutoField, models.AutoField, models.PositiveBigIntegerField, models.PositiveIntegerField,
    models.PositiveSmallIntegerField, models.CharField, models.TextField, models.DateTimeField, models.JSONField,
)  # fmt: skip


def insert(model: type[Model], names: Sequence[str], rows: Sequence[Sequence[Any]], *, known_by: str = "") -> None:
    """Insert rows of the named fields; one whose `known_by` (a unique field) is there already is passed over."""
    if not rows:
        return
    connection, fields = connections[DEFAULT_DB_ALIAS], _fields(model, names)
    columns = ", ".join(_quoted(field.column) for field in fields)
    ending = f"ON CONFLICT ({_quoted(_fields(model, [known_by])[0].column)}) DO NOTHING" if known_by else ""
    beginning = f"INSERT INTO {_table(model)} ({columns})"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"{beginning} SELECT * FROM {_unnested(fields, connection)} {ending}", _arrays(fields, rows))
        else:
            marks = ", ".join(["%s"] * len(fields))
            cursor.executemany(f"{beginning} VALUES ({marks}) {ending}", _prepared(fields, rows, connection))


def update(model: type[Model], names: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Set the named fields by primary key; each row ends with its key."""
    if not rows:
        return
    connection, fields = connections[DEFAULT_DB_ALIAS], _fields(model, [*names, "pk"])
    *columns, key = (_quoted(field.column) for field in fields)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            settings = ", ".join(f"{column} = new.{column}" for column in columns)
            source = _unnested(fields, connection)
            statement = f"UPDATE {_table(model)} AS old SET {settings} FROM {source} WHERE old.{key} = new.{key}"
            cursor.execute(statement, _arrays(fields, rows))
        else:
            settings = ", ".join(f"{column} = %s" for column in columns)
            statement = f"UPDATE {_table(model)} SET {settings} WHERE {key} = %s"
            cursor.executemany(statement, _prepared(fields, rows, connection))


def read(model: type[Model], names: Sequence[str], keys: Iterable[int]) -> dict[int, tuple[Any, ...]]:
    """Numbers and texts of the rows with these primary keys, by key; the keys are one value of the statement."""
    connection, fields = connections[DEFAULT_DB_ALIAS], _fields(model, ["pk", *names])
    postgresql = connection.vendor == "postgresql"
    among = "= ANY(%s::bigint[])" if postgresql else "IN (SELECT value FROM json_each(%s))"
    columns = [_quoted(field.column) for field in fields]
    listed = ",".join(map(str, keys))
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {', '.join(columns)} FROM {_table(model)} WHERE {columns[0]} {among}",
            [f"{{{listed}}}" if postgresql else f"[{listed}]"],
        )
        return {key: tuple(values) for key, *values in cursor.fetchall()}


def _unnested(fields: list[Any], connection: Any) -> str:
    arrays = ", ".join(f"%s::{field.cast_db_type(connection)}[]" for field in fields)
    return f"unnest({arrays}) AS new ({', '.join(_quoted(field.column) for field in fields)})"


def _arrays(fields: list[Any], rows: Sequence[Sequence[Any]]) -> list[str]:
    """A PostgreSQL array in text form for each column."""
    columns = zip(*rows, strict=True)
    return [_array(values, _text_of(field)) for field, values in zip(fields, columns, strict=True)]


def _array(values: Sequence[Any], text: Callable[[Any], str]) -> str:
    alike = values.count(values[0]) == len(values)
    elements = ["NULL" if value is None else text(value) for value in (values[:1] if alike else values)]
    return "{" + ",".join(elements * len(values) if alike else elements) + "}"


def _text_of(field: Any) -> Callable[[Any], str]:
    """How a value of this column is written as an element of an array."""
    if isinstance(field, models.JSONField):
        return lambda value: _element(json.dumps(value, ensure_ascii=False))
    if isinstance(field, models.DateTimeField):
        return lambda value: f'"{value.isoformat()}"'
    return str if isinstance(_kind(field), models.IntegerField) else _element


def _element(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _prepared(fields: list[Any], rows: Sequence[Sequence[Any]], connection: Any) -> list[tuple[Any, ...]]:
    """The rows as SQLite takes them."""
    columns = zip(*rows, strict=True)
    return list(
        zip(*[_column(field, values, connection) for field, values in zip(fields, columns, strict=True)], strict=True)
    )


def _column(field: Any, values: Sequence[Any], connection: Any) -> Sequence[Any]:
    """Numbers and texts stay as they are; of moments, which are often the same, each is prepared once."""
    if isinstance(field, models.DateTimeField):
        prepare = connection.ops.adapt_datetimefield_value
        known = {value: value and prepare(value) for value in set(values)}
        return [known[value] for value in values]
    if isinstance(field, models.JSONField):
        return [json.dumps(value) for value in values]
    return values


def _fields(model: type[Model], names: Sequence[str]) -> list[Any]:
    """The fields of these names; of a kind that is known here, for others prepare their values in ways of their own."""
    meta = model._meta
    fields = [meta.pk if name == "pk" else meta.get_field(name) for name in names]
    if unknown := [str(field) for field in fields if type(_kind(field)) not in _KINDS]:
        raise TypeError(f"in_bulk does not know how to write {unknown}")
    return fields


def _kind(field: Any) -> Any:
    """The field itself, or the one that a foreign key points to."""
    return field.target_field if field.is_relation else field


def _table(model: type[Model]) -> str:
    return _quoted(model._meta.db_table)


def _quoted(name: str | None) -> str:
    return connections[DEFAULT_DB_ALIAS].ops.quote_name(str(name))
