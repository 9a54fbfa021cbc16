"""F1: SIGKILL at random to web, worker and beat while alerts fall due and people register and answer.

The control sends the same reminders as plain Celery tasks: what a worker has taken and not done dies with it.
"""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections import Counter
from contextlib import suppress

from tests.faults.desk import LEASES, Desk, Place
from tests.faults.finding import Finding
from tests.faults.plain import PlainDesk
from tests.faults.sink import Sink
from tests.faults.visitor import Unanswered, Visitor, case_of

FULL = {"alerts": 20_000, "kills": 500, "seconds": 600, "plain": 2_000, "plain_kills": 20}
SMALL = {"alerts": 150, "kills": 12, "seconds": 12, "plain": 200, "plain_kills": 2}
VICTIMS = ("web", "worker", "beat")


def attack(place: Place, *, alerts: int, kills: int, seconds: float, plain: int, plain_kills: int) -> Finding:
    finding = Finding(
        "F1", "SIGKILL to web, worker, beat", wanted="0 lost, 0 doubled in-app, mail doubles <= kills and flagged"
    )
    with place.desk_with_mail() as (desk, sink):
        desk.start("broker", "worker", "beat")
        desk.open_web()
        desk.clerk("fall_due", number=alerts, after=0, within=seconds)
        with Clerks(desk) as clerks:
            killed = _kill_at_random(desk, kills, seconds)
        _recover(desk, place, alerts)
        _judge(finding, desk, sink, clerks, killed, alerts)
        lost = _control(desk, sink, plain, plain_kills)
    finding.expect(lost, "the control shows nothing")
    finding.control = f"plain Celery tasks, {plain_kills} kills: {lost} of {plain:,} lost"
    return finding


def _kill_at_random(desk: Desk, kills: int, seconds: float) -> Counter[str]:
    """Any process of any of them, parent or child; what has died is started again at once."""
    dice, killed = random.Random(1), Counter[str]()
    begun = time.monotonic()
    for number in range(1, kills + 1):
        while time.monotonic() < begun + seconds * number / kills:
            desk.revive()
            time.sleep(0.02)
        name = dice.choice(VICTIMS)
        while not (members := desk.members(name)):
            desk.revive()
            time.sleep(0.02)
        with suppress(ProcessLookupError):
            os.kill(dice.choice(members), signal.SIGKILL)
            killed[name] += 1
    return killed


def _recover(desk: Desk, place: Place, alerts: int) -> None:
    if not place.patient:
        # No worker lives now: what is in hand is nobody's, and need not wait for three minutes.
        desk.kill_whole("worker", "beat")
        desk.clerk("expire_leases")
        desk.start("worker", "beat")
    desk.revive()
    desk.wait(lambda: (desk.revive(), time.sleep(0.5), desk.settled())[-1], LEASES * 2 + alerts / 10)


def _judge(finding: Finding, desk: Desk, sink: Sink, clerks: Clerks, killed: Counter[str], alerts: int) -> None:
    seen, rows, times = desk.clerk("tally"), desk.clerk("messages"), sink.times()
    told, wanted = sink.told(), {tuple(pair) for pair in desk.clerk("to_be_told")}
    doubled = {name: times[name] - 1 for name in times if times[name] > 1}
    unflagged = sum(1 for name in doubled if name in rows and rows[name][1] < 2)
    kills, doubles = sum(killed.values()), sum(doubled.values())
    unsent = sum(status == "sent" and name not in times for name, (status, _attempts, _begun) in rows.items())
    finding.nothing(lost=seen["lost"], heard_by_nobody=alerts - seen["heard"], doubled_in_app=seen["doubled"])
    finding.nothing(strange=seen["strange"], mails_lost=len(wanted - set(told)), marked_sent_but_not_come=unsent)
    finding.nothing(dead=seen["dead"], doubles_unflagged=unflagged)
    finding.expect(doubles <= kills, f"{doubles} mails doubled by {kills} kills")
    finding.expect(seen["uncertain"] <= kills, f"{seen['uncertain']} mails held by {kills} kills")
    problems = desk.clerk("problems")
    problems += desk.clerk("registered_whole", cases=clerks.cases) + desk.clerk("replied_whole", replies=clerks.replies)
    finding.nothing(things_not_whole=len(problems), server_errors=clerks.errors)
    finding.misses += problems[:5]
    finding.expect(clerks.cases and clerks.replies, "nobody could work")
    each = ", ".join(f"{name} {number}" for name, number in sorted(killed.items()))
    finding.counts = (
        f"{kills} kills ({each}), {alerts:,} alerts, {len(clerks.cases):,} registrations and {len(clerks.replies):,} "
        f"replies answered, {clerks.unanswered:,} requests cut off"
    )
    finding.reached = (
        f"{seen['lost']} lost, {seen['doubled']} doubled in-app, {doubles} mails doubled, {seen['uncertain']} held as "
        f"maybe sent, all flagged; every answered request is whole"
    )


class Clerks:
    """Two people who register complaints and answer them by mail as fast as they are served."""

    def __init__(self, desk: Desk, number: int = 2) -> None:
        self.cases: list[int] = []
        self.replies: list[tuple[int, str]] = []
        self.unanswered = self.errors = 0
        self._over = threading.Event()
        visitors = [desk.visitor(patience=20) for _ in range(number)]
        self._threads = [threading.Thread(target=self._work, args=pair) for pair in enumerate(visitors)]

    def __enter__(self) -> Clerks:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(60)

    def _work(self, me: int, visitor: Visitor) -> None:
        number = 0
        while not self._over.is_set():
            number += 1
            try:
                self._one_case(visitor, f"第 {me} 人第 {number} 件")
            except Unanswered:
                self.unanswered += 1
                self._over.wait(0.1)

    def _one_case(self, visitor: Visitor, words: str) -> None:
        answer = visitor.register(words, name="郑凯文", email="buyer@mail.example", buyer=words)
        self.errors += answer.status >= 500
        if answer.status != 302:
            return
        case = case_of(answer)
        self.cases.append(case)
        answer = visitor.reply(case, words)
        self.errors += answer.status >= 500
        if answer.status == 302:
            self.replies.append((case, words))
        # Nobody types faster than that; the rest of the machine has work to do.
        self._over.wait(0.2)


def _control(desk: Desk, sink: Sink, number: int, kills: int) -> int:
    """Returns how many reminders never came."""
    desk.kill_whole("web", "worker", "beat")
    with PlainDesk(desk, sink) as plain:
        plain.publish(number)
        for kill in range(1, kills + 1):
            plain.start()
            goal = number * kill // (kills + 1)
            desk.wait(lambda goal=goal: plain.came() >= goal or not plain.waiting(), 60)
            plain.kill()
        plain.start()
        plain.rest(60 + number / 20)
        return number - plain.came()
