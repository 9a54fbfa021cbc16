"""One complaint while its story is told: rows gathered, clocks kept as the operations keep them, in whole seconds after
the receipt.
"""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from complaints import sla
from complaints.models import OutboxMessage

from . import texts
from .cast import Issue, Place
from .layouts import Row
from .people import encrypted

MINUTE, HOUR, DAY = 60, 60 * 60, 24 * 60 * 60

BUDGETS = {
    priority: {kind: int(budget.total_seconds()) for kind, budget in kinds.items()}
    for priority, kinds in sla.BUDGETS.items()
}
MAIL_FROM = "benchmark.example"


class Post:
    """A few ciphertexts for the mails of all stories."""

    def __init__(self) -> None:
        self.addresses = [encrypted(OutboxMessage, "address", f"agent{n:02d}@staff.example") for n in range(40)]
        self.bodies = [encrypted(OutboxMessage, "body", f"{text}\n" * 6) for text in texts.REPLIES]


LEVELS = [level for level, _audience in sla.LEVELS]


@dataclass(slots=True)
class Clock:
    """`watched` is the place, among the story's promises, of the one that it watches; None for a stage."""

    kind: sla.Kind
    round: int
    start: int
    due: int
    watched: int | None = None

    def level_at(self, moment: int) -> int:
        """The highest level that is reached."""
        return max((level for level in LEVELS if self.when(level) <= moment), default=0)

    def when(self, level: int) -> int:
        return self.start + (self.due - self.start) * level // 100

    def next_after(self, level: int) -> int | None:
        return next((self.when(higher) for higher in LEVELS if higher > level), None)

    @property
    def critical(self) -> int:
        """When the last warning before the due time is given."""
        return self.when(max(level for level in LEVELS if level < sla.BREACH))

    @property
    def subject(self) -> str:
        """What identifies the clock among those of the complaint; {subject} means the id of the promise."""
        return str(self.kind) if self.watched is None else f"{self.kind}.{{subject}}"


