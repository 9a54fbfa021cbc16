"""Import order exports as the platforms write them."""

import time
from argparse import ArgumentParser
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from complaints.intake.importing import import_orders, shop_for
from complaints.intake.layouts import LAYOUTS
from complaints.intake.order_files import OrderFile, Refusal, open_order_file
from complaints.intake.problem import Problem
from complaints.intake.refusals import RefusedRows, private_file, sentences
from complaints.management.progress import Progress
from complaints.models import Shop
from complaints.operations.orders import Written

SHOWN_REFUSALS = 100
INTERRUPTED = 130


@dataclass(slots=True)
class Job:
    """One file on its way in, and what has come of it."""

    name: str
    file: OrderFile
    shop: Shop
    written: Written = Written()
    refused: int = 0

    @property
    def read(self) -> int:
        return self.written.new + self.written.changed + self.written.unchanged


class Command(BaseCommand):
    help = "Import order exports (CSV or XLSX) of Taobao, Tmall, Pinduoduo and Douyin as they come."

    def add_arguments(self, parser: ArgumentParser) -> None:
        known = ", ".join(name for name, layout in LAYOUTS.items() if layout.holds_orders)
        parser.add_argument("files", nargs="+", metavar="FILE", type=Path, help=_("an export file"))
        parser.add_argument("--shop", default="", metavar="CODE", help=_("the shop whose orders these are"))
        parser.add_argument(
            "--layout", default="", metavar="NAME", help=_("one of %(known)s; without it recognised") % {"known": known}
        )
        parser.add_argument(
            "--errors", type=Path, metavar="FILE", help=_("write the refused rows into this CSV file, with the reason")
        )

    def handle(self, *args: Any, **options: Any) -> None:
        files, errors = options["files"], options["errors"]
        if errors and any(errors.resolve() == path.resolve() for path in files):
            raise CommandError(_("The refused rows cannot go into a file that is being imported."))
        # Every file is looked through before the first order is written.
        jobs = [self._prepare(path, shop=options["shop"], layout=options["layout"]) for path in files]
        with ExitStack() as stack:
            table = _table(stack, errors, jobs) if errors else None
            for job in jobs:
                self._import(job, table)
        if table and table.count:
            self.stderr.write(_("The refused rows are in %(path)s.") % {"path": errors})
        if any(job.refused for job in jobs) and not any(job.read for job in jobs):
            raise CommandError(_("No row could be read; nothing was imported."))

    def _prepare(self, path: Path, *, shop: str, layout: str) -> Job:
        with Progress(self.stdout, time.monotonic) as progress:

            def advance(rows: int) -> None:
                progress.show(_("%(name)s: looked through %(rows)s rows") % {"name": path.name, "rows": rows})

            try:
                file = open_order_file(path, layout=layout, on_progress=advance)
                return Job(path.name, file, shop_for(file, code=shop))
            except Problem as problem:
                raise CommandError(f"{path}: {problem.text}") from problem

    def _import(self, job: Job, table: RefusedRows | None) -> None:
        with Progress(self.stdout, time.monotonic) as progress:

            def refuse(refusal: Refusal) -> None:
                progress.clear()
                self._show(job, refusal)
                if table:
                    table.write(job.name, job.file.header, refusal)

            def advance(rows: int, written: Written) -> None:
                job.written = written
                progress.show(_share_text(job, rows))

            try:
                import_orders(job.file, shop=job.shop, now=timezone.now(), on_refusal=refuse, on_progress=advance)
            except KeyboardInterrupt:
                progress.clear()
                self.stdout.write(_summary(job))
                raise CommandError(
                    _("Stopped. What was read so far is imported; start again to go on."), returncode=INTERRUPTED
                ) from None
        self.stdout.write(_summary(job))

    def _show(self, job: Job, refusal: Refusal) -> None:
        """Name the row on stderr; after the first hundred of a file it is enough to count them."""
        job.refused += 1
        if job.refused <= SHOWN_REFUSALS:
            place = _("%(name)s, row %(row)s:") % {"name": job.name, "row": refusal.row}
            self.stderr.write(" ".join([place, *sentences(refusal)]))
        elif job.refused == SHOWN_REFUSALS + 1:
            self.stderr.write(_("%(name)s: more rows are refused; --errors writes all of them.") % {"name": job.name})


def _table(stack: ExitStack, path: Path, jobs: Sequence[Job]) -> RefusedRows:
    try:
        file = stack.enter_context(private_file(path))
    except Problem as problem:
        raise CommandError(problem.text) from problem
    return RefusedRows(file, [job.file.header for job in jobs])


def _share_text(job: Job, rows: int) -> str:
    share = 100 * rows // max(job.file.rows, 1)
    return _("%(name)s: %(share)s %%, %(rows)s of %(all)s rows") % {
        "name": job.name,
        "share": share,
        "rows": rows,
        "all": job.file.rows,
    }


def _summary(job: Job) -> str:
    """One line: where the orders went, and how many of them were new, changed, as known, and rows refused."""
    if not job.file.rows:
        return _("%(name)s: there are no orders in this file.") % {"name": job.name}
    refused = ngettext("%(count)s row refused", "%(count)s rows refused", job.refused) % {"count": job.refused}
    return _(
        "%(name)s → %(shop)s (%(layout)s): %(new)s new, %(changed)s changed, %(unchanged)s unchanged; %(refused)s"
    ) % {
        "name": job.name,
        "shop": job.shop.name,
        "layout": job.file.layout.label,
        "new": job.written.new,
        "changed": job.written.changed,
        "unchanged": job.written.unchanged,
        "refused": refused,
    }
