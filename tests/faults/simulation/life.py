"""What happens to complaints: acts by chance, each done at the desk by its operation and told to the expectation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any

from complaints.models import Channel, Complaint, Evidence, LiabilityShare, Promise, Remedy
from complaints.operations import (
    assignment,
    conversation,
    correcting,
    holding,
    intake,
    merging,
    platform_cases,
    progress,
    promises,
)
from complaints.operations.intake import Registration
from complaints.operations.promises import PromiseBeyondClock, Promised
from followups.operations import callback
from knowledge.models import IssueType
from tests.faults.simulation.company import CHANNELS, SEVERITIES, Company, case_of
from tests.faults.simulation.hours import DAY, HOUR, MINUTE, SECOND, moment
from tests.faults.simulation.records import Case

PATHS: dict[str, dict[str, int]] = {
    "new": {
        "accept": 50, "reply": 14, "receive": 6, "prioritise": 8, "regrade": 4, "assign": 8, "platform": 8,
        "withdraw": 3, "merge": 5, "keep": 2, "renew": 2,
    },
    "accepted": {"verify": 40, "hold": 14, "resume": 8, "reply": 8, "receive": 6, "prioritise": 8, "platform": 5},
    "verifying": {
        "conclude": 40, "hold": 16, "resume": 12, "reply": 8, "receive": 6, "prioritise": 8, "regrade": 4, "assign": 6,
        "platform": 6, "platform_over": 6, "keep": 5, "renew": 6, "unfounded": 4, "withdraw": 3, "merge": 5,
    },
    "proposing": {
        "offer": 40, "hold": 10, "resume": 10, "reply": 6, "receive": 6, "prioritise": 8, "assign": 6, "platform": 6,
        "platform_over": 6, "keep": 5, "renew": 6, "withdraw": 3, "merge": 4,
    },
    "negotiating": {
        "agree": 40, "decline": 20, "hold": 14, "resume": 10, "receive": 6, "prioritise": 6, "renew": 6,
        "platform_over": 4, "merge": 3,
    },
    "executing": {"settle": 40, "hold": 10, "resume": 10, "reply": 8, "prioritise": 6, "assign": 4, "platform": 5,
        "keep": 6, "merge": 3},
    "awaiting_followup": {"satisfied": 30, "unsatisfied": 14, "unreached": 30, "hold": 6, "reply": 5, "platform": 4,
        "prioritise": 4, "renew": 5, "merge": 3},
    "closed": {"reopen": 20, "rest": 20},
    "merged": {"unmerge": 40, "rest": 20},
    "withdrawn": {"rest": 1},
    "unfounded": {"rest": 1},
}  # fmt: skip


class Life:
    """Complaints of one company. Every act names its moment; what cannot be done then is not tried."""

    def __init__(self, company: Company, dice: Random) -> None:
        self.company, self.world, self.dice = company, company.world, dice
        self.issue = IssueType.objects.select_related("parent").get(code="LOGI-03")
        self.shops = {shop.pk: shop for shop in company.shops}
        self.done: Counter[str] = Counter()
        self.customer_of: dict[int, int] = {}
        self._words = 0

    # -------------------------------------------------------------- which act

    def register(self, now: int) -> Case:
        shop = self.dice.choice(self.company.shops)
        amount = self.dice.randrange(10, 1000)
        order = self.company.order(shop, amount, now)
        agents = self.company.agents[shop.pk]
        priority = self.dice.choice(["", "", "", "", "P1", "P2", "P3", "P4"])
        received = now - self.dice.choice([0, 0, 0, 5 * MINUTE, 3 * HOUR, 30 * HOUR])
        row = intake.register(
            Registration(
                shop=shop, title="书桌桌面划痕", channel=self.dice.choice(CHANNELS), demand="换一张新的桌面",
                order=order, issue_type=self.issue, severity=self.dice.choice(SEVERITIES), priority=priority,
                assignee=self.dice.choice([*agents, *agents, None]), received_at=moment(received), separate=True,
            ),
            actor=self.company.boss, now=moment(now),
        )  # fmt: skip
        case = case_of(row, amount)
        self.customer_of[case.pk] = order.customer_id or 0
        self.world.register(case, now, priority)
        self._note(case, now, f"registered, received {moment(received):%m-%d %H:%M:%S}, {case.priority}")
        self.done["register"] += 1
        return case

    def act(self, case: Case, now: int) -> bool:
        """Something happens to this complaint; returns whether anything more may happen to it."""
        choices = PATHS[case.state]
        name = self.dice.choices(list(choices), list(choices.values()))[0]
        if name == "rest":
            return False
        deed: Callable[[Case, int], Any] = getattr(self, f"_{name}")
        self.world.touched.add(case.pk)
        said = deed(case, now)
        if said is not None:
            self.done[name] += 1
            self._note(case, now, f"{name} {said}".strip())
        return True

    def leave(self, case: Case, now: int) -> None:
        self.world.touched.add(case.pk)
        self._note(case, now, "withdraw" + self._withdraw(case, now))
        self.done["withdraw"] += 1

    def _note(self, case: Case, now: int, words: str) -> None:
        case.history.append(f"{moment(now):%m-%d %H:%M:%S} {words}")

    def _who(self, case: Case, now: int) -> dict[str, Any]:
        version = Complaint.objects.values_list("version", flat=True).get(pk=case.pk)
        return {"actor": self.company.boss, "version": version, "now": moment(now)}

    def _says(self, now: int) -> dict[str, Any]:
        return {"channel": Channel.PHONE, "actor": self.company.boss, "now": moment(now)}

    def _speech(self) -> str:
        self._words += 1
        return f"第 {self._words} 句"

    def _later(self, now: int) -> int:
        return (
            now
            + self.dice.choice([20 * MINUTE, HOUR, 4 * HOUR, 20 * HOUR, 3 * DAY])
            + self.dice.randrange(999) * SECOND
        )

    # -------------------------------------------------------------- talking

    def _promised(self, case: Case, now: int, act: Callable[[Promised], Any]) -> int:
        """Give a promise; one that is later than the clock allows is refused until it is confirmed."""
        due = self._later(now)
        if self.world.beyond(case, now, due):
            try:
                act(Promised(text="给您方案", due_at=moment(due)))
            except PromiseBeyondClock:
                pass
            else:
                raise AssertionError(f"complaint {case.pk}: a promise later than its clock was taken unasked")
            act(Promised(text="给您方案", due_at=moment(due), beyond_clock=True))
        else:
            act(Promised(text="给您方案", due_at=moment(due)))
        return due

    def _newest_promise(self, case: Case) -> int:
        return Promise.objects.filter(complaint=case.pk).order_by("pk").values_list("pk", flat=True).last() or 0

    def _owed(self, case: Case) -> list[int]:
        return [pk for pk, owed in case.promises.items() if owed.settled is None]

    def _reply(self, case: Case, now: int) -> str:
        still_open = frozenset(pk for pk in self._owed(case) if self.dice.random() < 0.4)
        body = self._speech()
        if self.dice.random() < 0.5:
            conversation.reply(case.pk, body, still_open=still_open, **self._says(now))
            self.world.reply(case, now, still_open=still_open)
            return f"leaving {sorted(still_open)}"
        due = self._promised(
            case, now,
            lambda promise: conversation.reply(
                case.pk, body, promise=promise, still_open=still_open, **self._says(now)
            ),
        )  # fmt: skip
        self.world.reply(case, now, still_open=still_open)
        self.world.promise(case, self._newest_promise(case), now, due)
        return f"promising {moment(due):%m-%d %H:%M:%S}, leaving {sorted(still_open)}"

    def _accept(self, case: Case, now: int) -> str:
        who, body = self._who(case, now), self._speech()
        due = self._promised(
            case, now,
            lambda promise: progress.accept(case.pk, body=body, channel=Channel.PHONE, promise=promise, **who),
        )  # fmt: skip
        self.world.reply(case, now)
        self.world.promise(case, self._newest_promise(case), now, due)
        self.world.step(case, "accepted", now)
        return f"promising {moment(due):%m-%d %H:%M:%S}"

    def _receive(self, case: Case, now: int) -> str:
        conversation.receive(case.pk, self._speech(), **self._says(now))
        self.world.hear(case, now)
        return ""

    def _keep(self, case: Case, now: int) -> str | None:
        if not (owed := self._owed(case)):
            return None
        pk = self.dice.choice(owed)
        promises.keep(case.pk, pk, **self._who(case, now))
        self.world.keep(case, pk, now)
        return str(pk)

    def _renew(self, case: Case, now: int) -> str | None:
        if not (owed := self._owed(case)):
            return None
        pk, due = self.dice.choice(owed), self._later(now)
        promised = Promised(text="", due_at=moment(due), beyond_clock=True)
        renewal = promises.renew(case.pk, pk, promised, reason="等仓库", **self._who(case, now))
        self.world.renew(case, pk, now, renewal.pk, due)
        return f"{pk} until {moment(due):%m-%d %H:%M:%S}"

    # -------------------------------------------------------------- waiting, the platform, who and how urgent

    def _hold(self, case: Case, now: int) -> str | None:
        if case.held is not None:
            return None
        until = (
            now + self.dice.choice([HOUR, 5 * HOUR, 26 * HOUR, 4 * DAY, 20 * DAY]) + self.dice.randrange(60) * SECOND
        )
        holding.hold(case.pk, reason="等客户", until=moment(until), **self._who(case, now))
        self.world.hold(case, now, until)
        return f"until {moment(until):%m-%d %H:%M:%S}"

    def _resume(self, case: Case, now: int) -> str | None:
        if case.held is None:
            return None
        holding.resume(case.pk, **self._who(case, now))
        self.world.resume(case, now)
        return ""

    def _platform(self, case: Case, now: int) -> str:
        due = now + self.dice.choice([2 * HOUR, 9 * HOUR, 24 * HOUR, 72 * HOUR]) + self.dice.randrange(999) * SECOND
        platform_cases.set_deadline(case.pk, due_at=moment(due), reference="TB1", **self._who(case, now))
        self.world.platform(case, now, due)
        return f"wants it by {moment(due):%m-%d %H:%M:%S}"

    def _platform_over(self, case: Case, now: int) -> str | None:
        if case.platform_due is None:
            return None
        platform_cases.end(case.pk, **self._who(case, now))
        self.world.platform_over(case, now)
        return ""

    def _prioritise(self, case: Case, now: int) -> str | None:
        priority = self.dice.choice(["P1", "P2", "P3", "P4", ""])
        try:
            correcting.correct(case.pk, {"priority": priority}, **self._who(case, now))
        except correcting.NothingChanged:
            return None
        self.world.prioritise(case, now, priority)
        return priority or "as the policy says"

    def _regrade(self, case: Case, now: int) -> str | None:
        severity = self.dice.choice([one for one in SEVERITIES if one != case.severity])
        correcting.correct(case.pk, {"severity": severity}, **self._who(case, now))
        self.world.regrade(case, now, severity)
        return severity

    def _assign(self, case: Case, now: int) -> str:
        person = self.dice.choice(self.company.agents[case.shop])
        assignment.assign(case.pk, person, reason="", **self._who(case, now))
        self.world.assign(case, now, person.pk)
        return str(person.pk)

    # -------------------------------------------------------------- from stage to stage

    def _verify(self, case: Case, now: int) -> str | None:
        if case.assignee is None:
            return None
        progress.start_verification(case.pk, **self._who(case, now))
        self.world.step(case, "verifying", now)
        return ""

    def _conclude(self, case: Case, now: int) -> str:
        Complaint.objects.filter(pk=case.pk).update(root_cause="运输途中挤压")
        Evidence.objects.create(complaint_id=case.pk, reference="IMG-1", at=moment(now))
        LiabilityShare.objects.create(complaint_id=case.pk, party="carrier", percent=100)
        progress.conclude_verification(case.pk, **self._who(case, now))
        self.world.step(case, "proposing", now)
        return ""

    def _offer(self, case: Case, now: int) -> str:
        taken = Remedy.objects.filter(complaint=case.pk, round=case.round).count()
        for label in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[taken : taken + 2]:
            Remedy.objects.create(
                complaint_id=case.pk, round=case.round, label=label, kind="coupon", text="20 元券",
                estimated_cost=1, approval_level="L0",
            )  # fmt: skip
        progress.offer(case.pk, **self._who(case, now))
        self.world.step(case, "negotiating", now)
        return ""

    def _decline(self, case: Case, now: int) -> str | None:
        if Remedy.objects.filter(complaint=case.pk, round=case.round).count() > 20:
            return None
        progress.decline(case.pk, reason="不够", **self._who(case, now))
        self.world.step(case, "proposing", now, back=True)
        return ""

    def _agree(self, case: Case, now: int) -> str:
        offered = Remedy.objects.filter(complaint=case.pk, round=case.round, status="offered")
        offered.update(approval_level="L0")
        label = offered.values_list("label", flat=True)[0]
        progress.agree(case.pk, label=label, words=self._speech(), channel=Channel.PHONE, **self._who(case, now))
        self.world.hear(case, now)
        self.world.step(case, "executing", now)
        return ""

    def _settle(self, case: Case, now: int) -> str:
        Remedy.objects.filter(complaint=case.pk, round=case.round, status="chosen").update(
            status="done", approval_level="L0", coupon_code="AM20", actual_cost=1, executed_at=moment(now)
        )
        progress.resolve(case.pk, **self._who(case, now))
        self.world.resolve(case, now)
        return ""

    def _satisfied(self, case: Case, now: int) -> str:
        self._rate(case, now, 5)
        self.world.end(case, "closed", now, given_up=False)
        return ""

    def _unsatisfied(self, case: Case, now: int) -> str:
        self._rate(case, now, 2)
        self.world.new_round(case, now)
        return ""

    def _rate(self, case: Case, now: int, satisfaction: int) -> None:
        callback.record_rating(
            case.pk, satisfaction=satisfaction, comment=self._speech(), channel=Channel.PHONE, **self._who(case, now)
        )
        self.world.hear(case, now)

    def _unreached(self, case: Case, now: int) -> str:
        after = callback.record_attempt(case.pk, comment="没接", **self._who(case, now))
        if after.state == "closed":
            self.world.end(case, "closed", now, given_up=False)
        return after.state

    def _reopen(self, case: Case, now: int) -> str | None:
        if case.closed is None or now - case.closed > 15 * DAY:
            return None
        progress.reopen(case.pk, reason="又坏了", **self._who(case, now))
        self.world.new_round(case, now)
        return ""

    def _withdraw(self, case: Case, now: int) -> str:
        progress.withdraw(case.pk, reason="解决了", words=self._speech(), channel=Channel.PHONE, **self._who(case, now))
        self.world.hear(case, now)
        self.world.end(case, "withdrawn", now, given_up=True)
        return ""

    def _unfounded(self, case: Case, now: int) -> str:
        progress.find_unfounded(
            case.pk, reason="完好", body=self._speech(), channel=Channel.PHONE, **self._who(case, now)
        )
        self.world.reply(case, now)
        self.world.end(case, "unfounded", now, given_up=True)
        return ""

    # -------------------------------------------------------------- two that are one

    def _merge(self, case: Case, now: int) -> str | None:
        joined = {one.merged_into for one in self.world.cases.values() if one.merged_into}
        if case.pk in joined or case.platform_due is not None:
            return None
        same = [
            one for one in self.world.cases.values()
            if one.open and one is not case and one.shop == case.shop and one.platform_due is None
            and self.customer_of[one.pk] == self.customer_of[case.pk]
        ]  # fmt: skip
        if not same:
            return None
        target = self.dice.choice(same)
        merging.merge(case.pk, target.pk, reason="同一件事", **self._who(case, now))
        self.world.merge(case, target, now)
        self._note(target, now, f"took in {case.pk}")
        return f"into {target.pk}"

    def _unmerge(self, case: Case, now: int) -> str:
        target = self.world.cases[case.merged_into or 0]
        merging.unmerge(case.pk, reason="不是一件事", **self._who(case, now))
        self.world.unmerge(case, target, now)
        self._note(target, now, f"gave back {case.pk}")
        return f"from {target.pk}"
