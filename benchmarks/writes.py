"""What the desk writes, beside the least that would do: registering a complaint, and a sweep with many clocks due."""

from datetime import timedelta
from itertools import count

from django.db import connection, transaction
from django.db.models import Max, Min
from django.utils import timezone

from benchmarks.filling.people import encrypted
from complaints.models import Alert, Complaint, Deadline, OutboxMessage, Shop
from complaints.operations import intake, sweeping
from knowledge.models import IssueType

_MARK = "benchmark"
_serial = count(1)

_BARE_SWEEP = (
    """INSERT INTO complaints_alert (recipient_id, complaint_id, kind, level, due_at, dedup_key, created_at)
       SELECT c.registered_by_id, c.id, d.kind, 50, d.due_at, c.id || d.kind || d.due_at || %(now)s, %(now)s
       FROM complaints_deadline d JOIN complaints_complaint c ON c.id = d.complaint_id
       WHERE d.met_at IS NULL AND d.stopped_at IS NULL AND d.next_alert_at <= %(now)s""",
    """INSERT INTO complaints_outboxmessage (complaint_id, audience, channel, recipient_id, address, subject, body,
           dedup_key, message_id, status, attempt, next_attempt_at, owner, last_error, created_at)
       SELECT c.id, 'staff', 'email', c.registered_by_id, %(address)s, c.title, %(body)s,
           c.id || d.kind || d.due_at || %(now)s, '<' || c.id || '@benchmark>', 'pending', 0, %(now)s, '', '', %(now)s
       FROM complaints_deadline d JOIN complaints_complaint c ON c.id = d.complaint_id
       WHERE d.met_at IS NULL AND d.stopped_at IS NULL AND d.next_alert_at <= %(now)s""",
    """UPDATE complaints_deadline SET level = 50, next_alert_at = due_at
       WHERE met_at IS NULL AND stopped_at IS NULL AND next_alert_at <= %(now)s""",
)


class Registering:
    """Complaints registered during the benchmark, by the operation or by the model alone."""

    def __init__(self) -> None:
        self.shop = Shop.objects.first()
        self.actor = self.shop.members.first()
        self.issue = IssueType.objects.filter(parent__isnull=False).first()

    def ours(self) -> None:
        """Customer, number, complaint, contact, clock, event."""
        serial = next(_serial)
        person = intake.Person(name="王小明", phone=f"188{serial:08d}")
        registration = intake.Registration(
            shop=self.shop, title=_MARK, channel="phone", description=_MARK, demand=_MARK, person=person,
            no_order_reason=_MARK, issue_type=self.issue, assignee=self.actor,
        )  # fmt: skip
        intake.register(registration, actor=self.actor, now=timezone.now())

    def bare(self) -> None:
        """The row of the complaint and nothing else."""
        now = timezone.now()
        Complaint.objects.create(
            number=f"B{next(_serial)}-{now:%H%M%S%f}", shop=self.shop, title=_MARK, channel="phone", description=_MARK,
            demand=_MARK, no_order_reason=_MARK, issue_type=self.issue, registered_by=self.actor, assignee=self.actor,
            received_at=now, round_started_at=now, created_at=now,
        )  # fmt: skip


class Sweeping:
    """The same running clocks made due before each run, and given back as they were in the end.

    It all happens at a moment before any other clock is due.
    """

    def __init__(self, clocks: int) -> None:
        self.clocks = list(Deadline.objects.running().order_by("pk")[:clocks])
        self.chosen = Deadline.objects.filter(pk__in=[clock.pk for clock in self.clocks])
        others = Deadline.objects.running().exclude(pk__in=self.chosen).aggregate(first=Min("next_alert_at"))
        self.now = min(others["first"] or timezone.now(), timezone.now()) - timedelta(minutes=1)
        self.last = {model: model.objects.aggregate(pk=Max("pk"))["pk"] for model in (Alert, OutboxMessage)}
        self.address = encrypted(OutboxMessage, "address", "agent01@staff.example")
        self.body = encrypted(OutboxMessage, "body", f"{_MARK}\n" * 8)

    def make_due(self) -> None:
        """Of each clock more than half, less than four fifths is used; nothing else is due."""
        self._clear()
        self.chosen.update(
            started_at=self.now - timedelta(hours=6),
            due_at=self.now + timedelta(hours=4),
            next_alert_at=self.now - timedelta(hours=1),
            level=0,
            breached_at=None,
        )

    def ours(self) -> None:
        """Alerts, encrypted mails, clocks: all that the beat's sweep does."""
        fired = sweeping.sweep(now=self.now)
        if fired != len(self.clocks):
            raise AssertionError(f"{fired} clocks fired instead of {len(self.clocks)}")

    def bare(self) -> None:
        """Three statements: alerts, mails with one ciphertext for all, clocks."""
        given = {"now": self.now, "address": self.address, "body": self.body}
        with transaction.atomic(), connection.cursor() as cursor:
            for statement in _BARE_SWEEP:
                cursor.execute(statement, given)

    def restore(self) -> None:
        """Clocks as they were, alerts and mails of the benchmark gone."""
        self._clear()
        Deadline.objects.bulk_update(self.clocks, ["started_at", "due_at", "next_alert_at", "level", "breached_at"])

    def _clear(self) -> None:
        """Remove what the last run wrote, and its dead rows, which autovacuum would remove in time."""
        for model, last in self.last.items():
            model.objects.filter(pk__gt=last or 0).delete()
        with connection.cursor() as cursor:
            for model in (*self.last, Deadline):
                cursor.execute(f"VACUUM {model._meta.db_table}")
