"""Imports in the background, a slice at a time: read the file, judge its rows, and, once somebody said so, write them.

Each step commits how far it has come together with what it wrote, so that a killed worker costs the step in hand and
nothing else. A step that finds its claim lost writes nothing.
"""

import logging
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from django.db import Error as DatabaseError
from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from complaints.models import ImportJob
from complaints.operations import import_claims, import_jobs, reapplying
from complaints.operations.import_claims import ClaimLost, finish, give_back, keep
from complaints.refusals import Refused
from complaints.waking import asleep

from . import spool
from .judging import Group, Judge, Judged, Verdict, write_case, write_orders
from .problem import Problem
from .reading import MOST_ROWS, MOST_SHOP_NAMES, TooManyRows, batches, digits_are_lost, row_reader, sheet_of
from .spool import Spool

log = logging.getLogger(__name__)

State = ImportJob.State
SLICE_SECONDS = 15
"""Well under the soft time limit of tasks; as long as a round of delivery, so that nobody waits long for the clocks."""

BATCH = 200
"""Groups of rows that are judged, or orders that are written, in one step."""

More = Callable[[], bool]


class FileIsGone(Problem):
    message = _("The file is no longer there. Upload it again.")


class StoppedTooOften(Problem):
    message = _(
        "The import was stopped %(times)s times behind row %(row)s and is given up. "
        "Split the file there, or ask your administrator to look into the worker's log."
    )


def go_on(*, now: datetime, asked_to_stop: Callable[[], bool] = lambda: False) -> int:
    """Work on the import that has waited longest, for a slice; returns how many steps were done."""
    job = import_claims.claim(uuid.uuid4().hex)
    if job is None:
        return 0
    until = time.monotonic() + SLICE_SECONDS
    steps = _Slice(job, now=now).run(lambda: time.monotonic() < until and not asked_to_stop())
    if ImportJob.objects.waiting().exists():
        import_jobs.wake()
    return steps


