"""Rules that only the database can keep: a script's version that left its draft never changes, no history ever.

Written for both databases. A migration that rebuilds one of these tables on SQLite drops its triggers and must
install them again; a test notices when one is missing.
"""

from knowledge.trigger_sets import append_only, differs, fixed, left_draft

VERSIONS = "knowledge_scriptversion"
EVENTS = "knowledge_scriptevent"

SCRIPTS = fixed(
    VERSIONS, "script_version", said="a version that left its draft is fixed", when=left_draft("text", "script_id"),
    removable="OLD.status = 'draft'",
) | append_only(EVENTS, "script_event")  # fmt: skip
expected, install, remove, TABLE_OF = SCRIPTS.expected, SCRIPTS.install, SCRIPTS.remove, SCRIPTS.table_of

RULE_EVENTS = append_only("knowledge_phraseruleevent", "phrase_event")
CONFIRMATION_TEXTS = append_only("knowledge_confirmationtext", "confirmation_text")

CRITERIA = "knowledge_criterionversion"

rubric = fixed(
    CRITERIA, "criterion_version", said="a version of a criterion is fixed",
    when="OLD.replaced_at IS NOT NULL OR NEW.replaced_at IS NULL OR " + differs(
        "number", "criterion_id", "name", "name_en", "description", "description_en", "anchors", "most", "weight",
        "position", "active", "author_id",
    ),
)  # fmt: skip
"""Of the rubric: all that a version of a criterion may become is replaced."""
