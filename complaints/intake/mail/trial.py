"""What is wrong with a mailbox, in sentences for whoever set it up; and a trial that says how far one comes."""

import imaplib
import re
import socket
import ssl
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from imap_tools.errors import MailboxFolderSelectError, MailboxLoginError, MailboxMoveError

from complaints.models import Mailbox
from complaints.outbox import wire

from .imap import PROBLEMS, Session


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a trial; `text` says what happened."""

    name: str
    done: bool
    text: str


def in_words(problem: BaseException) -> str:
    """The problem in a sentence, without what the server repeats of us."""
    if isinstance(problem, wire.Forbidden):
        return str(problem.args[0])
    if isinstance(problem, ssl.SSLCertVerificationError):
        return _("The server's certificate is not valid for this name: %(why)s.") % {"why": problem.verify_message}
    for kind, sentence in _OF_THE_WAY:
        if isinstance(problem, kind):
            return str(sentence)
    return _of_imap(problem)


_OF_THE_WAY: tuple[tuple[type[BaseException], Any], ...] = (
    (ssl.SSLError, gettext_lazy("The server does not speak TLS at this port. Check port and encryption.")),
    (socket.gaierror, gettext_lazy("There is no server of this name.")),
    (TimeoutError, gettext_lazy("The server does not answer. Check name, port and firewall.")),
    (ConnectionError, gettext_lazy("The server refuses the connection. Check name and port.")),
)


def _of_imap(problem: BaseException) -> str:
    said = {"said": _said(problem)}
    if isinstance(problem, MailboxLoginError) or "AUTHENTICATE" in str(problem).upper():
        return (
            _("The server refuses user name or password. QQ Mail and 163 want an authorisation code instead of it.")
            + f" {said['said']}".rstrip()
        )
    if isinstance(problem, MailboxFolderSelectError):
        return _("The folder cannot be opened. The server says: %(said)s") % said
    if isinstance(problem, MailboxMoveError):
        return _("The mail cannot be moved; does the folder exist? The server says: %(said)s") % said
    if isinstance(problem, imaplib.IMAP4.abort):
        return _("The server broke the connection off.")
    return _("The server answers in a way that is not understood: %(said)s") % said


def _said(problem: BaseException) -> str:
    """What the server said, of addresses and other names of ours only the shape."""
    text = str(getattr(problem, "command_result", problem))
    found = re.findall(r"b'([^']{1,200})'", text)
    words = " ".join(found) or text
    return re.sub(r"\S+@\S+", "***", words.replace("\0", " "))[:200]


def tried(mailbox: Mailbox) -> list[Step]:
    """Go as far as a mailbox lets us, changing nothing there; the last step may be one that failed."""
    steps: list[Step] = []
    name = _("Connection")
    try:
        with Session(mailbox) as session:
            steps.append(Step(name, True, _("%(host)s answers.") % {"host": mailbox.host}))
            name = _("Login")
            session.log_in()
            steps.append(Step(name, True, _("User name and password are accepted.")))
            name = _("Folder")
            folder = session.open_folder()
            last = mailbox.last_uid if mailbox.uidvalidity == folder.uidvalidity else 0
            new = len(session.after(last, mailbox.since))
            steps.append(Step(name, True, _counted(folder.count, new)))
            if mailbox.move_to:
                steps.append(_move_step(session, mailbox))
    except PROBLEMS as problem:
        steps.append(Step(name, False, in_words(problem)))
    return steps


def _counted(count: int, new: int) -> str:
    held = ngettext("%(count)s mail is in it", "%(count)s mails are in it", count) % {"count": count}
    return _("%(held)s, %(new)s would be fetched now.") % {"held": held, "new": new}


def _move_step(session: Session, mailbox: Mailbox) -> Step:
    name = _("Moving")
    if "MOVE" not in session.client.capabilities:
        return Step(name, False, _("The server cannot move mails; they are marked as read instead."))
    if not session.folder.exists(mailbox.move_to):
        return Step(name, False, _("There is no folder “%(folder)s”.") % {"folder": mailbox.move_to})
    return Step(name, True, _("Mails will be moved to “%(folder)s”.") % {"folder": mailbox.move_to})
