"""Rules that only the database can keep: history is append-only (R1.4), liability never exceeds 100 % (R4.6).

Written for both databases. A migration that rebuilds one of these tables on SQLite drops its triggers and must
install them again; a test notices when one is missing.
"""

from knowledge.trigger_sets import TriggerSet, append_only

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


_SET = TriggerSet(sqlite=_SQLITE, postgres=_POSTGRES, table_of=TABLE_OF)
expected, install, remove = _SET.expected, _SET.install, _SET.remove


QUALITY = (
    append_only("complaints_reviewevent", "review_event"),
    append_only("complaints_sampledraw", "sample_draw"),
)
"""Of the scores of replies: installed by a later migration than the others, whose function they use."""

LISTING_CHECKS = append_only("complaints_listingcheck", "listing_check")
CONFIRMATIONS = append_only("complaints_confirmationrecord", "confirmation")
LATER = (LISTING_CHECKS, CONFIRMATIONS)
"""Apart from the others, whose migrations came before."""
