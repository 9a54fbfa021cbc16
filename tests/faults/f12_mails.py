"""F12: mails damaged in every way, some of them large; each fortieth time the process dies half-way.

The control reads the same mails as is usual: marked as read first, parsed by the book.
"""

from __future__ import annotations

from tests.faults.desk import Place
from tests.faults.finding import Finding

FULL = {"mails": 10_000, "large": 5}
SMALL = {"mails": 120, "large": 1}
MEGABYTES = 256


def attack(place: Place, *, mails: int, large: int) -> Finding:
    finding = Finding("F12", "mutated mails", wanted=f"0 crashes, 0 lost, 0 loops, <= {MEGABYTES} MB")
    with place.desk() as desk:
        desk.clerk("call", what="letters.write_large", number=large)
        receiver = desk.hire()
        try:
            seen = receiver("call", what="letters.receive", number=mails, large=large)
            machines = receiver("call", what="letters.answer_everything", number=min(200, mails))
        finally:
            receiver.leave()
        naive = desk.clerk("call", what="letters.receive_naively", number=mails)
        problems = desk.clerk("problems")
    raised, broken = naive.get("crashes", 0), naive.get("broken", 0)
    finding.nothing(
        crashes=seen.get("crashes", 0), lost=seen["lost"], doubled=seen["doubled"],
        loops=seen["loops"] + machines["sent"], things_not_whole=len(problems),
    )  # fmt: skip
    finding.expect(seen["peak"] <= MEGABYTES, f"{seen['peak']} MB")
    finding.expect(seen["died"], "the receiver never died")
    finding.expect(seen["receipts"], "nothing was confirmed that a machine could answer")
    finding.expect(raised + broken, "the control shows nothing")
    states = ", ".join(f"{seen.get(name, 0):,} {name}" for name in ("taken", "joined", "bounce", "auto", "failed"))
    finding.counts = f"{mails:,} mails and {large} of 25 MB: {states}; the receiver died {seen['died']:,} times"
    finding.reached = f"{seen.get('crashes', 0)} crashes, {seen['lost']} lost, {seen['loops']} loops, {seen['peak']} MB"
    finding.control = f"marked, then parsed by the book: {raised:,} raise and are lost, {broken:,} are unreadable"
    return finding
