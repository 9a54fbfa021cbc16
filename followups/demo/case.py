"""What people do about one complaint of the demo: each method is one operation, at the moment it is given."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from random import Random
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from complaints.models import Channel, Complaint, Order, Promise, Remedy, Shop
from complaints.models.staff import staff_name
from complaints.operations import assignment, conversation, intake, progress, remedies, scripted, verification
from complaints.operations.customers import Person
from complaints.operations.intake import Registration
from complaints.operations.promises import Promised
from complaints.operations.scripted import Composed
from complaints.queries.case import reply_facts
from followups.operations import callback
from knowledge import rendering
from knowledge.models import IssueType, ScriptVersion

from .company import Company
from .photos.photo import photo

Record = Mapping[str, Any]

SIGNERS = {
    "approve_l1": "team_lead",
    "approve_l2": "supervisor",
    "approve_l3": "shop_manager",
    "approve_finance": "finance",
    "approve_legal": "legal",
}
ARCHIVED_AS = {
    "document": ".pdf",
    "qc_record": ".xlsx",
    "chat_log": ".txt",
    "tracking": ".png",
    "call_recording": ".mp3",
    "other": ".pdf",
}
WRITTEN = ("courier", "tracking_number", "reference", "coupon_code", "return_tracking", "inspection", "execution_note")
OFFER_SCRIPT = "CHOICE-AB"
SALUTATION = "您好，"


class Case:
    """One complaint; `record` is its entry in complaints.json, `texts` the company's own phrases."""

    def __init__(
        self, record: Record, company: Company, *, texts: Record, buyer: Record, order: Order | None, rng: Random
    ) -> None:
        self.record = record
        self.company = company
        self.texts = texts
        self.buyer = buyer
        self.order = order
        self.rng = rng
        self.id = 0
        self.files: list[str] = []

    @property
    def shop(self) -> Shop:
        return self.company.shops[self.record["shop"]]

    @cached_property
    def assignee(self) -> Any:
        return self.company.staff[self.record["assignee"]] if "assignee" in self.record else None

    @cached_property
    def accused(self) -> Any:
        return self.company.staff[self.record["accused"]] if "accused" in self.record else None

    @cached_property
    def clerk(self) -> Any:
        """Who takes the complaint in: whoever answers the phone, else any agent of the shop but the accused."""
        if self.record["channel"] == Channel.PHONE and self.assignee:
            return self.assignee
        return self.rng.choice([agent for agent in self.company.of_role("agent", self.shop) if agent != self.accused])

    @property
    def agent(self) -> Any:
        return self.assignee or self.clerk

    @property
    def channel(self) -> str:
        """Where one talks to this customer once the complaint is in."""
        channel = self.record["channel"]
        if channel in (Channel.EMAIL, Channel.WEB_FORM):
            return Channel.EMAIL if self.buyer["email"] else Channel.PHONE
        return Channel.PLATFORM_CHAT if channel == Channel.SOCIAL else channel

    # ------------------------------------------------------------ in

    def register(self, now: datetime, *, received_at: datetime) -> None:
        record, buyer = self.record, self.buyer
        known = {"name": buyer["name"], "phone": buyer["phone"], "email": buyer["email"]} if self.order else {}
        registration = Registration(
            shop=self.shop,
            title=record["title"],
            channel=record["channel"],
            description=record["description"],
            demand=record["demand"],
            person=Person(buyer=buyer["buyer_id"], **known),
            order=self.order,
            issue_type=IssueType.objects.get(code=record["issue_type"]),
            severity=record["severity"],
            priority=record.get("priority", ""),
            assignee=self.assignee if self.clerk == self.assignee else None,
            accused=self.accused,
            received_at=received_at,
        )
        self.id = intake.register(registration, actor=self.clerk, now=now).pk

    def claim(self, now: datetime) -> None:
        assignment.claim(self.id, actor=self.assignee, now=now)

    def accept(self, now: datetime) -> None:
        promise = Promised(
            text=self.record["promise"], due_at=now + timedelta(hours=self.record["promise_hours"]), beyond_clock=True
        )
        reply = {"body": self.record["reply"], "channel": self.channel, "promise": promise}
        progress.accept(self.id, **reply, now=now, **self.by(self.agent))

    # ------------------------------------------------------------ said

    def hear(self, now: datetime, *, text: str) -> None:
        conversation.receive(self.id, text, channel=self.channel, actor=self.agent, now=now)

    def reply(self, now: datetime, *, text: str, scripts: Sequence[int] = ()) -> None:
        composed = Composed(scripts=scripts)
        scripted.reply(self.id, text, composed=composed, channel=self.channel, actor=self.agent, now=now)

    def ask_back(self, now: datetime, *, text: str) -> None:
        """A question to the customer: what was promised stays owed."""
        owed = frozenset(Promise.objects.filter(complaint=self.id, settled_at=None).values_list("pk", flat=True))
        conversation.reply(self.id, text, channel=self.channel, still_open=owed, actor=self.agent, now=now)

    def note(self, now: datetime, *, text: str) -> None:
        """A note by the agent, or by the lead where a colleague is complained about."""
        lead = self.company.of_role("team_lead", self.shop)[0]
        conversation.note(self.id, text, actor=lead if self.accused else self.agent, now=now)

    def apologise(self, now: datetime, *, call: Record) -> None:
        body = self.texts["apology"].format(note=call["note"], minutes=call["minutes"])
        conversation.log_apology(self.id, body, actor=self.company.staff[call["by"]], now=now)

    # ------------------------------------------------------------ verified

    def start_verification(self, now: datetime) -> None:
        progress.start_verification(self.id, now=now, **self.by(self.agent))

    def add_evidence(self, now: datetime, *, piece: Record, place: int) -> None:
        what = {"kind": piece["kind"], "note": piece["note"], "actor": self.agent, "now": now}
        if "picture" in piece:
            name = f"IMG_{timezone.localtime(now):%Y%m%d_%H%M%S}.jpg"
            upload = SimpleUploadedFile(name, photo(piece["picture"], piece["note"], self.rng), "image/jpeg")
            self.files.append(str(verification.add_evidence(self.id, upload=upload, **what).file.name))
            return
        number = Complaint.objects.values_list("number", flat=True).get(pk=self.id)
        suffix = piece.get("archived_as", ARCHIVED_AS[piece["kind"]])
        reference = self.texts["reference"].format(number=number, place=place, suffix=suffix)
        verification.add_evidence(self.id, reference=reference, **what)

    def settle_liability(self, now: datetime) -> None:
        shares = [(share["party"], share["percent"], share["reason"]) for share in self.record.get("liability", [])]
        verification.settle_liability(
            self.id, shares, root_cause=self.record["root_cause"], now=now, **self.by(self.agent)
        )

    def conclude_verification(self, now: datetime) -> None:
        progress.conclude_verification(self.id, now=now, **self.by(self.agent))

    # ------------------------------------------------------------ solved

    def prepare(self, now: datetime, *, option: Record) -> None:
        what = {"kind": option["kind"], "text": option["text"], "cost": Decimal(option["cost"])}
        remedies.prepare(self.id, **what, now=now, **self.by(self.agent))

    def sign(self, now: datetime, *, label: str, by: str) -> None:
        self._approve(self._option(label=label), self.company.staff[by], now=now)

    def sign_all(self, now: datetime) -> None:
        """Everybody who has to sign signs every option."""
        for remedy in self._options():
            for permission in remedy.unsigned:
                self._approve(remedy, self.company.of_role(SIGNERS[permission], self.shop)[0], now=now)

    def offer(self, now: datetime) -> None:
        """Send the options with the script for it, and take the step."""
        complaint = Complaint.objects.get(pk=self.id)
        salutation = self.record["reply"].partition(SALUTATION)
        facts = reply_facts(complaint, agent_name=staff_name(self.agent), customer_name=salutation[0], now=now)
        facts["finding"] = self.texts["finding"].format(title=self.record["title"])
        script = ScriptVersion.objects.in_force().get(script__code=OFFER_SCRIPT)
        text = "".join(salutation[:2]) + rendering.render(script.text, facts)
        self.reply(now, text=text, scripts=[script.pk])
        progress.offer(self.id, now=now, **self.by(self.agent))

    def agree(self, now: datetime, *, label: str, words: str) -> None:
        progress.agree(self.id, label=label, words=words, channel=self.channel, now=now, **self.by(self.agent))

    def execute(self, now: datetime, *, facts: Record) -> None:
        """Finance pays, the agent does everything else."""
        remedy = self._option(status=Remedy.Status.CHOSEN)
        finance = self.company.of_role("finance", self.shop)[0]
        actor = finance if "reference" in remedy.required_facts else self.agent
        known = _execution(facts, timezone.localdate(now))
        remedies.execute(self.id, remedy.pk, known, now=now, **self.by(actor))

    def resolve(self, now: datetime) -> None:
        progress.resolve(self.id, now=now, **self.by(self.agent))

    # ------------------------------------------------------------ ended

    def call_in_vain(self, now: datetime, *, comment: str) -> None:
        callback.record_attempt(self.id, comment=comment, now=now, **self.by(self.agent))

    def call_back(self, now: datetime, *, satisfaction: int, comment: str) -> None:
        callback.record_rating(
            self.id, satisfaction=satisfaction, comment=comment, channel=Channel.PHONE, now=now, **self.by(self.agent)
        )

    def withdraw(self, now: datetime) -> None:
        why = {"reason": self.record["withdraw_reason"], "words": self.record["withdraw_words"]}
        progress.withdraw(self.id, **why, channel=self.channel, now=now, **self.by(self.agent))

    def find_unfounded(self, now: datetime) -> None:
        why = {"reason": self.record["unfounded_basis"], "body": self.record["unfounded_reply"]}
        decider = self.company.staff[self.record["decided_by"]]
        progress.find_unfounded(self.id, **why, channel=self.channel, now=now, **self.by(decider))

    # ------------------------------------------------------------ as it stands

    def by(self, actor: Any) -> dict[str, Any]:
        """Somebody who has just looked at the complaint."""
        return {"actor": actor, "version": Complaint.objects.values_list("version", flat=True).get(pk=self.id)}

    def _options(self) -> list[Remedy]:
        present = Complaint.objects.values_list("round", flat=True).get(pk=self.id)
        return list(Remedy.objects.filter(complaint=self.id, round=present))

    def _option(self, **wanted: Any) -> Remedy:
        return next(
            remedy
            for remedy in self._options()
            if all(getattr(remedy, name) == value for name, value in wanted.items())
        )

    def _approve(self, remedy: Remedy, by: Any, *, now: datetime) -> None:
        remedies.approve(self.id, remedy.pk, now=now, **self.by(by))


def _execution(facts: Record, today: date) -> dict[str, Any]:
    """The facts of carrying a remedy out, by their names in Remedy."""
    known = {name: facts[name] for name in WRITTEN if name in facts}
    if "eta_days" in facts:
        known["eta"] = today + timedelta(days=facts["eta_days"])
    return known | {"actual_cost": Decimal(facts["actual_cost"])}
