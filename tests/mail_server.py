"""A real SMTP server in a thread that can refuse, hang or hang up at every stage."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP

from tests.config.running_desk import free_port

HANG_UP = "hang up"
STAGES = ("EHLO", "NOOP", "MAIL", "RCPT", "DATA", "TEXT")


@dataclass
class Rule:
    """What the server answers at a stage; `to` restricts it to one recipient, `after` and `times` to some of them."""

    stage: str
    answer: str
    to: str = ""
    times: int = 1_000_000
    after: int = 0


class _Session(SMTP):
    """aiosmtpd's session, which asks the rules before it goes on."""

    desk: MailServer

    async def smtp_EHLO(self, hostname: str) -> None:
        await self._unless_told("EHLO", super().smtp_EHLO, hostname)

    async def smtp_NOOP(self, arg: str) -> None:
        await self._unless_told("NOOP", super().smtp_NOOP, arg)

    async def smtp_MAIL(self, arg: str | None) -> None:
        await self._unless_told("MAIL", super().smtp_MAIL, arg)

    async def smtp_RCPT(self, arg: str | None) -> None:
        await self._unless_told("RCPT", super().smtp_RCPT, arg, to=arg or "")

    async def smtp_DATA(self, arg: str) -> None:
        await self._unless_told("DATA", super().smtp_DATA, arg)

    async def _unless_told(self, stage: str, go_on: Callable[..., Any], arg: Any, to: str = "") -> None:
        recipients = [to, *(self.envelope.rcpt_tos if self.envelope else [])]
        answer = self.desk.answer_at(stage, recipients)
        if answer == HANG_UP:
            self.transport.abort()
        elif answer:
            await self.push(answer)
        else:
            await go_on(arg)


class _Controller(Controller):
    def factory(self) -> SMTP:
        session = _Session(self.handler, **self.SMTP_kwargs)
        session.desk = self.handler
        self.handler.sessions += 1
        return session


class MailServer:
    """`with MailServer() as server:` listens on 127.0.0.1:`server.port`; what it took is in `server.mails`."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.rules: list[Rule] = []
        self.sessions = 0
        self.gate = threading.Event()
        self.gate.set()
        self.free = 0
        self.waiting: list[str] = []
        self.on_text: Callable[[], None] = lambda: None
        self.port = free_port()
        self._controller = _Controller(self, hostname="127.0.0.1", port=self.port)

    def __enter__(self) -> MailServer:
        self._controller.start()
        self.sessions = 0  # the controller has tried the port
        return self

    def __exit__(self, *exc: object) -> None:
        self.gate.set()
        self._controller.stop(no_assert=True)

    # -------------------------------------------------------------- what it shall do

    def at(self, stage: str, answer: str, *, to: str = "", times: int = 1_000_000, after: int = 0) -> None:
        """Answer so instead of going on; HANG_UP cuts the line. TEXT is the moment after the whole text has come."""
        assert stage in STAGES
        self.rules.append(Rule(stage, answer, to, times, after))

    def hold_after(self, free: int) -> None:
        """Answer so many more mails; keep the next ones waiting with their whole text taken, until `go_on`."""
        self.free = len(self.mails) + free
        self.gate.clear()

    def go_on(self) -> None:
        self.gate.set()

    def behave(self) -> None:
        """Forget all rules."""
        self.rules.clear()

    def answer_at(self, stage: str, recipients: list[str]) -> str | None:
        for rule in self.rules:
            if rule.stage == stage and rule.times and any(rule.to in recipient for recipient in recipients):
                if rule.after:
                    rule.after -= 1
                    continue
                rule.times -= 1
                return rule.answer
        return None

    # -------------------------------------------------------------- what it got

    def ids(self) -> Counter[str]:
        """How often each Message-ID came."""
        return Counter(str(mail["Message-ID"]) for mail in self.mails)

    def to(self, address: str) -> list[EmailMessage]:
        return [mail for mail in self.mails if mail["To"] == address]

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Any) -> str:
        """Take the text; wait with the answer while the gate is shut, or until the sender has gone."""
        mail: EmailMessage = message_from_bytes(envelope.content, policy=policy.default)  # type: ignore[assignment]
        held = not self.gate.is_set() and len(self.mails) >= self.free
        self.mails.append(mail)
        if held:
            await self._hold(str(mail["Message-ID"]))
        await asyncio.get_running_loop().run_in_executor(None, self.on_text)
        answer = self.answer_at("TEXT", list(envelope.rcpt_tos)) or "250 OK"
        if answer.startswith(("4", "5")):
            self.mails.remove(mail)
        if answer == HANG_UP:
            server.transport.abort()
        return answer

    async def _hold(self, message_id: str) -> None:
        self.waiting.append(message_id)
        try:
            while not self.gate.is_set():
                await asyncio.sleep(0.01)
        finally:
            self.waiting.remove(message_id)
