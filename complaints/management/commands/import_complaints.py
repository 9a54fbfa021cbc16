"""Import after-sales cases and complaints as the pages do: a job that workers may help with, watched until its end."""

import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.files import File
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _

from complaints.intake import reading, running
from complaints.intake.problem import Problem, said_by
from complaints.intake.refusals import private_file
from complaints.intake.refused_rows import csv_lines, refused
from complaints.models import ImportJob, Shop
from complaints.operations import import_jobs

State = ImportJob.State
PAUSE_SECONDS = 0.5


class Command(BaseCommand):
    help = "Import after-sales cases of Tmall and Douyin, or complaints whose columns were named in the desk before."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", type=Path, help=_("an export file"))
        parser.add_argument("--shop", required=True, metavar="CODE", help=_("the shop that they are about"))
        parser.add_argument("--ended", action="store_true", help=_("take in cases that the platform has closed, too"))
        parser.add_argument("--old", action="store_true", help=_("take in old cases, too"))
        parser.add_argument(
            "--errors", type=Path, metavar="FILE", help=_("write the refused rows into this CSV file, with the reason")
        )

    def handle(self, *args: Any, **options: Any) -> None:
        job = self._hand_in(options["file"], options["shop"])
        self._work(job)
        import_jobs.start(job.pk, take_ended=options["ended"], take_old=options["old"], now=timezone.now())
        self._work(job)
        text = _("%(name)s: %(new)s new, %(joined)s joined, %(known)s known, %(left)s left out, %(refused)s refused")
        counts = {"new": job.created, "joined": job.changed, "known": job.unchanged, "left": job.left_out}
        self.stdout.write(text % (counts | {"name": job.original_name, "refused": job.refused}))
        if job.refused and options["errors"]:
            _write(options["errors"], job)
            self.stderr.write(_("The refused rows are in %(path)s.") % {"path": options["errors"]})

    def _hand_in(self, path: Path, code: str) -> ImportJob:
        shop = Shop.objects.filter(code=code).first()
        if shop is None:
            raise CommandError(_("There is no shop with the code “%(code)s”.") % {"code": code})
        try:
            with path.open("rb") as file:
                job = reading.take(File(file, name=path.name), shop, user=None)
        except OSError as error:
            raise CommandError(f"{path}: {error.strerror}") from error
        except Problem as problem:
            raise CommandError(f"{path}: {problem.text}") from problem
        import_jobs.add(job, now=timezone.now())
        if job.state == State.NEW or job.kind != "complaints":
            import_jobs.cancel(job.pk, now=timezone.now())
            raise CommandError(
                _("The columns of this file are not known as complaints. Import it in the desk, where you name them.")
            )
        return job

    def _work(self, job: ImportJob) -> None:
        """Until it waits for nobody but us: a worker may have it in hand."""
        while True:
            job.refresh_from_db()
            if job.state == State.FAILED:
                raise CommandError(said_by(job.problem))
            if job.state not in ImportJob.WORKED_ON:
                return
            if not running.go_on(now=timezone.now()):
                time.sleep(PAUSE_SECONDS)


def _write(path: Path, job: ImportJob) -> None:
    with private_file(path) as file:
        file.buffer.write(b"".join(csv_lines(job.header, refused(job))).removeprefix(b"\xef\xbb\xbf"))
