"""Many clocks that become due at once: our sweep over them, beside the least that writes the same rows."""

from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Max, Min
from django.utils import timezone

from benchmarks.measure import statements
from complaints import sla
from complaints.models import Alert, ComplaintEvent, Deadline, OutboxMessage
from complaints.operations import in_bulk, sweeping, telling
from complaints.outbox import delivery
from complaints.sla import BREACH

HOUR = timedelta(hours=1)
BUDGET = 10 * HOUR
WARN = 50
TOLD_BEFORE = {WARN: 0, BREACH: 80}
"""Level to be reached -> the last level that was told."""

_DUE = "d.met_at IS NULL AND d.stopped_at IS NULL AND d.next_alert_at <= %(now)s"
_CLAIM = f"SELECT d.id FROM complaints_deadline d WHERE {_DUE} ORDER BY d.next_alert_at, d.id {{lock}}"
_ALERTS = f"""
    INSERT INTO complaints_alert (recipient_id, complaint_id, kind, subject, level, due_at, dedup_key, created_at)
    SELECT hears, complaint, kind, subject, %(level)s, due_at,
        complaint || ':' || kind || ':' || %(level)s || ':' || due || ':' || hears, %(now)s
    FROM (
        SELECT CASE who.place WHEN 0 THEN COALESCE(c.assignee_id, lead.person) ELSE lead.person END AS hears,
            c.id AS complaint, d.kind, d.subject, d.due_at, {{iso}} AS due
        FROM complaints_deadline d JOIN complaints_complaint c ON c.id = d.complaint_id
        JOIN (
            SELECT m.shop_id, MIN(m.user_id) AS person FROM complaints_shop_members m
            JOIN auth_user_groups ug ON ug.user_id = m.user_id
            JOIN auth_group g ON g.id = ug.group_id AND g.name = 'team_lead' GROUP BY m.shop_id
        ) lead ON lead.shop_id = c.shop_id
        JOIN (SELECT 0 AS place UNION ALL SELECT 1) who ON who.place < %(persons)s
        WHERE {_DUE}
    ) AS told
    WHERE TRUE ON CONFLICT (dedup_key) DO NOTHING"""
_EVENTS = f"""
    INSERT INTO complaints_complaintevent (complaint_id, at, kind, version, data, from_state, to_state, reason)
    SELECT c.id, %(now)s, 'breached', c.version, {{json}}('clock', d.kind, 'due_at', {{iso}}), '', '', ''
    FROM complaints_deadline d JOIN complaints_complaint c ON c.id = d.complaint_id
    WHERE {_DUE}"""
_CLOCKS = f"""
    UPDATE complaints_deadline AS d SET level = %(level)s, next_alert_at = {{following}}, failures = 0,
        breached_at = CASE WHEN %(level)s < {BREACH} THEN breached_at ELSE due_at END
    WHERE {_DUE}"""
_STATEMENTS = {WARN: (_CLAIM, _ALERTS, _CLOCKS), BREACH: (_ALERTS, _EVENTS, _CLOCKS)}
_PLACE_OF_NEXT = {WARN: 1, BREACH: 3}
_WORDS = {
    "postgresql": {
        "lock": "FOR UPDATE SKIP LOCKED",
        "iso": """to_char(d.due_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS+00:00')""",
        "json": "jsonb_build_object",
        "following": "(d.levels -> {} ->> 1)::timestamptz",
    },
    "sqlite": {
        "lock": "",
        "iso": "strftime('%%Y-%%m-%%dT%%H:%%M:%%S+00:00', d.due_at)",
        "json": "json_object",
        "following": "datetime(json_extract(d.levels, '$[{}][1]'))",
    },
}

_CHANGED = ("started_at", "due_at", "levels", "next_alert_at", "level", "breached_at")


class Unequal(Exception):
    """There are not enough clocks, a run has not fired each, or ours and the bare statements left different rows."""


