"""Whole histories of complaints: who complains about what, and which steps were taken until now."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Any

from complaints.remedy_rules import WHATEVER_THE_AMOUNT

from . import texts
from .case import DAY, HOUR, Post
from .cast import Issue, Place
from .layouts import Row
from .scenes import Scenes

OPEN_STATES = {
    "new": 12, "accepted": 13, "verifying": 23, "proposing": 14, "negotiating": 12, "executing": 14,
    "awaiting_followup": 12,
}  # fmt: skip
ENDED_STATES = {"closed": 910, "withdrawn": 40, "merged": 28, "unfounded": 22}
PRIORITIES = {"P1": 3, "P2": 17, "P3": 65, "P4": 15}
SEVERITIES = {"S1": 25, "S2": 50, "S3": 20, "S4": 5}
CHANNELS = {
    "platform_chat": 50, "service_tool": 20, "phone": 12, "web_form": 6, "email": 5, "social": 3, "api": 3, "file": 1,
}  # fmt: skip

STEPS = ("accept", "start", "conclude", "offer", "agree", "resolve", "close")
STEPS_TO = {state: STEPS[:taken] for taken, state in enumerate([*OPEN_STATES, "closed"])}
SECOND_ROUND = ("supplement", "offer", "agree", "resolve", "close")


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A complaint that may be told again of other customers at other times; moments are seconds since the receipt.

    `counts` has the number of rows by table, `placed` the age of the order at the receipt, and `slack` (1 or more) is
    how much earlier all of it may have happened without a clock being due for the sweep.
    """

    serial: int
    place: Place
    rows: list[Row]
    counts: Counter[str]
    length: int
    slack: int
    created: int
    placed: int
    merged: bool


class Teller:
    """Tells stories about the given shops and issues, the same ones for the same random source."""

    def __init__(self, rng: Random, places: Sequence[Place], issues: Sequence[Issue]) -> None:
        self.rng, self.places, self.issues = rng, places, issues
        self.likely = [1 if issue.root in WHATEVER_THE_AMOUNT else 8 for issue in issues]
        self.post = Post()
        self.told = 0

    def open(self) -> Story:
        """A complaint that somebody works on; its last moment is now."""
        return self._tell(self._draw(OPEN_STATES), ended=False)

    def ended(self) -> Story:
        """A complaint that is over; most of the alerts about it have been cleaned away since."""
        return self._tell(self._draw(ENDED_STATES), ended=True)

    def _draw(self, weights: Mapping[str, int]) -> str:
        return self.rng.choices(list(weights), list(weights.values()))[0]

    def _tell(self, state: str, *, ended: bool) -> Story:
        self.told += 1
        lines = self._lines() if state != "merged" and self.rng.random() < 0.9 else []
        paid = sum((Decimal(line[-1]) for line in lines), Decimal()) if lines else None
        place, issue = self.rng.choice(self.places), self.rng.choices(self.issues, self.likely)[0]
        case = Scenes(
            self.rng, place, issue, self._draw(PRIORITIES), self.post,
            alerts=not ended or self.rng.random() < 0.1, channel=self._draw(CHANNELS), paid=paid,
        )  # fmt: skip
        for step in self._path(state):
            getattr(case, step)()
        if not ended:
            self._until_now(case)
        case.write_options()
        case.write_promises()
        case.write_running_clocks()
        placed = self.rng.randrange(2 * DAY, 20 * DAY)
        self._write_order(case, lines, placed)
        no_order = "" if lines or state == "merged" else self.rng.choice(texts.NO_ORDER)
        case.write_complaint(no_order=no_order, severity=self._draw(SEVERITIES))
        return Story(
            serial=self.told, place=case.place, rows=case.rows, counts=case.counts, length=case.t,
            slack=case.until_alert(HOUR), created=case.created, placed=placed, merged=state == "merged",
        )  # fmt: skip

    def _path(self, state: str) -> tuple[str, ...]:
        if state == "withdrawn":
            return (*STEPS[: self.rng.randrange(5)], "withdraw")
        if state == "merged":
            return (*STEPS[: self.rng.randrange(2)], "merge")
        if state == "unfounded":
            return ("accept", "start", "find_unfounded")
        path = STEPS_TO[state]
        again = SECOND_ROUND[: len(path) - 2] if len(path) >= 3 and self.rng.random() < 0.08 else ()
        return (*STEPS[:6], *again) if again else path

    def _until_now(self, case: Scenes) -> None:
        """Let time pass until now: a quarter of the clocks has run out, a few long ago."""
        clock = case.clock
        used = self.rng.uniform(0.05, 1) if self.rng.random() < 0.75 else min(1 + self.rng.expovariate(1.2), 6)
        case.pass_time(60, clock.start + int((clock.due - clock.start) * used))
        if case.state == "new" and self.rng.random() < 0.4:
            case.assignee = None
        if case.state == "verifying" and self.rng.random() < 0.5:
            case.investigate(case.t)
        if case.state == "proposing" and self.rng.random() < 0.6:
            case.prepare(case.t)
        if case.state == "awaiting_followup":
            case.write_followup("open", attempts=0)

    def _lines(self) -> list[tuple[Any, ...]]:
        """Plain columns of one or two products; the last one is the amount."""
        lines = []
        for position in range(1, self.rng.choice((2, 2, 2, 3))):
            product = self.rng.randrange(len(texts.PRODUCTS))
            title, variant, price = texts.PRODUCTS[product]
            lines.append((position, "", f"68012345{product:04d}", title, variant, f"QM-{product:03d}", 1, price))
        return lines

    def _write_order(self, case: Scenes, lines: list[tuple[Any, ...]], placed: int) -> None:
        if not lines:
            return
        parcel = (self.rng.choice(texts.COURIERS), f"SF{self.rng.getrandbits(40):013d}")
        plain = (case.place.shop, "交易成功", "", str(case.paid), "CNY", *parcel, "", "import", "")
        case.add("order", plain, -placed, 20 - placed, DAY - placed, min(4 * DAY - placed, 0), 0)
        for line in lines:
            case.add("line", line)
