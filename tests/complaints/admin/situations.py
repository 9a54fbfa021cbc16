"""For every action of the case page: a complaint in which it is possible, and what a clerk would send."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.test import Client
from django.urls import reverse

from complaints.admin.signing import sign_version
from complaints.models import Complaint, Inquiry, RecoveryClaim, Remedy
from complaints.operations import conversation, holding, inquiries, platform_cases, recovery, remedies
from complaints.operations.customers import Person
from complaints.operations.receiving import Incoming, take_in
from tests.factories.complaints import NOW, carry_out, current, establish, prepare_options, registered
from tests.factories.inquiries import DepartmentFactory

TALK = {"channel": "phone"}
REASON = {"reason": "有据可查"}
PROMISE = {"promise_text": "今天答复", "promise_due": "2026-11-20T14:00"}


@dataclass(frozen=True, slots=True)
class Situation:
    """The stage before the action, how to get ready for it, and the fields to send."""

    state: str
    fields: Callable[[Complaint, dict[str, Any]], dict[str, Any]]
    ready: Callable[[Complaint, dict[str, Any]], Any] | None = None
    values: dict[str, Any] | None = None


def plain(**fields: Any) -> Callable[[Complaint, dict[str, Any]], dict[str, Any]]:
    return lambda case, staff: fields


def _who(case: Complaint, staff: dict[str, Any]) -> dict[str, Any]:
    return {"actor": staff["agent"], "version": current(case).version, "now": NOW}


def _large_option(case: Complaint, staff: dict[str, Any]) -> Remedy:
    """An option that manager and finance must sign."""
    return remedies.prepare(case.pk, kind="refund", text="全额退款", cost=Decimal(800), **_who(case, staff))


def _option(case: Complaint, staff: dict[str, Any]) -> dict[str, Any]:
    return {"remedy": case.remedies.exclude(status="declined").order_by("pk")[0].pk}


def _asked(case: Complaint, staff: dict[str, Any]) -> Inquiry:
    """The warehouse has been asked."""
    who = {"actor": staff["agent"], "now": NOW}
    return inquiries.ask(case.pk, DepartmentFactory(), "装箱时完好吗？", **who)


def _claimed(case: Complaint, staff: dict[str, Any]) -> RecoveryClaim:
    """A claim against the courier is open."""
    who = {"actor": staff["agent"], "now": NOW}
    return recovery.file(case.pk, against="courier", name="中通", amount=Decimal(199), **who)


def _inquiry(**fields: Any) -> Callable[[Complaint, dict[str, Any]], dict[str, Any]]:
    return lambda case, staff: {"inquiry": case.inquiries.get().pk, **fields}


def _claim(**fields: Any) -> Callable[[Complaint, dict[str, Any]], dict[str, Any]]:
    return lambda case, staff: {"claim": case.claims.get().pk, **fields}


def _hold(case: Complaint, staff: dict[str, Any]) -> None:
    holding.hold(case.pk, reason="等客户照片", until=NOW + timedelta(days=2), **_who(case, staff))


def _stranger_wrote(case: Complaint, staff: dict[str, Any]) -> None:
    person = Person(email="new@mail.example")
    take_in(
        Incoming(shop=case.shop, channel="email", text="还没收到", about=case, person=person, trusted=False),
        actor=None, now=NOW,
    )  # fmt: skip
    case.refresh_from_db()


def _came_back(case: Complaint, staff: dict[str, Any]) -> None:
    take_in(
        Incoming(shop=case.shop, channel="phone", text="又坏了", about=case), actor=staff["agent"], now=case.closed_at
    )
    case.refresh_from_db()


def _platform_case(case: Complaint, staff: dict[str, Any]) -> None:
    platform_cases.set_deadline(case.pk, due_at=NOW + timedelta(days=2), **_who(case, staff))


def _promise(case: Complaint, staff: dict[str, Any]) -> dict[str, Any]:
    return {"promise": case.promises.get().pk}


SITUATIONS: dict[str, Situation] = {
    "accept": Situation("new", plain(body="马上核实", **TALK, **PROMISE)),
    "start_verification": Situation("accepted", plain()),
    "conclude_verification": Situation("verifying", plain(), lambda case, staff: establish(case, _who(case, staff))),
    "offer": Situation("proposing", plain(), lambda case, staff: prepare_options(case, _who(case, staff))),
    "decline": Situation("negotiating", plain(**REASON)),
    "agree": Situation("negotiating", plain(label="A", words="好的", **TALK)),
    "resolve": Situation("executing", plain(), lambda case, staff: carry_out(case, _who(case, staff))),
    "reopen": Situation("closed", plain(**REASON)),
    "decline_reopening": Situation("closed", plain(body="本单已按约定赔付", **REASON, **TALK), _came_back),
    "adopt_sender": Situation(
        "accepted",
        lambda case, staff: {"contact": case.contacts.filter(sender__isnull=False).get().pk},
        _stranger_wrote,
    ),
    "withdraw": Situation("new", plain(words="不用了", **REASON, **TALK)),
    "find_unfounded": Situation("verifying", plain(body="签收完好", **REASON, **TALK)),
    "merge": Situation(
        "new",
        lambda case, staff: {"target": Complaint.objects.get(title="另一单").pk, **REASON},
        lambda case, staff: registered(case.shop, actor=staff["agent"], title="另一单", order=case.order),
    ),
    "hold": Situation("verifying", plain(until="2026-11-22T10:00", **REASON)),
    "resume": Situation("verifying", plain(**REASON), _hold),
    "platform": Situation("verifying", plain(due_at="2026-11-22T10:00", reference="TB-1")),
    "platform_over": Situation("verifying", plain(**REASON), _platform_case),
    "keep_promise": Situation("verifying", _promise),
    "renew_promise": Situation(
        "verifying", lambda case, staff: {**_promise(case, staff), "due_at": "2026-11-20T15:00", **REASON}
    ),
    "split": Situation(
        "verifying",
        lambda case, staff: {"contact": case.contacts.get(body="椅子也坏了").pk, "title": "另一件事"},
        lambda case, staff: conversation.receive(
            case.pk, "椅子也坏了", channel="phone", actor=staff["agent"], now=NOW
        ),
    ),
    "unmerge": Situation("merged", plain(**REASON)),
    "reply": Situation("accepted", plain(body="已联系仓库", **TALK)),
    "hear": Situation("accepted", plain(body="怎么样了？", **TALK)),
    "note": Situation("accepted", plain(body="仓库在查")),
    "apology": Situation("accepted", plain(body="已致歉"), values={"issue_code": "SERV-01"}),
    "evidence": Situation("verifying", plain(kind="photo", reference="IMG-1")),
    "waive": Situation("verifying", plain(**REASON)),
    "liability": Situation("verifying", plain(percent_carrier="100", root_cause="挤压")),
    "option": Situation("proposing", plain(kind="gift", text="赠品", cost="10")),
    "discard": Situation("proposing", _option, lambda case, staff: prepare_options(case, _who(case, staff))),
    "approve": Situation("proposing", _option, _large_option),
    "raise_cost": Situation(
        "executing", lambda case, staff: {**_option(case, staff), "cost": "25", **REASON},
    ),
    "execute": Situation(
        "executing",
        lambda case, staff: {
            **_option(case, staff), "courier": "顺丰", "tracking_number": "SF1", "eta": "2026-11-22",
        },
    ),
    "claim": Situation("new", plain(), values={"assignee": None}),
    "pass_on": Situation("new", lambda case, staff: {"assignee": staff["supervisor"].pk, **REASON}),
    "assign": Situation("new", lambda case, staff: {"assignee": staff["team_lead"].pk, "reason": "交接"}),
    "rate": Situation("awaiting_followup", plain(satisfaction="5", comment="满意", **TALK)),
    "attempt": Situation("awaiting_followup", plain(comment="未接")),
    "ask": Situation("verifying", lambda case, staff: {"department": DepartmentFactory().pk, "question": "完好吗？"}),
    "record_answer": Situation("verifying", _inquiry(text="完好", told_by="老周"), _asked),
    "withdraw_inquiry": Situation("verifying", _inquiry(**REASON), _asked),
    "file_claim": Situation("executing", plain(against="courier", name="中通", amount="199")),
    "claim_answered": Situation("executing", _claim(note="正在核查"), _claimed),
    "claim_recovered": Situation("executing", _claim(amount="150"), _claimed),
    "claim_lost": Situation("executing", _claim(**REASON), _claimed),
    "withdraw_claim": Situation("executing", _claim(**REASON), _claimed),
}  # fmt: skip

ADDING = {
    "reply", "hear", "note", "apology", "evidence", "claim", "ask", "record_answer", "withdraw_inquiry", "file_claim",
    "claim_answered", "claim_recovered", "claim_lost", "withdraw_claim",
}  # fmt: skip
"""Actions that only add something (or take what is free, or settle what is open) and so cannot be stale."""


def ready_for(name: str, case: Callable[..., Any], staff: dict[str, Any]) -> tuple[Complaint, dict[str, Any]]:
    """A complaint in which the action is possible, and the fields that take it (without the version)."""
    situation = SITUATIONS[name]
    complaint = case(situation.state, actor=staff["agent"], **situation.values or {})
    if situation.ready:
        situation.ready(complaint, staff)
    complaint = current(complaint)
    return complaint, situation.fields(complaint, staff)


def page_of(case: Complaint, name: str = "") -> str:
    """The address of the case, or of an action on it."""
    if not name:
        return reverse("admin:complaints_complaint_change", args=[case.pk])
    return reverse("admin:complaints_complaint_do", args=[case.pk, name])


def send(client: Client, case: Complaint, name: str, fields: dict[str, Any], **extra: Any) -> Any:
    """POST an action with the version that the complaint object has."""
    return client.post(page_of(case, name), {"version": sign_version(case)} | fields, **extra)
