"""Die at every statement of one task, start again, and count what is lost and doubled; runs in a clerk's process."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from complaints.models import Alert, Complaint, ComplaintEvent, Deadline, OutboxMessage, Robot
from complaints.operations import conversation, sweeping, telling
from complaints.outbox import delivery, enqueue
from tests.chat_server import SECRET, ChatServer
from tests.crashes import every_crash
from tests.faults import load, naive
from tests.mail_server import MailServer

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def _sweep() -> None:
    sweeping.sweep(now=timezone.now())


def _tell() -> None:
    telling.tell(now=timezone.now())


TASKS: dict[str, Callable[[], Any]] = {
    "sweep": _sweep,
    "tell": _tell,
    "deliver": delivery.deliver,
    "recover": delivery.recover,
}
ORDER = tuple(TASKS)
COUNTED = ("crashes", "lost", "doubled_alerts", "doubled_messages", "unflagged", "held", "strange")


@dataclass
class Round:
    """Clocks that are due, and a reply to a customer, brought to where the task has something to do."""

    cases: list[int]
    reply: str
    messages: Any


class Wires:
    """A mail server and a chat's robot in this process, and what came over both by the name of the message."""

    def __init__(self, smtp: MailServer, chat: ChatServer, robot: Robot) -> None:
        self.smtp, self.chat, self.robot = smtp, chat, robot

    def forget(self) -> None:
        self.smtp.mails.clear()
        self.chat.taken.clear()

    def came(self) -> Counter[str]:
        told = Counter(one["id"] for one in self.chat.taken)
        return told + Counter({_name(message_id): times for message_id, times in self.smtp.ids().items()})


def _name(message_id: str) -> str:
    """By which a robot's message is known, too."""
    return message_id.strip("<>").partition("@")[0]


def everywhere(task: str, clocks: int) -> dict[str, int]:
    """All crashes of the task, each followed by a new worker that does what is left."""
    seen: Counter[str] = Counter(
        crashes=0, lost=0, doubled_alerts=0, doubled_messages=0, unflagged=0, held=0, strange=0
    )
    with _mail() as smtp, _robot() as (chat, robot):
        wires = Wires(smtp, chat, robot)
        for round in every_crash(lambda: _prepared(task, clocks, wires), TASKS[task]):
            seen["crashes"] += 1
            unsure = _begun()
            _start_again()
            seen.update(_judge(round, wires, unsure))
    return dict(seen)


def _prepared(task: str, clocks: int, wires: Wires) -> Round:
    """Everything before the task is done; former rounds have left nothing to do."""
    wires.forget()
    now = timezone.now()
    last, last_message = _last(Complaint), _last(OutboxMessage)
    # The reply goes to a case that is not due before long: it shall not stop a clock that is to fire.
    load.write([now - timedelta(minutes=one) for one in range(1, clocks + 1)] + [now + timedelta(days=1)], now=now)
    *cases, other = Complaint.objects.filter(pk__gt=last).order_by("pk")
    contact = conversation.reply(other.pk, "您好，正在核实。", channel="email", actor=other.assignee, now=now)
    enqueue.enqueue([_robots_message(wires.robot, number=contact.pk, now=now)])
    messages = OutboxMessage.objects.filter(pk__gt=last_message)
    for name in ORDER[: ORDER.index(task)][:2]:
        TASKS[name]()
    if task == "recover":
        messages.update(status="sending", owner="gone", attempt=1, lease_until=LONG_AGO)
    return Round([case.pk for case in cases], f"reply:{contact.pk}", messages)


def _robots_message(robot: Robot, *, number: int, now: datetime) -> OutboxMessage:
    return OutboxMessage(
        audience="staff", channel="robot", robot=robot, address=robot.name, subject="提醒", body="有投诉超时",
        dedup_key=f"robot:{number}", created_at=now,
    )  # fmt: skip


def _last(model: Any) -> int:
    return model.objects.order_by("pk").values_list("pk", flat=True).last() or 0


def _start_again() -> None:
    """A new worker after the leases of the dead one; it works until nothing is left to do."""
    _sweep()
    _tell()
    for _turn in range(20):
        waiting = OutboxMessage.objects.filter(status__in=("pending", "sending"))
        if not waiting.exists():
            return
        OutboxMessage.objects.filter(status="sending").update(lease_until=LONG_AGO)
        OutboxMessage.objects.filter(status="pending").update(next_attempt_at=LONG_AGO)
        delivery.deliver()


def _begun() -> set[str]:
    """What the dead worker had begun to transmit, as the rows tell."""
    rows = OutboxMessage.objects.filter(status="sending", data_started_at__isnull=False)
    return set(rows.values_list("message_id", flat=True))


def _judge(round: Round, wires: Wires, unsure: set[str]) -> Counter[str]:
    seen: Counter[str] = Counter()
    for case in round.cases:
        alerts = Alert.objects.filter(complaint=case).count()
        breaches = ComplaintEvent.objects.filter(complaint=case, kind="breached").count()
        seen["lost"] += alerts == 0 or breaches == 0
        seen["doubled_alerts"] += alerts > 1 or breaches > 1
    came = wires.came()
    for row in round.messages.all():
        times = came[_name(row.message_id)]
        if row.dedup_key == round.reply:
            seen["held"] += row.status == "uncertain"
            seen["strange"] += (row.status == "uncertain") != (row.message_id in unsure) or times > 1
            seen["lost"] += row.status != "uncertain" and times == 0
        else:
            seen["strange"] += row.status != "sent"
            seen["lost"] += times == 0
            seen["doubled_messages"] += max(times - 1, 0)
            seen["unflagged"] += times > 1 and row.message_id not in unsure
    addressed = {str(mail["To"]) for mail in wires.smtp.mails}
    told = Complaint.objects.filter(pk__in=round.cases).values_list("assignee__email", flat=True)
    seen["lost"] += sum(address not in addressed for address in told)
    return seen


def naively(way: str) -> dict[str, int]:
    """The same of a loop as it is usually written."""
    seen: Counter[str] = Counter(crashes=0, lost=0, doubled=0)
    task = getattr(naive, way)

    def prepare() -> list[int]:
        Deadline.objects.update(failures=naive.MARKED)
        now = timezone.now()
        last = _last(Deadline)
        load.write([now - timedelta(minutes=1), now - timedelta(minutes=2)], now=now)
        return list(Deadline.objects.filter(pk__gt=last).values_list("pk", flat=True))

    with _mail() as smtp:
        for clocks in every_crash(prepare, task):
            task()
            times = [smtp.ids()[f"<naive-{clock}@desk.example>"] for clock in clocks]
            seen["crashes"] += 1
            seen["lost"] += times.count(0)
            seen["doubled"] += sum(time > 1 for time in times)
    return dict(seen)


@contextmanager
def _robot() -> Iterator[tuple[ChatServer, Robot]]:
    """A robot in a chat of this process, which may lead there."""
    with ChatServer("webhook") as chat:
        settings.AMENDS_WEBHOOK_TRUSTED_HOSTS = [chat.host]
        name = f"售后群 {chat.port}"
        yield chat, Robot.objects.create(name=name, kind=chat.kind, url=chat.url, secret=SECRET)


@contextmanager
def _mail() -> Iterator[MailServer]:
    """A mail server in this process, which the desk in this process sends to instead of the one that it was given."""
    with MailServer() as smtp:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", smtp.port
        yield smtp