class Case:
    """The complaint as it stands at `t` seconds after its receipt; `rows` is what has become fixed."""

    def __init__(self, rng: Random, place: Place, issue: Issue, priority: str, post: Post, *, alerts: bool) -> None:
        self.rng, self.place, self.issue, self.priority, self.post = rng, place, issue, priority, post
        self.alerts = alerts
        self.rows: list[Row] = []
        self.counts: Counter[str] = Counter()
        self.t, self.version, self.round, self.round_start = 0, 1, 1, 0
        self.state, self.state_before_merge = "new", ""
        self.assignee: int | None = rng.choice(place.agents)
        self.accepted: int | None = None
        self.resolved: int | None = None
        self.closed: int | None = None
        self.last_contact, self.last_inbound = 0, True
        self.replies: list[int] = []
        self.clock: Clock | None = None
        self.owed: list[Clock] = []

    def draw(self, weights: Mapping[Any, float]) -> Any:
        """One of the keys, by weight."""
        return self.rng.choices(list(weights), list(weights.values()))[0]

    def add(self, table: str, plain: tuple[Any, ...], *moments: int | None, **rest: Any) -> int:
        """Fix one row; returns its place among the story's rows of this table."""
        self.rows.append(Row(table, plain, moments, **rest))
        self.counts[table] += 1
        return self.counts[table] - 1

    def event(self, kind: str, at: int, actor: int | None, *, reason: str = "", **data: Any) -> None:
        """Add to the history; `states` among the data are the stages before and after, `due` and `watched` are what
        {due} and {subject} mean.
        """
        before, after = data.pop("states", ("", ""))
        meant = {"due": data.pop("due", None), "watched": data.pop("watched", None)}
        text = json.dumps(data, ensure_ascii=False)
        self.add("event", (actor, kind, before, after, reason, self.version, text), at, **meant)

    def say(
        self, direction: str, body: str, at: int, *, channel: str, purpose: str = "message", author: int | None = None
    ) -> int:
        """Add a contact; returns its place among the contacts of the story."""
        if direction == "out":
            self.replies.append(at)
        if direction != "internal" and at >= self.last_contact:
            self.last_contact, self.last_inbound = at, direction == "in"
        return self.add("contact", (direction, channel, purpose, body, author, False), at)

    def step(self, name: str, target: str, *, actor: int | None = None, reason: str = "", **data: Any) -> None:
        """Take a transition at `t`, with its event and clocks."""
        source, self.state = self.state, target
        self.version += 1
        self.settle(stopped=name in ("withdraw", "find_unfounded", "merge"), again=name == "supplement")
        self.event(name, self.t, actor or self.assignee, states=(source, target), reason=reason, **data)

    def settle(self, *, stopped: bool = False, again: bool = False) -> None:
        """Let exactly the clock run that the state needs, by the rule of operations.clocks."""
        wanted = sla.clock_for(self.state, answered=self.accepted is not None)
        if self.clock and self.clock.kind != wanted:
            self._end_clock(stopped)
        if wanted and self.clock is None:
            start = self.t if again else self.round_start
            if wanted is sla.Kind.CALLBACK:
                start = self.t if self.resolved is None else self.resolved
            self.clock = Clock(wanted, self.round, start, start + self.budget(wanted))

    def budget(self, kind: sla.Kind) -> int:
        return BUDGETS[self.priority][kind]

    @property
    def running(self) -> list[Clock]:
        """The clock of the stage, and those of promises that are owed."""
        return [*([self.clock] if self.clock else []), *self.owed]

    @property
    def first_due(self) -> Clock | None:
        return min(self.running, key=lambda clock: clock.due, default=None)

    def write_running_clocks(self) -> None:
        """Fix the clocks that still run at `t`, just after a sweep."""
        for clock in self.running:
            level = clock.level_at(self.t)
            self._write_clock(clock, level, following=clock.next_after(level))

    def until_alert(self, most: int) -> int:
        """Seconds from `t` until the sweep has something to do, `most` if that is later or never."""
        following = (clock.next_after(clock.level_at(self.t)) for clock in self.running)
        return min([most, *(moment - self.t for moment in following if moment is not None)])

    def _end_clock(self, stopped: bool) -> None:
        clock, self.clock = self.clock, None
        ended = {"stopped": self.t} if stopped else {"met": max(self.t, clock.start)}
        self._write_clock(clock, clock.level_at(self.t), **ended)

    def write_kept_clock(self, clock: Clock, answered: int) -> None:
        """Fix the clock of a promise that was answered, in time or late."""
        self._write_clock(clock, clock.level_at(answered), met=answered)

    def _write_clock(
        self,
        clock: Clock,
        level: int,
        *,
        met: int | None = None,
        stopped: int | None = None,
        following: int | None = None,
    ) -> None:
        breached = clock.due if level >= sla.BREACH else None
        plain = (str(clock.kind), clock.round, self.priority, level, 0, clock.kind in sla.PAUSABLE, "[]")
        moments = (clock.start, clock.due, met, breached, stopped, following)
        self.add("deadline", plain, *moments, watched=clock.watched)
        if level >= sla.BREACH:
            data = {"clock": str(clock.kind), "due_at": "{due}"}
            data |= {} if clock.watched is None else {"subject": "{subject}"}
            self.event("breached", clock.due, None, due=clock.due, watched=clock.watched, **data)
        if self.alerts:
            for reached in (reached for reached in LEVELS if sla.BREACH <= reached <= level):
                self._alert(clock, reached)

    def _alert(self, clock: Clock, level: int) -> None:
        assignee = self.assignee or self.place.lead
        audience = {100: (assignee, self.place.lead), 150: self.place.supervisors, 200: self.place.managers}[level]
        at = clock.when(level)
        for person in dict.fromkeys(audience):
            key = (f"{clock.subject}:{level}", person)
            about = {"due": clock.due, "watched": clock.watched}
            seen = at + self.rng.randrange(HOUR) if self.rng.random() < 0.7 else None
            self.add("alert", (person, str(clock.kind), level), clock.due, at, at, seen, key=("", *key), **about)
            status = "dead" if self.rng.random() < 0.003 else "sent"
            sent = at + 5 if status == "sent" else None
            mail = (
                "staff", "email", person, self.rng.choice(self.post.addresses), "[A] 时限已超: 投诉单",
                self.rng.choice(self.post.bodies), f"<{self.rng.getrandbits(96):024x}@{MAIL_FROM}>", status,
                1 if sent else 5, "", "" if sent else "550 no such user",
            )  # fmt: skip
            self.add("outbox", mail, at, sent, at, key=("mail:", *key), **about)