class _Slice:
    """One slice of work on a claimed import."""

    def __init__(self, job: ImportJob, *, now: datetime) -> None:
        self.job, self.now = job, now
        self.steps = 0

    def run(self, more: More) -> int:
        """Go on until there is no `more`, one step at least."""
        try:
            # Much is written at once: what it causes waits for the next tick.
            with asleep():
                self._go_on(more)
            give_back(self.job)
        except ClaimLost:
            log.warning("import %s was taken over or cancelled", self.job.pk)
        except Problem as problem:
            self._fail(problem)
        except DatabaseError:  # it goes on where it stands once the lease is over
            log.exception("import %s cannot be written", self.job.pk)
        except Exception:  # the others must go on; it is tried again, but not for ever
            log.exception("import %s was stopped", self.job.pk)
            give_back(self.job)
        return self.steps

    def _go_on(self, more: More) -> None:
        job = self.job
        if job.tries > import_claims.TRIES:
            raise StoppedTooOften(times=import_claims.TRIES, row=job.position or job.rows_read)
        if not job.source.exists():
            raise FileIsGone
        with spool.opened(job.spool) as rows:
            if job.rows_total is None:
                self._read(rows, more)
            elif job.rows_total and not rows.last():
                raise FileIsGone
            elif job.state == State.PREVIEWING:
                self._judge(rows, more)
            else:
                self._write(rows, more)

    def _read(self, rows: Spool, more: More) -> None:
        """Put the rows of the file into the spool, behind those that are there."""
        job, reader = self.job, row_reader(self.job)
        count, names = rows.count(), set(job.shop_names)
        last, mark = rows.stand()
        for batch in batches(sheet_of(job, rows), reader, after=max(job.header_row, last), mark=mark):
            rows.add(batch)
            count += len(batch)
            if count > MOST_ROWS:
                raise TooManyRows(most=MOST_ROWS)
            names |= {reader.shop_name(cells) for _number, _key, cells, _mark in batch}
            keep(job, rows_read=count, shop_names=sorted(names - {""})[:MOST_SHOP_NAMES])
            self.steps += 1
            if not more():
                return
        keep(job, rows_read=count, rows_total=count, digits_lost=digits_are_lost(rows), position=0, rows_done=0)

    def _judge(self, rows: Spool, more: More) -> None:
        job, judge = self.job, Judge(self.job, now=self.now)
        for batch in self._batches(rows):
            judged = judge.judge(batch)
            rows.judge((one.first, one.verdict, "") for one in judged)
            rows.mark_overruled((one.first, one.overruled) for one in judged if one.overruled)
            keep(job, position=batch[-1][0], rows_done=job.rows_done + sum(one.rows for one in judged))
            self.steps += 1
            if not more():
                return
        found = rows.verdicts()
        bad = found.get(Verdict.BAD, (0, 0))[1]
        expected = {verdict: groups for verdict, (groups, _rows) in found.items()} | {Verdict.BAD: bad}
        finish(job, State.READY, expected=expected, refused=bad, position=0, rows_done=0)

    def _write(self, rows: Spool, more: More) -> None:
        job, judge = self.job, Judge(self.job, now=self.now)
        self._settle()
        for batch in self._batches(rows):
            judged = [judge.read(group) for group in batch]
            if judge.layout.holds_orders:
                self._write_orders(judged)
            elif not self._write_cases(rows, batch, judged, judge, more):
                return
            self.steps += 1
            if not more():
                return
        finish(job, State.DONE, finished_at=Now())

    def _batches(self, rows: Spool) -> Iterator[Sequence[Group]]:
        """The groups behind the position, which moves meanwhile."""
        while batch := list(islice(rows.groups(after=self.job.position), BATCH)):
            yield batch

    def _write_orders(self, judged: list[Judged]) -> None:
        """One transaction with how far the import has come; then what the orders change about complaints."""
        with transaction.atomic():
            counts, revalued = write_orders(self.job, judged, now=self.now)
            self._keep(judged, counts, unsettled=revalued)
        self._settle()

    def _settle(self) -> None:
        """Ask the complaints about orders for which another amount is known; also those that a dead worker left."""
        if self.job.unsettled:
            reapplying.reconsider(self.job.unsettled, now=self.now)
            keep(self.job, unsettled=[])

    def _write_cases(self, rows: Spool, batch: Sequence[Group], judged: list[Judged], judge: Judge, more: More) -> bool:
        """Each case in a transaction of its own, for each locks what it joins; False where the slice is over."""
        passed: list[Judged] = []
        for (_first, cells), one in zip(batch, judged, strict=True):
            passed.append(one)
            if not judge.wanted(one):
                continue
            with transaction.atomic():
                counts = self._write_case(rows, one, len(cells))
                self._keep(passed, counts | {"left_out": _left_out(passed[:-1])})
            passed = []
            if not more():
                return False
        if passed:
            self._keep(passed, {"left_out": _left_out(passed)})
        return True

    def _write_case(self, rows: Spool, one: Judged, count: int) -> dict[str, int]:
        try:
            return write_case(self.job, one, now=self.now)
        except Refused as refused:
            rows.judge([(one.first, Verdict.BAD, refused.text)])
            return {"refused": count}

    def _keep(self, judged: list[Judged], counts: dict[str, int], **fields: Any) -> None:
        """Write down how far it is, and what has come of the groups since."""
        totals = {name: getattr(self.job, name) + number for name, number in counts.items()}
        done = self.job.rows_done + sum(one.rows for one in judged)
        keep(self.job, position=judged[-1].first, rows_done=done, **totals, **fields)

    def _fail(self, problem: Problem) -> None:
        said = {"name": type(problem).__name__, "names": {name: str(value) for name, value in problem.names.items()}}
        try:
            finish(self.job, State.FAILED, finished_at=Now(), problem=said)
        except ClaimLost:
            log.warning("import %s was taken over or cancelled", self.job.pk)


def _left_out(judged: list[Judged]) -> int:
    return sum(one.verdict in (Verdict.ENDED, Verdict.OLD) for one in judged)
