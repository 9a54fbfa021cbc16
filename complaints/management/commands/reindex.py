"""Make what search finds anew, in bounded memory; killed, it goes on where it was when it is started again."""

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from complaints.management.progress import Progress
from knowledge.operations import indexing

INTERRUPTED = 130


class Command(BaseCommand):
    help = "Compare everything that search finds with its sources, and mend it. Safe to stop and to start again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--anew", action="store_true", help=_("make every document again, not only what is stale"))

    def handle(self, *args: Any, **options: Any) -> None:
        made = 0
        try:
            with Progress(self.stdout, time.monotonic) as progress:
                for _kind, count in indexing.reindex(anew=options["anew"]):
                    made += count
                    progress.show(_made(made))
        except KeyboardInterrupt:
            raise CommandError(
                _("Stopped. What was done so far is kept; start again without --anew to go on."),
                returncode=INTERRUPTED,
            ) from None
        self.stdout.write(_made(made))


def _made(count: int) -> str:
    return ngettext("%(n)s document made", "%(n)s documents made", count) % {"n": count}
