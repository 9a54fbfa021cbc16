"""Take one mail from standard input, as a mail server hands it over, and answer with a status that it understands."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db.models import Q
from django.utils import timezone

from complaints.intake.mail import keeping, parts, placing
from complaints.models import Mailbox

TAKEN, TRY_LATER = 0, 75
"""Of sysexits.h. Nothing else is ever answered: any other number makes the server throw the mail back or away."""


class Command(BaseCommand):
    help = "Take a mail from standard input. Exit status 0: it is kept; 75: try again later."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--mailbox", default="", help="address of the mailbox, or code of a shop that has one")

    def run_from_argv(self, argv: list[str]) -> None:
        """On any doubt the mail server keeps the mail and comes again."""
        try:
            super().run_from_argv(argv)
        except SystemExit as end:
            sys.exit(TAKEN if end.code in (None, TAKEN) else TRY_LATER)
        except BaseException as error:  # a kill as well: whoever waits for us must not think that the mail is taken
            sys.stderr.write(f"receive_mail: {type(error).__name__}\n")
            sys.exit(TRY_LATER)

    def handle(self, *args: Any, **options: Any) -> None:
        mailbox = self._mailbox(options["mailbox"])
        source: Any = getattr(sys.stdin, "buffer", sys.stdin)
        data, now = source.read(keeping.MOST_BYTES + 1), timezone.now()
        if mailbox is None or not data:
            self.stderr.write("receive_mail: no such mailbox" if data else "receive_mail: nothing came in")
            sys.exit(TRY_LATER)
        if len(data) > keeping.MOST_BYTES:
            size = len(data) + sum(len(more) for more in iter(lambda: source.read(1024 * 1024), b""))
            keeping.keep_head(mailbox, parts.cut_after_head(data), size=size, received_at=now, now=now)
            self.stderr.write("receive_mail: too large; it is listed, and stays with the mail server")
            sys.exit(TRY_LATER)
        mail = keeping.keep(mailbox, data, received_at=now, now=now)
        try:
            placing.process(mail.pk, now=now)
        except Exception as error:  # it is kept; a worker goes on with it
            self.stderr.write(f"receive_mail: kept, to be processed later ({type(error).__name__})")

    def _mailbox(self, name: str) -> Mailbox | None:
        """By its address, else the first of the shop with this code."""
        found = Mailbox.objects.filter(Q(address__iexact=name) | Q(shop__code=name), active=True, shop__active=True)
        return found.select_related("shop").order_by("pk").first() if name else None
