"""Rules that only the database can keep: published terms never change, nor when they hold, nor their history.

Written for both databases. A migration that rebuilds one of these tables on SQLite drops its triggers and must
install them again; a test notices when one is missing.
"""

from knowledge.trigger_sets import TriggerSet

VERSIONS = "knowledge_servicepolicyversion"
EVENTS = "knowledge_servicepolicyevent"


def _other(column: str, nothing: str) -> str:
    return f"COALESCE(CAST(NEW.{column} AS TEXT), '{nothing}') <> COALESCE(CAST(OLD.{column} AS TEXT), '{nothing}')"


_CHANGED = f"""(OLD.status <> 'draft' AND (
            NEW.text <> OLD.text OR NEW.text_en <> OLD.text_en OR NEW.sources <> OLD.sources
            OR NEW.number <> OLD.number OR NEW.policy_id <> OLD.policy_id
            OR {_other("reviewed_on", "")} OR {_other("author_id", "")}
            OR (OLD.status IN ('retired', 'discarded') AND NEW.status <> OLD.status)
            OR (OLD.status = 'published' AND NEW.status NOT IN ('published', 'retired'))))
        OR (OLD.status IN ('published', 'retired') AND (
            {_other("effective_from", "")} OR {_other("published_at", "")} OR {_other("published_by_id", "")}))
        OR (OLD.status = 'retired' AND {_other("ended_at", "")})"""

_SQLITE = {
    "service_policy_version_fixed": f"""
        CREATE TRIGGER service_policy_version_fixed BEFORE UPDATE ON {VERSIONS} WHEN {_CHANGED}
        BEGIN SELECT RAISE(ABORT, 'terms that left their draft are fixed'); END""",
    "service_policy_version_kept": f"""
        CREATE TRIGGER service_policy_version_kept BEFORE DELETE ON {VERSIONS} WHEN OLD.status <> 'draft'
        BEGIN SELECT RAISE(ABORT, 'terms that left their draft are fixed'); END""",
    "service_policy_event_no_update": f"""
        CREATE TRIGGER service_policy_event_no_update BEFORE UPDATE ON {EVENTS}
        BEGIN SELECT RAISE(ABORT, 'history is append-only'); END""",
    "service_policy_event_no_delete": f"""
        CREATE TRIGGER service_policy_event_no_delete BEFORE DELETE ON {EVENTS}
        BEGIN SELECT RAISE(ABORT, 'history is append-only'); END""",
}

_POSTGRES = {
    "service_policy_version_fixed": f"""
        CREATE OR REPLACE FUNCTION amends_service_policy_version_fixed() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'DELETE' THEN
                IF OLD.status = 'draft' THEN RETURN OLD; END IF;
            ELSIF NOT ({_CHANGED}) THEN
                RETURN NEW;
            END IF;
            RAISE EXCEPTION 'terms that left their draft are fixed' USING ERRCODE = 'integrity_constraint_violation';
        END $$;
        CREATE TRIGGER service_policy_version_fixed BEFORE UPDATE OR DELETE ON {VERSIONS}
        FOR EACH ROW EXECUTE FUNCTION amends_service_policy_version_fixed()""",
    "service_policy_event_append_only": f"""
        CREATE OR REPLACE FUNCTION amends_service_policy_event_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'history is append-only' USING ERRCODE = 'integrity_constraint_violation';
        END $$;
        CREATE TRIGGER service_policy_event_append_only BEFORE UPDATE OR DELETE ON {EVENTS}
        FOR EACH ROW EXECUTE FUNCTION amends_service_policy_event_append_only()""",
}

TABLE_OF = {
    "service_policy_version_fixed": VERSIONS,
    "service_policy_version_kept": VERSIONS,
    "service_policy_event_no_update": EVENTS,
    "service_policy_event_no_delete": EVENTS,
    "service_policy_event_append_only": EVENTS,
}

_SET = TriggerSet(sqlite=_SQLITE, postgres=_POSTGRES, table_of=TABLE_OF)
expected, install, remove = _SET.expected, _SET.install, _SET.remove
