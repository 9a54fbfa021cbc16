"""F3: the broker forgets everything, again and again, while alerts fall due; the database is the truth.

The control sends the same reminders as plain Celery tasks: what waits in the broker is gone.
"""

from __future__ import annotations

import time

from tests.faults.desk import Desk, Place
from tests.faults.finding import Finding
from tests.faults.plain import PlainDesk
from tests.faults.sink import Sink

FULL = {"alerts": 4_000, "flushes": 20, "tick": 5, "work": 1.0, "plain": 1_000}
SMALL = {"alerts": 60, "flushes": 3, "tick": 2, "work": 3.0, "plain": 300}
APART = 3
"""Ticks from one flush to the next: a wake-up that is lost has its next one in between."""


def attack(place: Place, *, alerts: int, flushes: int, tick: int, work: float, plain: int) -> Finding:
    """`work` are the seconds that the sweep itself may take on this machine, on top of the two ticks."""
    finding = Finding("F3", "broker flushed under load", wanted="0 lost, delay <= 2 ticks")
    with place.desk_with_mail(AMENDS_TICK_SECONDS=str(tick)) as (desk, sink):
        desk.start("broker", "worker", "beat")
        seconds = flushes * APART * tick
        desk.clerk("fall_due", number=alerts, after=2 * tick, within=seconds)
        forgotten = sum(_flush(desk, tick) for _ in range(flushes))
        # The last clocks are due two ticks after the last flush.
        desk.drain(60 + alerts / 10, at_least=3 * tick)
        seen, delay = desk.clerk("tally"), desk.clerk("longest_delay")
        told, wanted = sink.told(), {tuple(pair) for pair in desk.clerk("to_be_told")}
        doubled = sum(times - 1 for times in sink.times().values())
        problems = desk.clerk("problems")
        lost = _control(desk, sink, plain)
    finding.nothing(lost=alerts - seen["heard"], doubled=seen["doubled"], mails_lost=len(wanted - set(told)))
    finding.nothing(mails_doubled=doubled, things_not_whole=len(problems))
    finding.expect(delay <= 2 * tick + work, f"an alert came {delay:.1f} s late, {delay / tick:.1f} ticks")
    finding.expect(forgotten >= flushes, "no wake-up was forgotten")
    finding.expect(lost, "the control shows nothing")
    finding.counts = f"{flushes} flushes, {forgotten} wake-ups forgotten, {alerts:,} alerts, tick {tick} s"
    finding.reached = f"{alerts - seen['heard']} lost, longest delay {delay:.1f} s = {delay / tick:.1f} ticks"
    finding.control = f"plain Celery tasks, one flush: {lost} of {plain:,} lost"
    return finding


def _flush(desk: Desk, tick: float) -> int:
    """Flush at the worst moment: with the wake-ups of a tick just come in, and before a worker has them.

    Who waits longest is served first: a worker asks anew every second, this waits from before. On a busy machine the
    worker may still have the first ones, hence the patience. Returns the number of wake-ups that were forgotten.
    """
    begun, client = time.monotonic(), desk.broker()
    queue = [f"{desk.queue}:{desk.queue}"]
    forgotten = int(client.brpop(queue, timeout=APART * tick) is not None)
    # The tick's own, and not those of the next one as well.
    until = time.monotonic() + tick / 10
    while time.monotonic() < until and client.brpop(queue, timeout=0.1):
        forgotten += 1
    desk.flush_broker()
    time.sleep(max(0.0, APART * tick - (time.monotonic() - begun)))
    return forgotten


def _control(desk: Desk, sink: Sink, number: int) -> int:
    with PlainDesk(desk, sink) as plain:
        plain.publish(number)
        plain.start()
        desk.wait(lambda: plain.came() >= number // 4, 60)
        plain.flush()
        plain.rest(60)
        return number - plain.came()
