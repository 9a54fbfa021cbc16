"""What only the database keeps about scripts is there after the migrations, on both databases."""

import pytest
from django.db import connection

from knowledge import triggers
from knowledge.trigger_sets import TriggerSet

pytestmark = pytest.mark.django_db


def installed() -> set[str]:
    """Names of the triggers that the database really has."""
    if connection.vendor == "postgresql":
        sql = "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
    else:
        sql = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return {name for (name,) in cursor.fetchall()}


@pytest.mark.parametrize("of", [triggers.SCRIPTS, triggers.RULE_EVENTS, triggers.CONFIRMATION_TEXTS])
def test_every_trigger_is_there_and_can_be_taken_away_and_put_back(of: TriggerSet) -> None:
    expected = set(of.expected(connection.vendor))
    assert installed() >= expected
    for _ in range(2):
        of.remove(connection)
        assert not installed() & expected
    of.install(connection)
    assert installed() >= expected


def test_both_databases_know_the_same_rules() -> None:
    tables = [set(map(triggers.TABLE_OF.get, triggers.expected(vendor))) for vendor in ("sqlite", "postgresql")]
    assert tables == [{triggers.VERSIONS, triggers.EVENTS}] * 2
