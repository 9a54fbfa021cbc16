"""Triggers of an app as a set: what each database must have, installed and dropped together."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class TriggerSet:
    """Name -> SQL for each kind of database, and the table of each trigger."""

    sqlite: Mapping[str, str]
    postgres: Mapping[str, str]
    table_of: Mapping[str, str]

    def expected(self, vendor: str) -> dict[str, str]:
        """Name -> SQL of every trigger that a database of this kind must have."""
        return dict(self.postgres if vendor == "postgresql" else self.sqlite)

    def install(self, connection: Any) -> None:
        """Create all triggers; they must not exist yet."""
        with connection.cursor() as cursor:
            for sql in self.expected(connection.vendor).values():
                cursor.execute(sql)

    def remove(self, connection: Any) -> None:
        """Drop all triggers that exist."""
        with connection.cursor() as cursor:
            for name in self.expected(connection.vendor):
                on_table = f" ON {self.table_of[name]}" if connection.vendor == "postgresql" else ""
                cursor.execute(f"DROP TRIGGER IF EXISTS {name}{on_table}")


def append_only(table: str, name: str) -> TriggerSet:
    """Rows of this table are written once: no change, no removal. `name` begins the names of the triggers."""
    said = "history is append-only"
    body = f"BEGIN SELECT RAISE(ABORT, '{said}'); END"
    return TriggerSet(
        sqlite={
            f"{name}_no_{what.lower()}": f"CREATE TRIGGER {name}_no_{what.lower()} BEFORE {what} ON {table} {body}"
            for what in ("UPDATE", "DELETE")
        },
        postgres={
            f"{name}_append_only": f"""
        CREATE OR REPLACE FUNCTION amends_{name}_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION '{said}' USING ERRCODE = 'integrity_constraint_violation';
        END $$;
        CREATE TRIGGER {name}_append_only BEFORE UPDATE OR DELETE ON {table}
        FOR EACH ROW EXECUTE FUNCTION amends_{name}_append_only()"""
        },
        table_of=dict.fromkeys((f"{name}_no_update", f"{name}_no_delete", f"{name}_append_only"), table),
    )
