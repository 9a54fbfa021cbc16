"""What would become of each order or case of a file, told before anything is written; and then its writing."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from complaints.models import Contact, ImportJob, Order
from complaints.operations import receiving
from complaints.operations.orders import OrderSnapshot, write_batch

from . import fields
from .cases import Case, case_of, incoming
from .order_files import Refusal, entry_of
from .reading import row_reader
from .snapshots import overruled
from .spool import Row

OLD = timedelta(days=30)
"""A case of before that is history: taken in as new it would start alarms that help nobody."""

Group = tuple[int, Sequence[Row]]


class Verdict(StrEnum):
    NEW = "new"
    CHANGED = "changed"
    SAME = "same"
    BAD = "bad"
    ENDED = "ended"
    OLD = "old"


@dataclass(slots=True)
class Judged:
    """One group of rows: what it says, or why it was refused; `rows` of the file."""

    first: int
    rows: int
    verdict: Verdict
    order: OrderSnapshot | None = None
    case: Case | None = None
    refusals: tuple[Refusal, ...] = ()
    overruled: int = 0
    """Rows that say something else than a later one, which counts."""


class Judge:
    """Judges the rows of one job. `now` decides what is old."""

    def __init__(self, job: ImportJob, *, now: datetime) -> None:
        self.job, self.now = job, now
        self.layout = fields.layout_of(job)
        self.reader = row_reader(job)

    def read(self, group: Group) -> Judged:
        """What the rows say by themselves; a sound group is taken for new."""
        first, rows = group
        read = [self.reader.read(number, cells) for number, cells in rows]
        if self.layout.holds_orders:
            entry = entry_of(read, self.layout)
            verdict = Verdict.NEW if entry.snapshot else Verdict.BAD
            unlike = overruled(read, self.layout) if entry.snapshot else 0
            return Judged(first, len(rows), verdict, order=entry.snapshot, refusals=entry.refusals, overruled=unlike)
        refusals = tuple(Refusal(row.row, row.cells, row.findings) for row in read if row.findings)
        if refusals:
            return Judged(first, len(rows), Verdict.BAD, refusals=refusals)
        # A case that the file tells of several times is as its last row has it.
        case = case_of(read[-1], self.layout, self.job.shop)
        return Judged(first, len(rows), self._kind_of(case), case=case, overruled=overruled(read, self.layout))

    def judge(self, groups: Iterable[Group]) -> list[Judged]:
        """What would become of them, beside what the desk knows already."""
        judged = [self.read(group) for group in groups]
        if self.layout.holds_orders:
            self._compare_orders([one for one in judged if one.order])
        else:
            known = _delivered(one.case.source for one in judged if one.case)
            for one in judged:
                if one.case and one.case.source in known:
                    one.verdict = Verdict.SAME
        return judged

    def wanted(self, one: Judged) -> bool:
        """Whether it goes in: what is ended or old does when somebody asked for it."""
        asked = {Verdict.ENDED: self.job.take_ended, Verdict.OLD: self.job.take_old}
        return one.case is not None and asked.get(one.verdict, True)

    def _kind_of(self, case: Case) -> Verdict:
        if case.ended:
            return Verdict.ENDED
        old = case.received_at is not None and case.received_at < self.now - OLD
        return Verdict.OLD if old else Verdict.NEW

    def _compare_orders(self, judged: Sequence[Judged]) -> None:
        numbers = [one.order.number for one in judged if one.order]
        rows = Order.objects.filter(shop=self.job.shop, number__in=numbers)
        marks = dict(rows.values_list("number", "fingerprint"))
        for one in judged:
            if one.order and one.order.number in marks:
                same = marks[one.order.number] == one.order.fingerprint
                one.verdict = Verdict.SAME if same else Verdict.CHANGED


def write_orders(job: ImportJob, judged: Sequence[Judged], *, now: datetime) -> tuple[dict[str, int], list[int]]:
    """Write the sound orders; returns counts by field of the job, and the orders whose complaints must be asked."""
    written, revalued = write_batch(job.shop, [one.order for one in judged if one.order], now=now)
    counts = {"created": written.new, "changed": written.changed, "unchanged": written.unchanged}
    return counts, revalued


def write_case(job: ImportJob, one: Judged, *, now: datetime) -> dict[str, int]:
    """Take one case in, once for all files; a row that is none counts for nothing. Raises Refused."""
    if one.case is None:
        return {}
    taken = incoming(one.case, job.shop, via=job.original_name)
    received = receiving.take_in(taken, actor=job.requested_by, now=now)
    if received.again:
        return {"unchanged": 1}
    return {"created" if received.result == receiving.Result.REGISTERED else "changed": 1}


def _delivered(sources: Iterable[str]) -> set[str]:
    rows: Any = Contact.objects.filter(source__in=list(sources))
    return set(rows.values_list("source", flat=True))
