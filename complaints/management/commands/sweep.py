"""One round of the background by hand: for a desk whose broker, worker or beat is down."""

import logging
import time
from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from complaints.management.progress import Progress

DELIVER = "complaints.tasks.deliver"
UNTIL_NOTHING_IS_LEFT = (
    "complaints.tasks.sweep",
    "complaints.tasks.tell",
    "complaints.tasks.recompute",
    "complaints.tasks.give_out",
)
MOST_TURNS = 10_000
"""Of one step: a round by hand ends, whatever goes wrong."""

INTERRUPTED = 130


class Troubles(logging.Handler):
    """Counts what the round could not do: faults, which are logged with their traceback, and messages not sent."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.count = 0

    def emit(self, record: logging.LogRecord) -> None:
        self.count += bool(record.exc_info) or record.name.startswith("complaints.outbox")


class Command(BaseCommand):
    help = "Make one round of the background by hand: everything that beat wakes, here and now, without a broker."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help=_("make one round, then end"))
        parser.add_argument("--deliver", action="store_true", help=_("also send the messages that are due"))

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["once"]:
            raise CommandError(
                _("Say: manage.py sweep --once. It makes one round; those of every tick are made by worker and beat.")
            )
        troubles = Troubles()
        logging.getLogger().addHandler(troubles)
        try:
            for task in _steps(deliver=options["deliver"]):
                self._take(task)
        except KeyboardInterrupt:
            raise CommandError(
                _("Stopped. What was done so far is kept; start again to go on."), returncode=INTERRUPTED
            ) from None
        finally:
            logging.getLogger().removeHandler(troubles)
        if troubles.count:
            raise CommandError(_faults(troubles.count))

    def _take(self, name: str) -> None:
        """One step; if it fails, the next ones are taken all the same."""
        try:
            with Progress(self.stdout, time.monotonic) as progress:
                done = _work(name, import_string(name), lambda so_far: progress.show(words(name, so_far)))
        except Exception:  # counted, and told at the end
            logging.getLogger(__name__).exception("%s failed", name)
        else:
            self.stdout.write(words(name, done))


def _steps(*, deliver: bool) -> list[str]:
    """Every task of the beat table, in its order; delivery at the end, so that what the round writes goes out too."""
    tasks = list(dict.fromkeys(entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()))
    first = [name for name in tasks if name != DELIVER]
    return [*first, DELIVER] if deliver else first


def _work(name: str, task: Callable[[], int | None], show: Callable[[int], None]) -> int | None:
    """Returns how much there was to do, if the step tells; what works in batches is called until one is empty."""
    done = 0
    for _turn in range(MOST_TURNS):
        batch = task()
        if batch is None:
            return None
        done += batch
        if not batch or name not in UNTIL_NOTHING_IS_LEFT:
            break
        show(done)
    return done


def _faults(count: int) -> str:
    text = ngettext("%(n)s fault; the log above names it.", "%(n)s faults; the log above names them.", count)
    return text % {"n": count}


def words(name: str, done: int | None) -> str:
    """One line of the report."""
    if done is None:
        return _("%(step)s: done") % {"step": name}
    texts = {
        "complaints.tasks.sweep": _("Clocks: %(n)s fired"),
        "complaints.tasks.tell": _("Alerts: %(n)s passed on"),
        "complaints.tasks.digest": _("Digests: %(n)s written"),
        "complaints.tasks.refresh_calendars": _("Years of public holidays: %(n)s loaded"),
        "complaints.tasks.recompute": _("Complaints under changed rules: %(n)s recomputed"),
        "complaints.tasks.give_out": _("Waiting cases: %(n)s given out"),
        "complaints.tasks.mend": _("Mended clocks: %(n)s"),
        "complaints.tasks.take_hooks": _("Webhook deliveries: %(n)s worked off"),
        "complaints.tasks.clean_hooks": _("Webhook payloads: %(n)s deleted"),
        "followups.tasks.mend": _("Mended call-backs: %(n)s"),
        DELIVER: _("Messages: %(n)s tried"),
    }
    return texts.get(name, f"{name}: %(n)s") % {"n": done}
