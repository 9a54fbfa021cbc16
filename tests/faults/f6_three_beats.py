"""F6: three beats wake everything at once, tick by tick, over 24 simulated hours; then three real ones for a while.

The control selects what is due, sends, and marks it as sent: three of those at once send most things three times.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.faults.desk import Desk, Place
from tests.faults.finding import Finding
from tests.faults.sink import Sink

FULL = {"clocks": 4_000, "ticks": 2_880, "real": 600}
SMALL = {"clocks": 60, "ticks": 90, "real": 30}
TICK = 30
"""Seconds of simulated time between two wake-ups."""

BEATS = 3


def attack(place: Place, *, clocks: int, ticks: int, real: int) -> Finding:
    finding = Finding("F6", "three beats at once over 24 simulated hours", wanted="0 doubles")
    with place.desk_with_mail() as (desk, sink):
        clerks = [desk.clerk, *(desk.hire() for _ in range(BEATS - 1))]
        try:
            seen = _simulated(clerks, clocks, ticks)
            doubled_by_naive, of = _control(clerks)
        finally:
            for clerk in clerks[1:]:
                clerk.leave()
        really_doubled, seconds = _really(desk, sink, real)
        problems = desk.clerk("problems")
    finding.nothing(lost=seen["lost"], doubled=seen["doubled"], strange=seen["strange"], untold=seen["untold"])
    finding.nothing(breaches_doubled=seen["breaches_doubled"], things_not_whole=len(problems))
    finding.nothing(**really_doubled)
    finding.expect(doubled_by_naive, "the control shows nothing")
    finding.counts = (
        f"{BEATS} at once, {ticks:,} ticks of {TICK} s, {seen['wanted']:,} alerts of {clocks:,} clocks; "
        f"{BEATS} real beats for {seconds:.0f} s, {real} alerts"
    )
    finding.reached = f"{seen['doubled']} doubled, {seen['lost']} lost; {sum(really_doubled.values())} by the real ones"
    finding.control = f"select, send, mark: {doubled_by_naive:,} of {of:,} doubled"
    return finding


def _simulated(clerks: Sequence[Any], clocks: int, ticks: int) -> dict[str, int]:
    clerks[0]("call", what="rounds.begin_day", clocks=clocks, ticks=ticks, tick=TICK)
    with ThreadPoolExecutor(BEATS) as pool:
        for tick in range(ticks + 1):
            list(pool.map(lambda clerk, tick=tick: clerk("call", what="rounds.tick", at=tick * TICK), clerks))
    return clerks[0]("call", what="rounds.end_day")


def _control(clerks: Sequence[Any]) -> tuple[int, int]:
    with ThreadPoolExecutor(BEATS) as pool:
        sent = list(pool.map(lambda clerk: clerk("call", what="naive.select_send_mark"), clerks))
    everything = [clock for one in sent for clock in one]
    return len(everything) - len(set(everything)), len(set(everything))


def _really(desk: Desk, sink: Sink, number: int) -> tuple[dict[str, int], float]:
    """As many beats as processes, one worker with two hands, mails at the sink."""
    desk.clerk("call", what="rounds.forget_mails")
    before = desk.clerk("tally")
    length = max(5.0, number / 10)
    desk.commands |= {f"beat{place}": desk.commands["beat"] for place in range(BEATS)}
    desk.clerk("fall_due", number=number, after=0, within=length)
    desk.start("broker", "worker", *(f"beat{place}" for place in range(BEATS)))
    seconds = desk.drain(60 + 3 * length)
    after = desk.clerk("tally")
    doubled_mails = sum(times - 1 for times in sink.times().values())
    alerts = after["heard"] - before["heard"]
    return {
        "alerts_doubled_by_real_beats": after["doubled"] - before["doubled"],
        "alerts_lost_by_real_beats": number - alerts,
        "mails_doubled_by_real_beats": doubled_mails,
    }, seconds
