"""What must hold after a fill, asked of the database; what its constraints keep already is not asked again."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F, Q

from complaints import sla
from complaints.identity import Fact
from complaints.lifecycle import State
from complaints.models import Alert, Complaint, Customer, Deadline
from complaints.models.complaint import OPEN_STATES
from complaints.operations import clocks, mending
from complaints.queries.policies import Rulebook

from .layouts import CUSTOMER, LAYOUTS
from .people import WHOLE, facts

SAMPLE = 500
_RUNNING = "d.met_at IS NULL AND d.stopped_at IS NULL"
_QUESTIONS = {
    "open complaints whose running clocks of the stage are not exactly one": f"""
        SELECT COUNT(*) FROM complaints_complaint c WHERE c.state IN ({{open}}) AND 1 <> (
            SELECT COUNT(*) FROM complaints_deadline d WHERE d.complaint_id = c.id AND {_RUNNING}
            AND d.kind IN ({{stage}}) AND d.round = c.round)""",
    "open complaints that are not due when the first of their clocks is": f"""
        SELECT COUNT(*) FROM complaints_complaint c WHERE c.state IN ({{open}}) AND c.next_due_at <> (
            SELECT MIN(d.due_at) FROM complaints_deadline d WHERE d.complaint_id = c.id AND {_RUNNING})""",
    "promises that are owed and not watched by exactly one clock, or settled and watched": f"""
        SELECT COUNT(*) FROM complaints_promise p WHERE (CASE WHEN p.settled_at IS NULL THEN 1 ELSE 0 END) <> (
            SELECT COUNT(*) FROM complaints_deadline d WHERE d.complaint_id = p.complaint_id AND {_RUNNING}
            AND d.kind = 'promise' AND d.subject = p.id AND d.due_at = p.due_at)""",
    "running clocks of ended complaints": f"""
        SELECT COUNT(*) FROM complaints_deadline d JOIN complaints_complaint c ON c.id = d.complaint_id
        WHERE {_RUNNING} AND c.state NOT IN ({{open}})""",
    "concluded complaints whose liability is not 100 %": """
        SELECT COUNT(*) FROM complaints_complaint c WHERE c.state IN ('proposing', 'negotiating', 'executing',
            'awaiting_followup', 'closed')
        AND 100 <> (SELECT COALESCE(SUM(l.percent), 0) FROM complaints_liabilityshare l WHERE l.complaint_id = c.id)""",
    "liability over 100 %": """
        SELECT COUNT(*) FROM (SELECT complaint_id FROM complaints_liabilityshare
                              GROUP BY complaint_id HAVING SUM(percent) > 100) AS over""",
    "resolved complaints without an open call-back": """
        SELECT COUNT(*) FROM complaints_complaint c WHERE c.state = 'awaiting_followup' AND NOT EXISTS (
            SELECT 1 FROM followups_followup f
            WHERE f.complaint_id = c.id AND f.round = c.round AND f.status = 'open')""",
    "histories that do not end in the present stage (of one in a hundred)": """
        SELECT COUNT(*) FROM complaints_complaint c WHERE c.id % 100 = 0 AND c.state <> (
            SELECT e.to_state FROM complaints_complaintevent e WHERE e.complaint_id = c.id AND e.to_state <> ''
            ORDER BY e.at DESC, e.id DESC LIMIT 1)""",
    "days whose counter is not their highest number": """
        SELECT COUNT(*) FROM complaints_dailynumber n WHERE n.last <> (
            SELECT COUNT(*) FROM complaints_complaint c
            WHERE c.number >= 'A' || REPLACE(CAST(n.day AS varchar(10)), '-', '') || '-'
              AND c.number < 'A' || REPLACE(CAST(n.day AS varchar(10)), '-', '') || '.')""",
}


def counts(connection: Any) -> dict[str, int]:
    """Rows by table."""
    layouts = {"customer": CUSTOMER} | LAYOUTS
    return {table: layout.model._base_manager.using(connection.alias).count() for table, layout in layouts.items()}


def problems(connection: Any, *, now: datetime) -> list[str]:
    """Sentences about what is wrong; empty when all is well."""
    with connection.cursor() as cursor:
        found = [f"{_number(cursor, sql)} {what}" for what, sql in _QUESTIONS.items() if _number(cursor, sql)]
    complaints = Complaint.objects.using(connection.alias)
    future = Q(received_at__gt=now) | Q(created_at__gt=now) | Q(last_contact_at__gt=now) | Q(closed_at__gt=now)
    found += [f"{rows} complaints in the future" for rows in [complaints.filter(future).count()] if rows]
    overlooked = Deadline.objects.using(connection.alias).alert_due(now).count()
    found += [f"{overlooked} clocks that the sweep should have fired"] if overlooked else []
    untold = Alert.objects.using(connection.alias).filter(told_at__isnull=True).count()
    found += [f"{untold} alerts that nobody has been told of"] if untold else []
    found += _wrong_plans(connection) + _to_be_mended(now=now)
    merged = complaints.filter(state=State.MERGED).exclude(merged_into__shop=F("shop")).count()
    found += [f"{merged} complaints merged into another shop's"] if merged else []
    return found + strangers(connection)


def _number(cursor: Any, sql: str) -> int:
    cursor.execute(sql.replace("{open}", _listed(OPEN_STATES)).replace("{stage}", _listed(sla.STAGE_KINDS)))
    return cursor.fetchone()[0]


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)


def _wrong_plans(connection: Any) -> list[str]:
    """A sentence about clocks of a sample that the desk itself would have planned otherwise."""
    rules, wrong = Rulebook(), 0
    open_ones = Complaint.objects.using(connection.alias).open().order_by("pk")
    for complaint in open_ones.prefetch_related("deadlines")[:SAMPLE]:
        running = [clock for clock in complaint.deadlines.all() if clock.is_running]
        wrong += sum(
            clock.plan != sla.plan(clocks.terms_of(clock, rules), sla.LEVELS)
            or clock.next_alert_at != sla.next_alert(clock.plan, after=clock.level)
            for clock in running
        )
        first = min(running, key=lambda clock: clock.due_at, default=None)
        wrong += first is None or complaint.next_critical_at != first.critical_from
    return [f"{wrong} clocks whose warn levels are wrong"] if wrong else []


def _to_be_mended(*, now: datetime) -> list[str]:
    """A sentence about what the mending sweep would do; it is not done."""
    with transaction.atomic():
        mended = mending.mend(now=now)
        transaction.set_rollback(True)
    return [f"{mended} complaints or promises without a clock"] if mended else []


def strangers(connection: Any) -> list[str]:
    """Sentences about customers of a sample who are not found, or cannot be read, by what they are known by."""
    found = []
    customers = Customer.objects.using(connection.alias)
    for serial in range(0, min(WHOLE, customers.count()), 20):
        for kind, value in facts(serial).items():
            hits = list(customers.matching(value)[:3000]) if value else []
            if value and not any(getattr(hit, kind) == value for hit in hits):
                found.append(f"customer {serial} is not found by {Fact(kind)}")
    return found
