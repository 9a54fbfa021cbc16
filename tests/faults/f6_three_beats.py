"""F6: three beats wake everything at once, tick by tick, over 24 simulated hours; then three real ones for a while.

The control selects what is due, sends, and marks it as sent: three of those at once send most things three times.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.faults.desk import Place
from tests.faults.finding import Finding

FULL = {"clocks": 4_000, "tick": 30, "real": 600}
SMALL = {"clocks": 40, "tick": 1200, "real": 30}
DAY = 24 * 3600
BEATS = 3


def attack(place: Place, *, clocks: int, tick: int, real: int) -> Finding:
    finding = Finding("F6", "three beats at once over 24 simulated hours", wanted="0 doubles")
    with place.desk() as desk:
        clerks = [desk.clerk, *(desk.hire() for _ in range(BEATS - 1))]
        try:
            seen = _simulated(clerks, clocks, tick)
            doubled_by_naive, of = _control(clerks)
        finally:
            for clerk in clerks[1:]:
                clerk.leave()
        problems = desk.clerk("problems")
    really, seconds = _really(place, real)
    finding.nothing(lost=seen["lost"], doubled=seen["doubled"], strange=seen["strange"], untold=seen["untold"])
    finding.nothing(breaches_doubled=seen["breaches_doubled"], things_not_whole=len(problems))
    finding.nothing(**really)
    finding.expect(doubled_by_naive, "the control shows nothing")
    finding.counts = (
        f"{BEATS} at once, {DAY // tick:,} ticks of {tick} s, {seen['wanted']:,} alerts of {clocks:,} clocks; "
        f"{BEATS} real beats for {seconds:.0f} s, {real} alerts"
    )
    finding.reached = f"{seen['doubled']} doubled, {seen['lost']} lost; {sum(really.values())} by the real ones"
    finding.control = f"select, send, mark: {doubled_by_naive:,} of {of:,} doubled"
    return finding


def _simulated(clerks: Sequence[Any], clocks: int, tick: int) -> dict[str, int]:
    clerks[0]("call", what="rounds.begin_day", clocks=clocks, length=DAY)
    with ThreadPoolExecutor(BEATS) as pool:
        for at in range(0, DAY + 1, tick):
            list(pool.map(lambda clerk, at=at: clerk("call", what="rounds.tick", at=at), clerks))
    return clerks[0]("call", what="rounds.end_day")


def _control(clerks: Sequence[Any]) -> tuple[int, int]:
    """Each wave has selected before one of it marks: that is what waking at once means, however busy the machine is."""
    sent: list[int] = []
    with ThreadPoolExecutor(BEATS) as pool:
        while any(wave := list(pool.map(lambda clerk: clerk("call", what="naive.select"), clerks))):
            list(pool.map(lambda clerk, due: clerk("call", what="naive.send_and_mark", clocks=due), clerks, wave))
            sent += [clock for due in wave for clock in due]
    return len(sent) - len(set(sent)), len(set(sent))


def _really(place: Place, number: int) -> tuple[dict[str, int], float]:
    """Three beats, one worker with two hands, mails at the sink."""
    length = max(5.0, number / 10)
    with place.desk_with_mail() as (desk, sink):
        beats = [f"beat{one}" for one in range(BEATS)]
        desk.commands |= dict.fromkeys(beats, desk.commands["beat"])
        desk.clerk("fall_due", number=number, after=0, within=length)
        desk.start("broker", "worker", *beats)
        seconds = desk.drain(60 + 3 * length, at_least=length)
        seen = desk.clerk("tally")
        doubled_mails = sum(times - 1 for times in sink.times().values())
    return {
        "alerts_doubled_by_real_beats": seen["doubled"],
        "alerts_lost_by_real_beats": number - seen["heard"],
        "mails_doubled_by_real_beats": doubled_mails,
    }, seconds
