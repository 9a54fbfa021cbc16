"""The steps of a complaint, each with what is said, shown and written at it."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from complaints import remedy_rules, sla

from . import texts
from .case import DAY, HOUR, MINUTE, Case, Clock

KINDS = ("reship", "refund", "partial_refund", "return_refund", "exchange", "coupon", "gift", "compensation")
COSTS = {0: 25, 5: 15, 8: 15, 10: 15, 12: 10, 15: 7, 18: 5, 35: 4, 90: 3, 260: 0.7, 620: 0.3}
"""What options cost in CNY, by weight: most of them an agent may offer alone."""

PARTIES = ("carrier", "warehouse", "supplier", "customer_service", "operations", "customer")
TALK = (("in", "heard", texts.MESSAGES), ("internal", "noted", texts.NOTES), ("out", "replied", texts.REPLIES))
EVIDENCE = ("photo", "photo", "sign_off", "tracking", "qc_record", "chat_log")
FACTS = {
    "courier": "顺丰速运", "tracking_number": "SF1390024817733", "reference": "2026112022001",
    "coupon_code": "QM20-7T4K", "return_tracking": "YT7719203345120", "inspection": "已收到退货，外包装破损",
    "execution_note": "已电话致歉",
}  # fmt: skip
"""Facts of remedies that were carried out, by field."""


@dataclass(slots=True)
class Option:
    label: str
    kind: str
    cost: Decimal
    level: str
    proposer: int | None
    status: str = "prepared"
    chosen: int | None = None
    choice: int | None = None
    done: int | None = None
    signed: list[tuple[str, int, int]] = field(default_factory=list)


class Scenes(Case):
    """The steps, in the words of the lifecycle; each one moves `t` on."""

    def __init__(self, *args: Any, channel: str, paid: Decimal | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.channel, self.paid = channel, paid
        self.created = self.rng.randrange(30, 10 * MINUTE)
        self.options: list[Option] = []
        self.promises: list[tuple[str, int, int, int, int | None]] = []
        self.root_cause = self.single_reason = ""
        self.t = self.created
        self.say("in", self.rng.choice(texts.MESSAGES), 0, channel=channel)
        self.settle()
        self.event("registered", self.t, self.assignee, states=("", "new"), missing=[])

    def pass_time(self, least: int, until: int) -> int:
        """Go on to `until`, by `least` seconds at any rate; a message or a note may fall into the time between."""
        before, self.t = self.t, max(self.t + least, until)
        for _ in range(self.rng.choice((0, 0, 0, 1, 1))):
            at = self.rng.randrange(before, self.t)
            # A reply would be the first one and end the first-response clock.
            direction, kind, words = self.rng.choice(TALK if self.accepted is not None else TALK[:2])
            author = None if direction == "in" else self.assignee
            channel = "" if direction == "internal" else self.channel
            contact = self.say(direction, self.rng.choice(words), at, channel=channel, author=author)
            self.event(kind, at, self.assignee, contact=contact, channel=channel)
        return self.t

    def pace(self, kind: sla.Kind) -> int:
        """Seconds that this stage takes: in 7 of 100 cases more than its budget."""
        return int(self.budget(kind) * self.rng.lognormvariate(-0.9, 0.6))

    def accept(self) -> None:
        self.pass_time(60, self.pace(sla.Kind.FIRST_RESPONSE))
        contact = self.say("out", self.rng.choice(texts.REPLIES), self.t, channel=self.channel, author=self.assignee)
        due = self.t + self.rng.choice((4, 8, 24)) * HOUR
        self.promises.append((self.rng.choice(texts.PROMISES), self.t, due, contact, self.assignee))
        self.event("replied", self.t, self.assignee, contact=contact, channel=self.channel)
        self.accepted = self.t
        self.step("accept", "accepted")

    def start(self) -> None:
        self.pass_time(5 * MINUTE, self.t + self.pace(sla.Kind.VERIFICATION) // 4)
        self.step("start_verification", "verifying")

    def investigate(self, at: int) -> None:
        """Evidence, liability and root cause, all written at one moment."""
        for _ in range(self.rng.choice((1, 1, 2))):
            kind = self.rng.choice(EVIDENCE)
            reference = f"https://files.example/{kind}/{self.rng.getrandbits(40):010x}"
            self.add("evidence", (kind, "", reference, "", "", "", 0, "", "supplied", self.assignee), at)
            self.event("evidence_added", at, self.assignee, evidence_kind=kind)
        parties = self.rng.sample(PARTIES, self.rng.choice((1, 1, 1, 2)))
        shares = [100] if len(parties) == 1 else [70, 30]
        for party, percent in zip(parties, shares, strict=True):
            self.add("liability", (party, percent, ""))
        self.root_cause = self.rng.choice(texts.CAUSES)
        settled = dict(zip(parties, shares, strict=True))
        self.event("liability_settled", at, self.assignee, reason=self.root_cause, shares=settled)

    def conclude(self) -> None:
        self.pass_time(30 * MINUTE, self.pace(sla.Kind.VERIFICATION))
        self.investigate(self.t - 10 * MINUTE)
        self.step("conclude_verification", "proposing")

    def prepare(self, at: int) -> None:
        """One option with its reason, or two; each signed as its cost asks."""
        count = 1 if self.rng.random() < 0.1 else 2
        self.single_reason = texts.SINGLE if count == 1 else ""
        for label, kind in zip("AB", self.rng.sample(KINDS, count), strict=False):
            cost = Decimal(self.draw(COSTS)).quantize(Decimal("0.01"))
            level = remedy_rules.approval_level(cost, self.paid, issue_root=self.issue.root, priority=self.priority)
            option = Option(label, kind, cost, str(level), self.assignee)
            facts = {"option": label, "remedy_kind": kind, "cost": str(cost), "level": str(level)}
            self.event("option_prepared", at, self.assignee, **facts)
            for permission in remedy_rules.SIGNATURES[level]:
                signer = self.place.signers[permission]
                option.signed.append((permission, signer, at + MINUTE))
                self.event("option_approved", at + MINUTE, signer, option=label, signed_as=permission)
            self.options.append(option)

    def offer(self) -> None:
        self.pass_time(30 * MINUTE, (self.clock.start if self.clock else self.t) + self.pace(sla.Kind.PROPOSAL))
        self.prepare(self.t - 10 * MINUTE)
        for option in self.options:
            option.status = "offered"
        self.say("out", self.rng.choice(texts.OFFERS), self.t, channel=self.channel, author=self.assignee)
        self.step("offer", "negotiating", reason=self.single_reason)

    def agree(self) -> None:
        self.pass_time(10 * MINUTE, self.t + self.rng.randrange(12 * HOUR))
        words = self.rng.choice(texts.CHOICES)
        contact = self.say("in", words, self.t, channel=self.channel, purpose="choice", author=self.assignee)
        for option in self.options:
            option.status = "chosen" if option.label == "A" else "declined"
        self.options[0].chosen, self.options[0].choice = self.t, contact
        self.step("agree", "executing", option="A")

    def resolve(self) -> None:
        self.pass_time(HOUR, (self.clock.start if self.clock else self.t) + self.pace(sla.Kind.EXECUTION))
        self.options[0].status, self.options[0].done = "done", self.t - MINUTE
        self.event("remedy_done", self.t - MINUTE, self.assignee, option="A")
        if self.issue.root == "SERV":
            supervisor = self.place.supervisors[0]
            self.say("out", "已致电道歉。", self.t - MINUTE, channel="phone", purpose="apology_call", author=supervisor)
        self.resolved = self.t
        self.step("resolve", "awaiting_followup")

    def call_back(self, words: str) -> int:
        """The customer is asked; returns the rating that the words begin with."""
        self.pass_time(HOUR, self.t + self.pace(sla.Kind.CALLBACK))
        self.say("in", words, self.t, channel="phone", purpose="callback", author=self.assignee)
        return int(words[0])

    def close(self) -> None:
        if self.rng.random() < 0.06:
            self.pass_time(HOUR, self.t + self.budget(sla.Kind.CALLBACK))
            self.write_followup("unreachable", attempts=3)
        else:
            self.write_followup("done", satisfaction=self.call_back(self.rng.choice(texts.CALLBACKS)))
        self.closed = self.t
        self.step("close", "closed")

    def supplement(self) -> None:
        words = self.rng.choice(texts.COMPLAINTS_LEFT)
        self.write_followup("done", satisfaction=self.call_back(words))
        self.write_options()
        self.round, self.round_start, self.resolved = self.round + 1, self.t, None
        self.step("supplement", "proposing", reason=words)

    def withdraw(self) -> None:
        self.pass_time(30 * MINUTE, self.t + self.rng.randrange(DAY))
        words = self.rng.choice(texts.WITHDRAWALS)
        self.say("in", words, self.t, channel=self.channel, author=self.assignee)
        self.closed = self.t
        self.step("withdraw", "withdrawn", reason=words)

    def find_unfounded(self) -> None:
        self.pass_time(HOUR, self.t + self.rng.randrange(DAY))
        supervisor = self.place.supervisors[0]
        self.say("out", texts.BASES[0], self.t, channel=self.channel, purpose="basis", author=supervisor)
        self.closed = self.t
        self.step("find_unfounded", "unfounded", actor=supervisor, reason="检验合格")

    def merge(self) -> None:
        self.pass_time(5 * MINUTE, self.t + self.rng.randrange(HOUR))
        self.state_before_merge = self.state
        self.step("merge", "merged", actor=self.place.lead, reason="同一客户同一订单")

    def write_followup(self, status: str, *, attempts: int = 1, satisfaction: int | None = None) -> None:
        """Fix the call-back of this round; an open one has neither rating nor end."""
        done = None if status == "open" else self.t
        comment = "" if satisfaction is None or satisfaction > 3 else texts.COMPLAINTS_LEFT[0]
        plain = (self.round, status, attempts, satisfaction, comment, done and self.assignee)
        resolved = self.t if self.resolved is None else self.resolved
        self.add("followup", plain, resolved, resolved + self.budget(sla.Kind.CALLBACK), done)

    def write_options(self) -> None:
        """Fix the options of this round as they stand now, with their signatures."""
        for option in self.options:
            facts = FACTS if option.done is not None else {}
            wanted = remedy_rules.REQUIRED_FACTS[remedy_rules.Kind(option.kind)]
            known = [facts.get(name, "") if name in wanted else "" for name in FACTS]
            eta = option.done + 3 * DAY if option.done is not None and "eta" in wanted else None
            actual = str(option.cost) if option.done is not None else None
            plain = (
                self.round, option.label, option.kind, texts.GIVEN[option.kind], str(option.cost), actual, "CNY",
                option.level, option.status, option.proposer, *known,
            )  # fmt: skip
            remedy = self.add("remedy", plain, option.chosen, option.done, days=(eta,), links=(option.choice,))
            for permission, person, at in option.signed:
                self.add("approval", (permission, person, str(option.cost)), at, links=(remedy,))
        self.options = []

    def write_promises(self) -> None:
        """Answer each promise, most of them in time, and fix it: a reply, or the end, has settled it, or it is owed."""
        for text, made, due, contact, person in self.promises:
            answer = made + int((due - made) * self.rng.uniform(0.3, 0.95 if self.rng.random() < 0.85 else 2))
            if answer <= self.t:
                self.say("out", self.rng.choice(texts.REPLIES), answer, channel=self.channel, author=person)
                self.event("replied", answer, person, channel=self.channel)
            replies = [at for at in self.replies if at > made]
            if self.clock is None:
                replies.append(self.t)
            answered = min(replies, default=None)
            late = (self.t if answered is None else answered) > due
            status = "broken" if late else "open" if answered is None else "kept"
            watched = self.add("promise", (text, person, status, ""), made, due, answered, links=(contact,))
            clock = Clock(sla.Kind.PROMISE, 1, made, due, watched)
            if answered is None:
                self.owed.append(clock)
            else:
                self.write_kept_clock(clock, answered)

    def write_complaint(self, *, no_order: str, severity: str) -> None:
        """Fix the complaint itself, as everything before has made it."""
        demand = self.rng.choice(texts.DEMANDS)
        plain = (
            self.place.shop, self.issue.id, self.state, self.round, self.version, self.state_before_merge, no_order,
            f"{self.issue.name}，要求{demand}", self.rng.choice(texts.MESSAGES), demand, self.channel, severity,
            self.priority, False, "", "", self.rng.choice(self.place.agents), self.assignee, self.root_cause, "",
            self.single_reason, self.last_inbound,
        )  # fmt: skip
        first = self.first_due
        due, critical = (first.due, first.critical) if first else (None, None)
        self.add(
            "complaint", plain, self.round_start, self.accepted, self.resolved, self.closed, 0, self.created, due,
            critical, self.last_contact,
        )  # fmt: skip
