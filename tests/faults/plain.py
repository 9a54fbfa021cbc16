"""Reminders as plain Celery tasks, with Celery's own settings: one task for each, sent to the broker when it is due."""

from __future__ import annotations

import os
import smtplib
import subprocess
import sys
import time
import uuid
from contextlib import suppress
from email.message import EmailMessage
from typing import Any

from celery import Celery
from django.conf import settings

from tests.config.running_desk import BASE, clean_environment, wait_until
from tests.faults.desk import Desk
from tests.faults.sink import Sink

BROKER, PORT, QUEUE = "PLAIN_BROKER", "PLAIN_MAIL_PORT", "PLAIN_QUEUE"
app = Celery("plain", broker=os.environ.get(BROKER, "memory://"), set_as_current=False)
app.conf.task_default_queue = os.environ.get(QUEUE, "plain")
app.conf.broker_transport_options = {"global_keyprefix": f"{os.environ.get(QUEUE, 'plain')}:"}
app.conf.task_ignore_result = True


@app.task(name="plain.remind")
def remind(number: int) -> None:
    """Tell somebody by mail."""
    mail = EmailMessage()
    mail["To"], mail["Message-ID"] = "somebody@staff.example", f"<plain-{number}@desk.example>"
    mail.set_content(f"reminder {number}")
    with smtplib.SMTP("127.0.0.1", int(os.environ[PORT]), timeout=10) as server:
        server.send_message(mail, from_addr="amends@desk.example")


class PlainDesk:
    """A worker for such tasks on the broker of a desk, and the publisher."""

    def __init__(self, desk: Desk, sink: Sink) -> None:
        self.sink = sink
        self.queue = f"plain-{uuid.uuid4().hex[:8]}"
        self.broker = address_of(desk)
        own = {BROKER: self.broker, PORT: str(sink.port), QUEUE: self.queue, "PATH": desk.environment["PATH"]}
        self.environment = clean_environment(**own)
        self.log = desk.log
        self.worker: subprocess.Popen[bytes] | None = None
        self.client: Any = desk.broker()
        self.app = Celery("publisher", broker=self.broker, set_as_current=False)
        self.app.conf.task_default_queue = self.queue
        self.app.conf.broker_transport_options = {"global_keyprefix": f"{self.queue}:"}

    def __enter__(self) -> PlainDesk:
        return self

    def __exit__(self, *exc: object) -> None:
        self.kill()
        self.flush()

    def publish(self, number: int) -> None:
        for one in range(number):
            self.app.send_task("plain.remind", args=[one])

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.worker = subprocess.Popen(
                [sys.executable, "-m", "celery", "-A", "tests.faults.plain", "worker", "-c", "2", "-l", "error"],
                cwd=BASE,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def kill(self) -> None:
        if self.worker:
            with suppress(ProcessLookupError):
                os.killpg(self.worker.pid, 9)
            self.worker.wait(10)
            self.worker = None

    def flush(self) -> None:
        if keys := list(self.client.scan_iter(f"{self.queue}:*")):
            self.client.delete(*keys)

    def waiting(self) -> int:
        return int(self.client.llen(f"{self.queue}:{self.queue}"))

    def came(self) -> int:
        """How many different reminders have arrived."""
        return sum(name.startswith("<plain-") for name in self.sink.times())

    def doubled(self) -> int:
        return sum(times - 1 for name, times in self.sink.times().items() if name.startswith("<plain-"))

    def rest(self, seconds: float) -> None:
        """Wait until the queue is empty and no more mails come."""
        last = (-1, 0.0)

        def quiet() -> bool:
            nonlocal last
            time.sleep(0.2)
            if self.waiting() or self.came() != last[0]:
                last = self.came(), time.monotonic()
            return time.monotonic() - last[1] > 3

        wait_until(quiet, seconds=seconds, what=lambda: f"{self.waiting()} wait")


def address_of(desk: Desk) -> str:
    """The broker of the desk, as Celery takes it."""
    if settings.REDIS_URL:
        return settings.REDIS_URL
    return f"redis+socket://{desk.broker_address()}"
