"""Read the mailboxes: each by one worker at a time, a bounded number of mails, one broken mailbox alone.

1. What is new is asked by the server's count (UIDVALIDITY and UID), so that a mail which somebody has read in the
   webmail is seen like any other.
2. A mail is kept (file, row, commit), then marked on the server, then counted as read; a crash in between reads it
   again, finds it kept, and marks it.
3. Only then is it looked at. What cannot be understood is a row that needs a person, not a mailbox that stands still.
"""

import logging
import time
from contextlib import suppress
from datetime import datetime, timedelta

from django.db import DatabaseError
from django.utils.translation import gettext as _

from complaints.models import InboundMail, Mailbox
from complaints.operations import mailboxes

from . import keeping, placing
from .imap import PROBLEMS, Session
from .trial import in_words

log = logging.getLogger(__name__)

BATCH = 50
RUN_SECONDS = 60
"""A run begins no mail after that; the hard limit of the task is twice as much."""

EVERY = timedelta(seconds=45)


class Overtaken(Exception):
    """The lease ran out; another worker may be reading."""


def poll(*, now: datetime, only: int | None = None) -> int:
    """Read what is due; returns how many mails were taken."""
    until, taken, seen = time.monotonic() + RUN_SECONDS, 0, set()
    while time.monotonic() < until:
        mailbox = mailboxes.claim(only=only)
        if mailbox is None or mailbox.pk in seen:
            if mailbox:
                mailboxes.release(mailbox, again_after=timedelta(), now=now)
            break
        seen.add(mailbox.pk)
        taken += _poll_one(mailbox, until=until, now=now)
        if only:
            break
    return taken


def _poll_one(mailbox: Mailbox, *, until: float, now: datetime) -> int:
    """Read one mailbox and give it back, whatever happens."""
    error, taken, more = "", [0], False
    try:
        more = _read(mailbox, taken, until=until, now=now)
    except Overtaken:
        log.warning("mailbox %s was taken over", mailbox.pk)
        return taken[0]
    except DatabaseError:
        log.warning("mailbox %s: the database is away", mailbox.pk)
        raise
    except PROBLEMS as problem:
        log.warning("mailbox %s: %s", mailbox.pk, type(problem).__name__)
        error = in_words(problem)
    except Exception:  # one mailbox that cannot be read must not stop the others
        log.exception("mailbox %s cannot be read", mailbox.pk)
        error = _("An unexpected error; the log of the worker says more.")
    mailboxes.release(mailbox, error=error, again_after=timedelta() if more else EVERY, now=now)
    return taken[0]


def _read(mailbox: Mailbox, taken: list[int], *, until: float, now: datetime) -> bool:
    """Take the mails beyond the last one; whether there are more than were taken."""
    with Session(mailbox) as session:
        session.log_in()
        folder = session.open_folder()
        last = mailbox.last_uid if mailbox.uidvalidity == folder.uidvalidity else 0
        uids = session.after(last, mailbox.since)
        for number, uid in enumerate(uids):
            if number >= BATCH or time.monotonic() >= until:
                return True
            mail = _kept(session, mailbox, uid, now=now)
            # What is too large is the mailbox's to keep: it stays as it was, for a person.
            if mail and mail.raw:
                session.mark(uid)
            if not mailboxes.advance(mailbox, uidvalidity=folder.uidvalidity, last_uid=uid):
                raise Overtaken
            if mail:
                taken[0] += 1
                with suppress(InboundMail.DoesNotExist):
                    placing.process(mail.pk, now=now)
    return False


def _kept(session: Session, mailbox: Mailbox, uid: int, *, now: datetime) -> InboundMail | None:
    """The mail as a row; None where it has vanished from the server meanwhile."""
    listed = session.listed(uid)
    if listed is None:
        return None
    received_at = listed.received_at or now
    if listed.size > keeping.MOST_BYTES:
        head = session.head(uid)
        return keeping.keep_head(mailbox, head, size=listed.size, received_at=received_at, now=now)
    data = session.whole(uid)
    if listed.size and not data:
        raise ValueError("the server names a mail and does not give it")
    return keeping.keep(mailbox, data, received_at=received_at, now=now) if data else None
