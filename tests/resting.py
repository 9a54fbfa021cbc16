"""The default content at rest in a worker's database, committed once, so that not every test has to bring it in.

Thousands of tests want it; to write and roll back a thousand rows for each took a third of their time. Tests that want
an empty database come first in each worker, then those that find the content there, then those that commit and flush.
"""

from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django.db import connection
from django.test.testcases import TransactionTestCase

from complaints import triggers
from complaints.operations.bootstrap import load_roles
from knowledge import policy_triggers
from knowledge import triggers as script_triggers
from knowledge.models import (
    ConfirmationText,
    Criterion,
    CriterionVersion,
    IssueType,
    ListingItem,
    PhraseRule,
    ReplyScript,
    ScriptVersion,
    ServicePolicy,
    ServicePolicyVersion,
    SynonymChange,
    SynonymGroup,
)
from knowledge.operations.bootstrap import load_content

CONTENT: Any = (
    Group,
    IssueType,
    ReplyScript,
    ScriptVersion,
    ReplyScript.issue_types.through,
    PhraseRule,
    Criterion,
    CriterionVersion,
    ServicePolicy,
    ServicePolicyVersion,
    SynonymGroup,
    SynonymChange,
    ListingItem,
    ConfirmationText,
)
"""What `bootstrap` loads, in the order in which rows refer to each other."""

TRIGGERS: Any = (
    triggers, script_triggers, script_triggers.RULE_EVENTS, script_triggers.rubric, policy_triggers, *triggers.QUALITY,
    *triggers.LATER, script_triggers.CONFIRMATION_TEXTS,
)  # fmt: skip
"""What only the database keeps, in sets."""


class Database:
    """What this worker knows of its test database."""

    blocker: Any = None
    """Set once the database is there."""

    at_rest = False
    """Whether the content is committed."""

    loaded: dict[str, Any] = {}
    """The rows as `bootstrap` loaded them first; afterwards they are copied, which is faster."""


def wants(item: pytest.Item) -> tuple[bool, bool]:
    """Whether the test wants the content, and whether it commits, so that a flush follows."""
    names = getattr(item, "fixturenames", ())
    mark = item.get_closest_marker("django_db")
    commits = "transactional_db" in names or bool(mark and mark.kwargs.get("transaction"))
    return "content" in names, commits


def in_order(items: list[pytest.Item]) -> list[pytest.Item]:
    """Tests without content, with it, and those whose end is a flush; in each part as they were."""

    def part(item: pytest.Item) -> int:
        content, commits = wants(item)
        return 2 if content and commits else int(content)

    return sorted(items, key=part)


def make_ready(item: pytest.Item) -> None:
    """Commit the content before a test that wants it begins its transaction; take it away before one that does not."""
    content, commits = wants(item)
    uses_database = "db" in getattr(item, "fixturenames", ()) or item.get_closest_marker("django_db") is not None
    if Database.blocker is None or not uses_database or commits or content == Database.at_rest:
        return
    with Database.blocker.unblock():
        if content:
            bring_in()
            Database.at_rest = True
        else:
            without_triggers(lambda: call_command("flush", interactive=False, verbosity=0))


def bring_in() -> None:
    """Roles and default content, as after `bootstrap`, unless they are there."""
    if Database.at_rest:
        return
    if Database.loaded:
        _copy()
        return
    load_roles()
    load_content()
    granted = Group.permissions.through.objects.values_list(
        "group", "permission__content_type__app_label", "permission__codename"
    )
    Database.loaded = {
        "rows": [list(model.objects.order_by("pk")) for model in CONTENT],
        "granted": [(group, (app, codename)) for group, app, codename in granted],
    }


def _copy() -> None:
    for rows in Database.loaded["rows"]:
        type(rows[0]).objects.bulk_create(rows)
    # A flush gives permissions new ids.
    known = Permission.objects.values_list("content_type__app_label", "codename", "pk")
    permissions = {(app, codename): pk for app, codename, pk in known}
    through: Any = Group.permissions.through
    through.objects.bulk_create(
        [through(group_id=group, permission_id=permissions[name]) for group, name in Database.loaded["granted"]]
    )


def without_triggers(flush: Any) -> None:
    """Empty the tables; history may be deleted then, and only then."""
    for one in TRIGGERS:
        one.remove(connection)
    try:
        flush()
    finally:
        Database.at_rest = False
        for one in TRIGGERS:
            one.install(connection)


def flush_without_triggers() -> None:
    """Transactional tests empty the tables afterwards."""
    flush = TransactionTestCase._fixture_teardown
    TransactionTestCase._fixture_teardown = lambda self: without_triggers(lambda: flush(self))
