"""The clerk of the attacks: works on the desk's own database, fills it, attacks it and looks at it."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import django

django.setup()

from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model  # noqa: E402
from django.contrib.sessions.backends.db import SessionStore  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.db.models import Count  # noqa: E402
from django.utils import timezone  # noqa: E402

from complaints.models import Alert, Complaint, ComplaintEvent, Contact, Deadline, OutboxMessage  # noqa: E402
from tests.factories.auth import StaffFactory  # noqa: E402
from tests.faults import load, wholeness  # noqa: E402
from tests.journeys import clerk  # noqa: E402


def prepare() -> None:
    clerk.prepare()
    for role in ("supervisor", "shop_manager"):
        StaffFactory(username=role, role=role)
    call_command("collectstatic", interactive=False, verbosity=0)


def session(username: str) -> str:
    """Somebody who has logged in; returns the cookie."""
    user = get_user_model().objects.get(username=username)
    store = SessionStore()
    store[SESSION_KEY] = str(user.pk)
    store[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    store[HASH_SESSION_KEY] = user.get_session_auth_hash()
    store.create()
    return str(store.session_key)


def fall_due(number: int, after: float, within: float) -> int:
    """Clocks that fall due between so many seconds from now (or ago) and so many later."""
    now = timezone.now()
    dues = load.spread(number, now + timedelta(seconds=after), timedelta(seconds=within))
    written = load.write(dues, now=now)
    if connection.vendor == "postgresql":
        # What has grown over weeks has its statistics; what came in a second would have them within a minute.
        connection.cursor().execute("ANALYZE")
    return written


def tally() -> dict[str, int]:
    """What has become of the clocks of the load that are due by now, and of the messages."""
    due = Deadline.objects.filter(complaint__number__startswith="L", due_at__lte=timezone.now())
    alerts = Alert.objects.filter(complaint__number__startswith="L", level=100)
    pairs = alerts.values("complaint", "recipient").annotate(times=Count("pk"))
    heard = set(alerts.values_list("complaint", "recipient"))
    wanted = set(due.values_list("complaint", "complaint__assignee"))
    messages = dict(OutboxMessage.objects.order_by().values_list("status").annotate(times=Count("pk")))
    return {
        "due": len(wanted),
        "heard": len(heard),
        "lost": len(wanted - heard),
        "strange": len(heard - wanted),
        "doubled": sum(pair["times"] - 1 for pair in pairs),
        "untold": Alert.objects.filter(told_at=None).count(),
        **{name: messages.get(name, 0) for name in OutboxMessage.Status.values},
    }


def left_to_do() -> dict[str, int]:
    """What background work remains; cheap enough to be asked again and again."""
    return {
        "clocks": Deadline.objects.alert_due(timezone.now()).count(),
        "untold": Alert.objects.filter(told_at=None).count(),
        "pending": OutboxMessage.objects.filter(status="pending").count(),
        "sending": OutboxMessage.objects.filter(status="sending").count(),
    }


def to_be_told() -> list[list[str]]:
    """Who must have a mail about which case of the load."""
    alerts = Alert.objects.filter(complaint__number__startswith="L").exclude(recipient__email="")
    return [list(pair) for pair in alerts.values_list("recipient__email", "complaint__number").distinct()]


def messages() -> dict[str, list[Any]]:
    """Message-ID -> status, attempts, whether transmission began."""
    rows = OutboxMessage.objects.values_list("message_id", "status", "attempt", "data_started_at")
    return {name: [status, attempt, begun is not None] for name, status, attempt, begun in rows}


def problems() -> list[str]:
    return wholeness.problems()


def history_gaps() -> list[str]:
    return wholeness.gaps_in_history()


def forget_connection() -> None:
    """The next question opens a new one; the present one may have been cut."""
    connection.close()


def registered_whole(cases: list[int]) -> list[str]:
    """What is missing of registrations that were answered with success."""
    known = set(Complaint.objects.filter(pk__in=cases).values_list("pk", flat=True))
    told = set(
        ComplaintEvent.objects.filter(kind="registered", complaint__in=cases).values_list("complaint", flat=True)
    )
    heard = set(Contact.objects.filter(direction="in", complaint__in=cases).values_list("complaint", flat=True))
    watched = set(Deadline.objects.filter(complaint__in=cases).values_list("complaint", flat=True))
    return [f"case {pk}" for pk in cases if not all(pk in part for part in (known, told, heard, watched))]


def replied_whole(replies: list[list[Any]]) -> list[str]:
    """What is missing of replies (case, words) that were answered with success."""
    by_case = {
        (case, body): pk
        for pk, case, body in Contact.objects.filter(direction="out").values_list("pk", "complaint", "body")
    }
    keys = set(OutboxMessage.objects.filter(dedup_key__startswith="reply:").values_list("dedup_key", flat=True))
    return [words for case, words in replies if f"reply:{by_case.get((case, words))}" not in keys]


def oldest_first() -> dict[str, int]:
    """How many alerts of the load there are, and how far one of them was written before its turn at the most."""
    rows = Alert.objects.filter(complaint__number__startswith="L").order_by("pk").values_list("due_at", flat=True)
    turns = sorted(range(len(dues := list(rows))), key=dues.__getitem__)
    early = [turn - place for turn, place in enumerate(turns)]
    return {"alerts": len(dues), "too_early": max(early, default=0)}


def longest_delay() -> float:
    """Seconds from the due time to the alert, of the one that came latest."""
    late = Alert.objects.filter(complaint__number__startswith="L", level=100)
    return max(((row.created_at - row.due_at).total_seconds() for row in late.iterator()), default=0.0)


def call(what: str, **how: Any) -> Any:
    """A function of another module of the attacks, by its dotted name."""
    module, _dot, name = what.rpartition(".")
    return getattr(importlib.import_module(f"tests.faults.{module}"), name)(**how)


WISHES: dict[str, Callable[..., Any]] = clerk.WISHES | {
    wish.__name__: wish
    for wish in (
        prepare, session, fall_due, tally, left_to_do, to_be_told, messages, problems, registered_whole,
        replied_whole, oldest_first, longest_delay, history_gaps,
        forget_connection, call,
    )
}  # fmt: skip

if __name__ == "__main__":
    clerk.serve(WISHES)
