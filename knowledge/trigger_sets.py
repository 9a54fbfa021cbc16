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

    def __or__(self, other: "TriggerSet") -> "TriggerSet":
        """Both together."""
        return TriggerSet(
            sqlite={**self.sqlite, **other.sqlite},
            postgres={**self.postgres, **other.postgres},
            table_of={**self.table_of, **other.table_of},
        )

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


def fixed(table: str, name: str, *, said: str, when: str, removable: str = "FALSE") -> TriggerSet:
    """Rows never change where `when`, of OLD and NEW, holds, and are deleted only where `removable`, of OLD, does."""
    stop = f"BEGIN SELECT RAISE(ABORT, '{said}'); END"
    return TriggerSet(
        sqlite={
            f"{name}_fixed": f"CREATE TRIGGER {name}_fixed BEFORE UPDATE ON {table} WHEN {when} {stop}",
            f"{name}_kept": f"CREATE TRIGGER {name}_kept BEFORE DELETE ON {table} WHEN NOT ({removable}) {stop}",
        },
        postgres={
            f"{name}_fixed": f"""
        CREATE OR REPLACE FUNCTION amends_{name}_fixed() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'DELETE' THEN
                IF {removable} THEN RETURN OLD; END IF;
            ELSIF NOT ({when}) THEN
                RETURN NEW;
            END IF;
            RAISE EXCEPTION '{said}' USING ERRCODE = 'integrity_constraint_violation';
        END $$;
        CREATE TRIGGER {name}_fixed BEFORE UPDATE OR DELETE ON {table}
        FOR EACH ROW EXECUTE FUNCTION amends_{name}_fixed()"""
        },
        table_of=dict.fromkeys((f"{name}_fixed", f"{name}_kept"), table),
    )


def differs(*columns: str) -> str:
    """The condition that one of these columns is another in NEW than in OLD; nothing is a value like others."""
    return " OR ".join(
        f"COALESCE(CAST(NEW.{one} AS TEXT), '') <> COALESCE(CAST(OLD.{one} AS TEXT), '')" for one in columns
    )


def left_draft(*columns: str) -> str:
    """The condition that a version past its draft is changed in one of these columns, or goes a way that is none."""
    return f"""(OLD.status <> 'draft' AND ({differs("number", "author_id", *columns)}
            OR (OLD.status IN ('retired', 'discarded') AND NEW.status <> OLD.status)
            OR (OLD.status = 'published' AND NEW.status NOT IN ('published', 'retired'))))"""
