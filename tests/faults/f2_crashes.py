"""F2: a worker dies at every statement of sweeping, telling, claiming, sending and finishing.

The controls mark and then send, which loses, and send and then mark, which doubles without a trace.
"""

from __future__ import annotations

from tests.faults.desk import Place
from tests.faults.finding import Finding

FULL = {"clocks": 3}
SMALL = {"clocks": 1}


def attack(place: Place, *, clocks: int) -> Finding:
    finding = Finding("F2", "a crash at every statement", wanted="0 lost at every point")
    with place.desk_with_mail() as (desk, _sink):
        seen = {task: desk.clerk("call", what="crashing.everywhere", task=task, clocks=clocks) for task in TASKS}
        problems = desk.clerk("problems")
        naive = {way: desk.clerk("call", what="crashing.naively", way=way) for way in NAIVE}
    for task, one in seen.items():
        finding.expect(one["crashes"] > 1, f"{task} was hardly crashed")
        finding.nothing(
            **{f"lost_by_{task}": one["lost"], f"alerts_doubled_by_{task}": one["doubled_alerts"]},
            **{f"unflagged_doubles_by_{task}": one["unflagged"], f"strange_by_{task}": one["strange"]},
        )
    finding.nothing(things_not_whole=len(problems))
    finding.expect(naive["mark_then_send"]["lost"], "the control that marks first shows nothing")
    finding.expect(naive["send_then_mark"]["doubled"], "the control that sends first shows nothing")
    finding.counts = ", ".join(f"{task} {one['crashes']}" for task, one in seen.items()) + " crashes"
    twice, held = (sum(one[name] for one in seen.values()) for name in ("doubled_messages", "held"))
    lost = sum(one["lost"] for one in seen.values())
    finding.reached = f"{lost} lost; {twice} to staff or robots came twice, {held} to customers are held, all flagged"
    finding.control = (
        f"mark, then send: {naive['mark_then_send']['lost']} of {naive['mark_then_send']['crashes']} lost; "
        f"send, then mark: {naive['send_then_mark']['doubled']} doubled without a trace"
    )
    return finding


TASKS = ("sweep", "tell", "deliver", "recover")
NAIVE = ("mark_then_send", "send_then_mark")
