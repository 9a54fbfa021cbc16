"""Rules that only the database can keep: history is append-only (R1.4), liability never exceeds 100 % (R4.6).

Written for both databases. A migration that rebuilds one of these tables on SQLite drops its triggers and must
install them again; a test notices when one is missing.
"""

from typing import Any

EVENTS = "complaints_complaintevent"
SHARES = "complaints_liabilityshare"

_SQLITE = {
    "event_no_update": """
        CREATE TRIGGER event_no_update BEFORE UPDATE ON complaints_complaintevent
        BEGIN SELECT RAISE(ABORT, 'history is append-only'); END""",
    "event_no_delete": """
        CREATE TRIGGER event_no_delete BEFORE DELETE ON complaints_complaintevent
        BEGIN SELECT RAISE(ABORT, 'history is append-only'); END""",
    "liability_insert": """
        CREATE TRIGGER liability_insert BEFORE INSERT ON complaints_liabilityshare
        WHEN NEW.percent + (SELECT COALESCE(SUM(percent), 0) FROM complaints_liabilityshare
                            WHERE complaint_id = NEW.complaint_id) > 100
        BEGIN SELECT RAISE(ABORT, 'liability over 100 percent'); END""",
    "liability_update": """
        CREATE TRIGGER liability_update BEFORE UPDATE ON complaints_liabilityshare
        WHEN NEW.percent + (SELECT COALESCE(SUM(percent), 0) FROM complaints_liabilityshare
                            WHERE complaint_id = NEW.complaint_id AND id <> OLD.id) > 100
        BEGIN SELECT RAISE(ABORT, 'liability over 100 percent'); END""",
}

_POSTGRES = {
    "event_append_only": """
        CREATE OR REPLACE FUNCTION amends_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'history is append-only' USING ERRCODE = 'integrity_constraint_violation';
        END $$;
        CREATE TRIGGER event_append_only BEFORE UPDATE OR DELETE ON complaints_complaintevent
        FOR EACH ROW EXECUTE FUNCTION amends_append_only()""",
    # The row lock makes two concurrent inserts see each other's share.
    "liability_sum": """
        CREATE OR REPLACE FUNCTION amends_liability_sum() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM 1 FROM complaints_complaint WHERE id = NEW.complaint_id FOR NO KEY UPDATE;
            IF NEW.percent + (SELECT COALESCE(SUM(percent), 0) FROM complaints_liabilityshare
                              WHERE complaint_id = NEW.complaint_id AND id <> NEW.id) > 100 THEN
                RAISE EXCEPTION 'liability over 100 percent' USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
        END $$;
        CREATE TRIGGER liability_sum BEFORE INSERT OR UPDATE ON complaints_liabilityshare
        FOR EACH ROW EXECUTE FUNCTION amends_liability_sum()""",
}  # fmt: skip

TABLE_OF = {name: SHARES if name.startswith("liability") else EVENTS for name in (*_SQLITE, *_POSTGRES)}


def expected(vendor: str) -> dict[str, str]:
    """Trigger name -> SQL for this database vendor."""
    return _POSTGRES if vendor == "postgresql" else _SQLITE


def install(connection: Any) -> None:
    """Create all triggers; they must not exist yet."""
    with connection.cursor() as cursor:
        for sql in expected(connection.vendor).values():
            cursor.execute(sql)


def remove(connection: Any) -> None:
    """Drop all triggers that exist."""
    with connection.cursor() as cursor:
        for name in expected(connection.vendor):
            on_table = f" ON {TABLE_OF[name]}" if connection.vendor == "postgresql" else ""
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}{on_table}")
