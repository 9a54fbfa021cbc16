"""What only the database can keep: history is append-only, liability never exceeds the whole; by raw SQL."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.models import ProtectedError

from complaints import triggers
from complaints.models import Complaint, ComplaintEvent, LiabilityShare
from tests.factories.complaints import ComplaintFactory, LiabilityShareFactory

pytestmark = pytest.mark.django_db


def run(sql: str, *values: Any) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.rowcount


def installed() -> set[str]:
    """Names of the triggers that the database really has on our tables."""
    if connection.vendor == "postgresql":
        sql = "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
    else:
        sql = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return {name for (name,) in cursor.fetchall()}


def test_every_trigger_is_there_after_the_migrations() -> None:
    assert installed() >= set(triggers.expected(connection.vendor))


@pytest.mark.parametrize("of", triggers.LATER)
def test_the_later_triggers_are_there_can_go_and_come_back(of: Any) -> None:
    expected = set(of.expected(connection.vendor))
    assert installed() >= expected
    of.remove(connection)
    assert not installed() & expected
    of.install(connection)
    assert installed() >= expected


def test_triggers_can_be_taken_away_and_put_back() -> None:
    triggers.remove(connection)
    assert not installed() & set(triggers.expected(connection.vendor))
    triggers.remove(connection)
    triggers.install(connection)
    assert installed() >= set(triggers.expected(connection.vendor))


def test_both_databases_know_the_same_rules() -> None:
    tables = [set(map(triggers.TABLE_OF.get, triggers.expected(vendor))) for vendor in ("sqlite", "postgresql")]
    assert tables == [{triggers.EVENTS, triggers.SHARES}] * 2


# ---------------------------------------------------------------- history


@pytest.fixture
def event(case: Callable[..., Any]) -> ComplaintEvent:
    return case("new").events.get()


@pytest.mark.parametrize(
    ("column", "value"),
    [("reason", "改写"), ("to_state", "closed"), ("actor_id", None), ("kind", "x"), ("version", 99), ("data", "{}")],
)
def test_history_is_not_rewritten(event: ComplaintEvent, column: str, value: Any) -> None:
    before = ComplaintEvent.objects.filter(pk=event.pk).values().get()
    with pytest.raises(DatabaseError, match="append-only"):
        run(f"UPDATE complaints_complaintevent SET {column} = %s WHERE id = %s", value, event.pk)
    assert ComplaintEvent.objects.filter(pk=event.pk).values().get() == before


def test_history_is_not_deleted(event: ComplaintEvent) -> None:
    with pytest.raises(DatabaseError, match="append-only"):
        run("DELETE FROM complaints_complaintevent WHERE id = %s", event.pk)
    with pytest.raises(DatabaseError, match="append-only"):
        run("DELETE FROM complaints_complaintevent")
    assert ComplaintEvent.objects.filter(pk=event.pk).exists()


def test_the_models_reach_no_further_than_sql(event: ComplaintEvent) -> None:
    event.reason = "改写"
    for attempt in (event.save, event.delete, ComplaintEvent.objects.all().delete):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            attempt()


def test_a_complaint_with_a_history_cannot_be_deleted(event: ComplaintEvent) -> None:
    with pytest.raises(ProtectedError):
        event.complaint.delete()


# ---------------------------------------------------------------- liability


def share(complaint: Complaint, party: str, percent: int) -> None:
    run(
        "INSERT INTO complaints_liabilityshare (complaint_id, party, percent, reason) VALUES (%s, %s, %s, '')",
        complaint.pk, party, percent,
    )  # fmt: skip


def shares(complaint: Complaint) -> dict[str, int]:
    return dict(LiabilityShare.objects.filter(complaint=complaint).values_list("party", "percent"))


def test_shares_add_up_to_the_whole_and_no_further() -> None:
    complaint = ComplaintFactory()
    share(complaint, "carrier", 60)
    share(complaint, "warehouse", 40)
    with pytest.raises(DatabaseError, match="liability over 100"):
        share(complaint, "supplier", 1)
    assert shares(complaint) == {"carrier": 60, "warehouse": 40}


def test_two_complaints_do_not_count_together() -> None:
    one, two = ComplaintFactory.create_batch(2)
    share(one, "carrier", 100)
    share(two, "carrier", 100)
    assert shares(two) == {"carrier": 100}


def test_a_share_is_not_raised_beyond_the_whole() -> None:
    complaint = ComplaintFactory()
    share(complaint, "carrier", 60)
    share(complaint, "warehouse", 40)
    raised = "UPDATE complaints_liabilityshare SET percent = %s WHERE complaint_id = %s AND party = 'carrier'"
    with pytest.raises(DatabaseError, match="liability over 100"):
        run(raised, 61, complaint.pk)
    assert run(raised, 50, complaint.pk) == 1
    assert shares(complaint) == {"carrier": 50, "warehouse": 40}


def test_a_share_is_not_moved_onto_a_full_complaint() -> None:
    full, other = ComplaintFactory.create_batch(2)
    share(full, "carrier", 100)
    share(other, "supplier", 10)
    with pytest.raises(DatabaseError, match="liability over 100"):
        run("UPDATE complaints_liabilityshare SET complaint_id = %s WHERE complaint_id = %s", full.pk, other.pk)


def test_several_shares_at_once_are_counted_too() -> None:
    complaint = ComplaintFactory()
    rows = [
        LiabilityShare(complaint=complaint, party=party, percent=50) for party in ("carrier", "warehouse", "supplier")
    ]
    with pytest.raises(DatabaseError, match="liability over 100"), transaction.atomic():
        LiabilityShare.objects.bulk_create(rows)
    assert shares(complaint) == {}


@pytest.mark.parametrize("percent", [0, -1, 101])
def test_a_single_share_is_between_one_and_a_hundred(percent: int) -> None:
    with pytest.raises(DatabaseError), transaction.atomic():
        LiabilityShareFactory(percent=percent)


def test_a_party_has_one_share() -> None:
    first = LiabilityShareFactory(percent=10)
    with pytest.raises(DatabaseError), transaction.atomic():
        LiabilityShareFactory(complaint=first.complaint, party=first.party, percent=10)
