"""F7: everything is down for 72 hours. Then each overdue alert comes once, the oldest first.

The control reminds as a cron job does, of what has fallen due since its last tick: it never hears of the 72 hours.
"""

from __future__ import annotations

from tests.faults.desk import Place
from tests.faults.finding import Finding

FULL = {"overdue": 20_000}
SMALL = {"overdue": 120}
DOWN = 72 * 3600.0
IN_HAND = 1_000
"""Clocks that two workers may have in hand at once: what one writes may come before what the other has claimed."""


def attack(place: Place, *, overdue: int) -> Finding:
    finding = Finding("F7", "all down for 72 h, then started", wanted="each overdue alert once, oldest first")
    with place.desk_with_mail() as (desk, sink):
        desk.clerk("fall_due", number=overdue, after=-DOWN, within=DOWN)
        desk.clerk("fall_due", number=overdue // 10, after=DOWN, within=DOWN)
        remembered = desk.clerk("call", what="naive.reminded_by_a_cron_job", tick=30)
        desk.start("broker", "worker", "beat")
        seconds = desk.drain(60 + overdue / 10)
        seen, order = desk.clerk("tally"), desk.clerk("oldest_first")
        told, wanted = sink.told(), {tuple(pair) for pair in desk.clerk("to_be_told")}
        doubled_mails = sum(times - 1 for times in sink.times().values())
        problems = desk.clerk("problems")
    lost = overdue - order["alerts"]
    finding.nothing(lost=lost, doubled=seen["doubled"], too_early=seen["strange"])
    finding.nothing(mails_lost=len(wanted - set(told)))
    allowed = IN_HAND if overdue > IN_HAND else 0
    finding.expect(order["too_early"] <= allowed, f"an alert came {order['too_early']} places before its turn")
    finding.nothing(mails_doubled=doubled_mails, things_not_whole=len(problems), dead=seen["dead"])
    finding.expect(remembered < overdue / 10, "the control shows nothing")
    finding.counts = f"{overdue:,} alerts overdue, {overdue // 10:,} not yet due"
    finding.reached = (
        f"{lost} lost, {seen['doubled']} doubled, none came more than {order['too_early']} places "
        f"before its turn; all told by mail {seconds:.0f} s after the start"
    )
    finding.control = f"cron job that looks back one tick: {overdue - remembered:,} of {overdue:,} lost"
    return finding
