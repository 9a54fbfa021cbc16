"""Rules that only the database can keep: a script's version that left its draft never changes, no history ever.

Written for both databases. A migration that rebuilds one of these tables on SQLite drops its triggers and must
install them again; a test notices when one is missing.
"""

from knowledge.trigger_sets import TriggerSet, append_only

VERSIONS = "knowledge_scriptversion"
EVENTS = "knowledge_scriptevent"

_CHANGED = """OLD.status <> 'draft' AND (
            NEW.text <> OLD.text OR NEW.number <> OLD.number OR NEW.script_id <> OLD.script_id
            OR COALESCE(NEW.author_id, 0) <> COALESCE(OLD.author_id, 0)
            OR (OLD.status IN ('retired', 'discarded') AND NEW.status <> OLD.status)
            OR (OLD.status = 'published' AND NEW.status NOT IN ('published', 'retired')))"""

_SQLITE = {
    "script_version_fixed": f"""
        CREATE TRIGGER script_version_fixed BEFORE UPDATE ON knowledge_scriptversion WHEN {_CHANGED}
        BEGIN SELECT RAISE(ABORT, 'a version that left its draft is fixed'); END""",
    "script_version_kept": """
        CREATE TRIGGER script_version_kept BEFORE DELETE ON knowledge_scriptversion WHEN OLD.status <> 'draft'
        BEGIN SELECT RAISE(ABORT, 'a version that left its draft is fixed'); END""",
    "script_event_no_update": """
        CREATE TRIGGER script_event_no_update BEFORE UPDATE ON knowledge_scriptevent
        BEGIN SELECT RAISE(ABORT, 'history is append-only'); END""",
    "script_event_no_delete": """
        CREATE TRIGGER script_event_no_delete BEFORE DELETE ON knowledge_scriptevent
        BEGIN SELECT RAISE(ABORT, 'history is append-only'); END""",
}

_POSTGRES = {
    "script_version_fixed": f"""
        CREATE OR REPLACE FUNCTION amends_script_version_fixed() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'DELETE' THEN
                IF OLD.status = 'draft' THEN RETURN OLD; END IF;
            ELSIF NOT ({_CHANGED}) THEN
                RETURN NEW;
            END IF;
            RAISE EXCEPTION 'a version that left its draft is fixed' USING ERRCODE = 'integrity_constraint_violation';
        END $$;
        CREATE TRIGGER script_version_fixed BEFORE UPDATE OR DELETE ON knowledge_scriptversion
        FOR EACH ROW EXECUTE FUNCTION amends_script_version_fixed()""",
    "script_event_append_only": """
        CREATE OR REPLACE FUNCTION amends_script_event_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'history is append-only' USING ERRCODE = 'integrity_constraint_violation';
        END $$;
        CREATE TRIGGER script_event_append_only BEFORE UPDATE OR DELETE ON knowledge_scriptevent
        FOR EACH ROW EXECUTE FUNCTION amends_script_event_append_only()""",
}

TABLE_OF = {
    "script_version_fixed": VERSIONS,
    "script_version_kept": VERSIONS,
    "script_event_no_update": EVENTS,
    "script_event_no_delete": EVENTS,
    "script_event_append_only": EVENTS,
}


SCRIPTS = TriggerSet(sqlite=_SQLITE, postgres=_POSTGRES, table_of=TABLE_OF)
expected, install, remove = SCRIPTS.expected, SCRIPTS.install, SCRIPTS.remove

RULE_EVENTS = append_only("knowledge_phraseruleevent", "phrase_event")
CONFIRMATION_TEXTS = append_only("knowledge_confirmationtext", "confirmation_text")

CRITERIA = "knowledge_criterionversion"

_REPLACED_ONLY = """OLD.replaced_at IS NOT NULL OR NEW.replaced_at IS NULL
            OR NEW.number <> OLD.number OR NEW.criterion_id <> OLD.criterion_id
            OR NEW.name <> OLD.name OR NEW.name_en <> OLD.name_en
            OR NEW.description <> OLD.description OR NEW.description_en <> OLD.description_en
            OR CAST(NEW.anchors AS text) <> CAST(OLD.anchors AS text)
            OR NEW.most <> OLD.most OR NEW.weight <> OLD.weight
            OR NEW.position <> OLD.position OR NEW.active <> OLD.active
            OR COALESCE(NEW.author_id, 0) <> COALESCE(OLD.author_id, 0)"""

rubric = TriggerSet(
    sqlite={
        "criterion_version_fixed": f"""
        CREATE TRIGGER criterion_version_fixed BEFORE UPDATE ON knowledge_criterionversion WHEN {_REPLACED_ONLY}
        BEGIN SELECT RAISE(ABORT, 'a version of a criterion is fixed'); END""",
        "criterion_version_kept": """
        CREATE TRIGGER criterion_version_kept BEFORE DELETE ON knowledge_criterionversion
        BEGIN SELECT RAISE(ABORT, 'a version of a criterion is fixed'); END""",
    },
    postgres={
        "criterion_version_fixed": f"""
        CREATE OR REPLACE FUNCTION amends_criterion_version_fixed() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'UPDATE' THEN
                IF NOT ({_REPLACED_ONLY}) THEN RETURN NEW; END IF;
            END IF;
            RAISE EXCEPTION 'a version of a criterion is fixed' USING ERRCODE = 'integrity_constraint_violation';
        END $$;
        CREATE TRIGGER criterion_version_fixed BEFORE UPDATE OR DELETE ON knowledge_criterionversion
        FOR EACH ROW EXECUTE FUNCTION amends_criterion_version_fixed()""",
    },
    table_of={"criterion_version_fixed": CRITERIA, "criterion_version_kept": CRITERIA},
)
"""Of the rubric: all that a version of a criterion may become is replaced."""
