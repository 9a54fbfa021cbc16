"""Rules that only the database can keep: published terms never change, nor when they hold, nor their history.

Written for both databases. A migration that rebuilds one of these tables on SQLite drops its triggers and must
install them again; a test notices when one is missing.
"""

from knowledge.trigger_sets import append_only, differs, fixed, left_draft

VERSIONS = "knowledge_servicepolicyversion"
EVENTS = "knowledge_servicepolicyevent"

_WORDS = left_draft("text", "text_en", "sources", "reviewed_on", "policy_id")
_CHANGED = f"""{_WORDS}
        OR (OLD.status IN ('published', 'retired') AND (
            {differs("effective_from", "published_at", "published_by_id")}))
        OR (OLD.status = 'retired' AND ({differs("ended_at")}))"""

_SET = fixed(
    VERSIONS, "service_policy_version", said="terms that left their draft are fixed", when=_CHANGED,
    removable="OLD.status = 'draft'",
) | append_only(EVENTS, "service_policy_event")  # fmt: skip
expected, install, remove, TABLE_OF = _SET.expected, _SET.install, _SET.remove, _SET.table_of