class Due:
    """The same running clocks of stages made due before each run, and given back as they were in the end.

    They are those of the latest complaints, as after a rush, or `scattered` over all that are open. It all happens at a
    moment before any other clock is due. Of several in one database, the last made is the first to be restored.
    """

    def __init__(self, clocks: int, *, scattered: bool = False) -> None:
        running = list(Deadline.objects.running().of_stage().order_by("pk").values_list("pk", flat=True))
        if len(running) < clocks:
            raise Unequal(f"Only {len(running)} clocks of stages run here, and {clocks} are to be due.")
        everywhere = [running[place * len(running) // clocks] for place in range(clocks)]
        self.clocks = list(Deadline.objects.filter(pk__in=everywhere if scattered else running[-clocks:]))
        others = Deadline.objects.running().aggregate(first=Min("next_alert_at"))
        self.now = min(others["first"] or timezone.now(), timezone.now()).replace(microsecond=0) - timedelta(minutes=1)
        self.last = {model: _last(model) for model in (Alert, OutboxMessage, ComplaintEvent)}
        self.level = WARN

    def make_due(self, level: int) -> None:
        """The level was reached an hour ago, the next one is hours away; what the last run wrote is gone."""
        self.level = level
        self._clear()
        start = self.now - HOUR - BUDGET * level / 100
        rows = []
        for place, clock in enumerate(self.clocks):
            began = start - timedelta(seconds=place)
            plan = [[percent, (began + BUDGET * percent / 100).isoformat(), list(to)] for percent, to in sla.LEVELS]
            reached = began + BUDGET * level / 100
            rows.append((began, began + BUDGET, plan, reached, TOLD_BEFORE[level], None, clock.pk))
        self._chosen().update(budget=BUDGET)
        in_bulk.update(Deadline, _CHANGED, rows)
        if connection.vendor == "postgresql":
            # As autovacuum would in time: the dead rows of one run must not be in the way of the next.
            with connection.cursor() as cursor:
                cursor.execute(f"VACUUM {', '.join(model._meta.db_table for model in (*self.last, Deadline))}")

    def ours(self) -> None:
        """All that the beat's sweep does."""
        fired = sweeping.sweep(now=self.now)
        if fired != len(self.clocks):
            raise Unequal(f"{fired} clocks fired instead of {len(self.clocks)}")

    def bare(self) -> None:
        """For a warning claim, alerts, clocks; for a breach alerts (of two people), events, clocks: one transaction."""
        words = dict(_WORDS[connection.vendor])
        words["following"] = words["following"].format(_PLACE_OF_NEXT[self.level])
        given = {"now": self.now, "level": self.level, "persons": 2 if self.level == BREACH else 1}
        with transaction.atomic(), connection.cursor() as cursor:
            for statement in _STATEMENTS[self.level]:
                cursor.execute(statement.format(**words), given)
                if cursor.description:
                    cursor.fetchall()

    def whole(self) -> int:
        """Sweep, tell, deliver, until every alert is told and every mail is sent; returns the number of alerts."""
        self.ours()
        told = telling.tell(now=self.now)
        while delivery.deliver():
            pass
        return told

    def check_whole(self, level: int) -> tuple[int, int]:
        """Run all of it, and return the number of alerts and of mails. Raises Unequal if anything is left behind."""
        self.make_due(level)
        told = self.whole()
        alerts, mails = (model.objects.filter(pk__gt=self.last[model]) for model in (Alert, OutboxMessage))
        left = alerts.filter(told_at=None).count() + mails.exclude(status=OutboxMessage.Status.SENT).count()
        if left or told != alerts.count():
            raise Unequal(f"{left} alerts or mails of {told} alerts are left behind")
        return told, mails.count()

    def check(self, level: int) -> None:
        """Run both and compare what they leave behind. Raises Unequal."""
        left = []
        for run in (self.ours, self.bare):
            self.make_due(level)
            run()
            left.append(self._written())
        for name in left[0]:
            if left[0][name] != left[1][name]:
                raise Unequal(f"{name} at {level} %: {left[0][name][:3]} is not {left[1][name][:3]}")

    def claim(self) -> str:
        """The statement by which our sweep finds what is due; it is due when this returns."""
        self.make_due(WARN)
        sent = statements(self.ours)
        self.make_due(WARN)
        return next(sql for sql in sent if "SKIP LOCKED" in sql)

    def restore(self) -> None:
        """Clocks as they were; what the benchmark wrote is gone, but for events, which nothing may delete."""
        self._clear()
        Deadline.objects.bulk_update(self.clocks, ["budget", *_CHANGED], batch_size=100)

    def _chosen(self) -> Any:
        return Deadline.objects.filter(pk__in=[clock.pk for clock in self.clocks])

    def _written(self) -> dict[str, list[Any]]:
        def new(model: Any) -> Any:
            return model.objects.filter(pk__gt=self.last[model])

        alerts = new(Alert).order_by("dedup_key")
        events = new(ComplaintEvent).order_by("complaint")
        clocks = self._chosen().order_by("pk")
        return {
            "alerts": list(alerts.values_list("dedup_key", "recipient", "complaint", "kind", "due_at", "created_at")),
            "events": list(events.values_list("complaint", "at", "kind", "version", "data")),
            "clocks": list(clocks.values_list("pk", "level", "next_alert_at", "breached_at", "failures")),
        }

    def _clear(self) -> None:
        """Remove what the last run wrote; events stay, and count from now on."""
        for model in (Alert, OutboxMessage):
            model.objects.filter(pk__gt=self.last[model]).delete()
        self.last[ComplaintEvent] = _last(ComplaintEvent)


def _last(model: Any) -> int:
    return model.objects.aggregate(pk=Max("pk"))["pk"] or 0
