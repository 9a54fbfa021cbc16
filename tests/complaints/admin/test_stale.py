"""Two people, one form: the second one is told what the first one did, and keeps what was typed."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.signing import Signer
from django.test import Client
from django.urls import reverse

from complaints.admin.actions import ACTIONS
from complaints.admin.displays import event_label
from complaints.admin.signing import FormForged, read_version, sign_version
from complaints.models import Complaint
from complaints.operations import conversation, correcting, progress, verification
from tests.complaints.admin.situations import ADDING, SITUATIONS, page_of, ready_for, send
from tests.factories.complaints import NOW, current
from tests.unchanged import nothing_written

pytestmark = pytest.mark.usefixtures("frozen")

VERSIONED = [name for name in SITUATIONS if name not in ADDING]
TYPED = {
    "accept": "马上核实",
    "decline": "有据可查",
    "agree": "好的",
    "withdraw": "不用了",
    "find_unfounded": "签收完好",
    "merge": "有据可查",
    "reopen": "有据可查",
    "unmerge": "有据可查",
    "split": "另一件事",
    "waive": "有据可查",
    "liability": "挤压",
    "option": "赠品",
    "raise_cost": "有据可查",
    "execute": "SF1",
    "assign": "交接",
    "rate": "满意",
    "attempt": "未接",
}
"""What was typed into each form and must still stand in it."""


def touch(case: Complaint, actor: Any) -> None:
    """A colleague changes the complaint; nothing that any action rests on."""
    correcting.correct(case.pk, {"severity": "S4"}, actor=actor, version=current(case).version, now=NOW)


def move(case: Complaint) -> None:
    """The same, for a complaint that is over: a version that nobody else has."""
    Complaint.objects.filter(pk=case.pk).update(version=case.version + 1)


def test_every_action_with_a_text_is_looked_at() -> None:
    assert set(VERSIONED) | ADDING == set(ACTIONS)
    assert set(TYPED) < set(VERSIONED)


@pytest.mark.parametrize("name", VERSIONED)
def test_a_stale_form_writes_nothing_and_comes_back_with_what_was_typed(
    name: str, case: Callable[..., Any], staff: dict[str, Any], client_for: Callable[[Any], Client]
) -> None:
    complaint, fields = ready_for(name, case, staff)
    touch(complaint, staff["team_lead"]) if complaint.is_open else move(complaint)
    client = client_for(staff["shop_manager"])
    with nothing_written(complaint):
        answer = send(client, complaint, name, fields)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert TYPED.get(name, "") in page
    if complaint.is_open:
        assert staff["team_lead"].first_name in page
        assert event_label(current(complaint).events.get(kind="corrected")) in page


@pytest.mark.parametrize("name", VERSIONED)
def test_the_form_that_came_back_can_be_sent_again(
    name: str, case: Callable[..., Any], staff: dict[str, Any], client_for: Callable[[Any], Client]
) -> None:
    complaint, fields = ready_for(name, case, staff)
    touch(complaint, staff["team_lead"]) if complaint.is_open else move(complaint)
    # Who passes a case on is who has it.
    client = client_for(staff["agent" if name == "pass_on" else "shop_manager"])
    page = send(client, complaint, name, fields).content.decode()
    fresh = sign_version(current(complaint))
    assert f'value="{fresh}"' in page
    assert client.post(page_of(complaint, name), fields | {"version": fresh}).status_code == 302


@pytest.mark.parametrize("name", sorted(ADDING))
def test_what_only_adds_is_never_stale(
    name: str, case: Callable[..., Any], staff: dict[str, Any], client_for: Callable[[Any], Client]
) -> None:
    complaint, fields = ready_for(name, case, staff)
    touch(complaint, staff["team_lead"])
    assert send(client_for(staff["shop_manager"]), complaint, name, fields).status_code == 302


@pytest.mark.parametrize("name", ["agree", "execute", "merge", "rate", "discard", "conclude_verification"])
def test_the_same_step_sent_twice_is_told_that_it_was_taken(
    name: str, case: Callable[..., Any], staff: dict[str, Any], client_for: Callable[[Any], Client]
) -> None:
    complaint, fields = ready_for(name, case, staff)
    client = client_for(staff["shop_manager"])
    assert send(client, complaint, name, fields).status_code == 302
    with nothing_written(complaint):
        again = send(client, complaint, name, fields)
    assert again.status_code == 409
    assert TYPED.get(name, "") in again.content.decode()


def test_all_that_happened_meanwhile_is_named(
    case: Callable[..., Any], staff: dict[str, Any], client_for: Callable[[Any], Client]
) -> None:
    complaint = case("verifying", actor=staff["agent"])
    lead = staff["team_lead"]
    verification.waive_evidence(complaint.pk, "快递已承认", actor=lead, version=complaint.version, now=NOW)
    step = {"actor": lead, "version": current(complaint).version, "now": NOW}
    verification.settle_liability(complaint.pk, [("carrier", 100, "")], root_cause="挤压", **step)
    answer = send(
        client_for(staff["agent"]), complaint, "liability", {"percent_warehouse": "40", "root_cause": "漏放护角"}
    )
    page = answer.content.decode()
    assert answer.status_code == 409
    for event in current(complaint).events.filter(kind__in=["evidence_waived", "liability_settled"]):
        assert event_label(event) in page
    assert "漏放护角" in page
    assert 'value="40"' in page


def test_a_case_that_has_moved_on_says_so(
    case: Callable[..., Any], staff: dict[str, Any], client_for: Callable[[Any], Client]
) -> None:
    complaint = case("accepted", actor=staff["agent"])
    progress.start_verification(complaint.pk, actor=staff["team_lead"], version=complaint.version, now=NOW)
    fields = {"reason": "自行解决", "words": "不用了", "channel": "phone"}
    answer = send(client_for(staff["agent"]), complaint, "withdraw", fields)
    assert answer.status_code == 409
    assert str(current(complaint).get_state_display()) in answer.content.decode()
    assert "自行解决" in answer.content.decode()


# ---------------------------------------------------------------- the correction form


def correct(client: Client, case: Complaint, **fields: Any) -> Any:
    kept = {"title": case.title, "severity": case.severity, "priority": "", "demand": case.demand}
    address = reverse("admin:complaints_complaint_edit", args=[case.pk])
    return client.post(address, kept | {"version": sign_version(case)} | fields)


def test_a_stale_correction_shows_both_values_side_by_side(
    case: Callable[..., Any], staff: dict[str, Any], client_for: Callable[[Any], Client]
) -> None:
    complaint = case("new", actor=staff["agent"])
    step = {"actor": staff["team_lead"], "version": complaint.version, "now": NOW}
    correcting.correct(complaint.pk, {"title": "组长改的标题"}, **step)
    with nothing_written(complaint):
        answer = correct(client_for(staff["agent"]), complaint, title="我改的标题", phone="13900001234")
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "组长改的标题" in page
    assert 'value="我改的标题"' in page
    assert 'value="13900001234"' in page
    assert staff["team_lead"].first_name in page


def test_only_the_fields_that_really_differ_are_set_side_by_side(
    case: Callable[..., Any], staff: dict[str, Any], client_for: Callable[[Any], Client]
) -> None:
    complaint = case("new", actor=staff["agent"])
    step = {"actor": staff["team_lead"], "version": complaint.version, "now": NOW}
    correcting.correct(complaint.pk, {"title": "组长改的标题"}, **step)
    fields = {"title": "我改的标题", "order_number": complaint.order.number, "issue_type": complaint.issue_type_id}
    answer = correct(client_for(staff["agent"]), complaint, **fields)
    differences = {str(row["label"]): (row["stored"], row["typed"]) for row in answer.context["differences"]}
    assert list(differences.values()) == [("组长改的标题", "我改的标题")]


def test_a_correction_that_changes_nothing_leads_back(case: Callable[..., Any], agent: Any, client_for: Any) -> None:
    complaint = case("new")
    fields = {"order_number": complaint.order.number, "issue_type": complaint.issue_type_id}
    with nothing_written(complaint):
        assert correct(client_for(agent), complaint, **fields).status_code == 302


# ---------------------------------------------------------------- forged forms


def tokens(case: Complaint, other: Complaint) -> dict[str, str]:
    genuine = sign_version(case)
    return {
        "none": "",
        "plain number": str(case.version),
        "of another complaint": sign_version(other),
        "changed": genuine[:-1] + ("A" if genuine[-1] != "A" else "B"),
        "without signature": genuine.split(":")[0],
        "signed for something else": Signer(salt="other").sign_object([case.pk, case.version]),
        "of another shape": Signer(salt="complaint-version").sign_object({"pk": case.pk}),
        "of one number": Signer(salt="complaint-version").sign_object(case.version),
        "noise": "%00:☃:\\",
    }


@pytest.mark.parametrize("kind", list(tokens(Complaint(pk=1), Complaint(pk=2))))
def test_a_damaged_or_foreign_form_is_refused_and_keeps_what_was_typed(
    kind: str, case: Callable[..., Any], staff: dict[str, Any], client_for: Callable[[Any], Client]
) -> None:
    complaint, other = case("verifying", actor=staff["agent"]), case("new")
    client = client_for(staff["shop_manager"])
    token = tokens(complaint, other)[kind]
    with nothing_written(complaint, other):
        for name, typed in (("waive", {"reason": "快递已承认"}), ("note", {"body": "快递已承认"})):
            answer = client.post(page_of(complaint, name), {"version": token} | typed)
            assert answer.status_code == 422
            assert "快递已承认" in answer.content.decode()
        assert correct(client, complaint, title="快递已承认", version=token).status_code == 422


def test_a_version_of_the_future_is_stale_too(case: Callable[..., Any], staff: dict[str, Any], client_for: Any) -> None:
    complaint = case("verifying", actor=staff["agent"])
    ahead = Complaint(pk=complaint.pk, version=complaint.version + 5)
    with nothing_written(complaint):
        answer = client_for(staff["shop_manager"]).post(
            page_of(complaint, "waive"), {"version": sign_version(ahead), "reason": "x"}
        )
    assert answer.status_code == 409


def test_a_token_carries_its_complaint_and_version() -> None:
    complaint = Complaint(pk=7, version=3)
    assert read_version(sign_version(complaint), 7) == 3
    with pytest.raises(FormForged):
        read_version(sign_version(complaint), 8)


# ---------------------------------------------------------------- refusals keep what was typed


@pytest.mark.parametrize(
    ("name", "state", "fields"),
    [
        ("accept", "new", {"body": "您好 {customer_name}", "channel": "phone", "promise_due": "2026-11-20T14:00"}),
        ("accept", "new", {"body": "尽快处理", "channel": "phone", "promise_due": "2026-11-20T09:00"}),
        ("accept", "new", {"body": "尽快处理", "channel": "phone"}),
        ("reply", "accepted", {"body": "您好 {customer_name}", "channel": "phone"}),
        ("liability", "verifying", {"percent_carrier": "60", "percent_warehouse": "50", "root_cause": "漏放护角"}),
        ("liability", "verifying", {"percent_carrier": "-5", "root_cause": "漏放护角"}),
        ("evidence", "verifying", {"kind": "photo", "note": "左侧有划痕"}),
        ("option", "negotiating", {"kind": "gift", "text": "赠品一份", "cost": "10"}),
        ("rate", "awaiting_followup", {"satisfaction": "2", "channel": "phone", "comment": ""}),
        ("resolve", "executing", {}),
        ("conclude_verification", "verifying", {}),
        ("agree", "negotiating", {"label": "Q", "words": "要第三个", "channel": "phone"}),
        ("execute", "executing", {"remedy": "1", "courier": "顺丰", "tracking_number": "SF1", "actual_cost": "9999"}),
    ],
)  # fmt: skip
def test_a_refusal_is_a_page_with_a_sentence_and_what_was_typed(
    name: str, state: str, fields: dict[str, str], case: Callable[..., Any], agent: Any, client_for: Any
) -> None:
    complaint = case(state)
    if "remedy" in fields:
        fields = fields | {"remedy": str(complaint.remedies.get(status="chosen").pk)}
    with nothing_written(complaint):
        answer = send(client_for(agent), complaint, name, fields)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert answer.context["form"].errors
    for text in ("{customer_name}", "尽快处理", "漏放护角", "左侧有划痕", "赠品一份", "要第三个", "SF1"):
        if text in fields.values():
            assert text in page


def test_the_page_says_beforehand_what_stands_in_the_way(case: Callable[..., Any], agent: Any, client_for: Any) -> None:
    complaint = case("verifying")
    page = client_for(agent).get(page_of(complaint, "conclude_verification"))
    assert [type(refusal).__name__ for refusal in page.context["refusals"]] == [
        "EvidenceMissing",
        "LiabilityIncomplete",
        "RootCauseMissing",
    ]


def test_the_accused_is_told_on_the_page_already(
    case: Callable[..., Any], user_with: Callable[..., Any], client_for: Callable[[Any], Client]
) -> None:
    accused = user_with("agent")
    complaint = case("accepted", accused=accused)
    for address in (page_of(complaint, "start_verification"), page_of(complaint)):
        context = client_for(accused).get(address).context
        refusals = context["refusals"] if "refusals" in context else context["primary"].refusals
        assert [type(refusal).__name__ for refusal in refusals] == ["AccusedCannotVerify"]


def test_reopening_is_offered_within_the_window_and_not_after(
    case: Callable[..., Any], agent: Any, client_for: Callable[[Any], Client]
) -> None:
    complaint = case("closed")
    client = client_for(agent)
    assert client.get(page_of(complaint)).context["primary"].refusals == []
    Complaint.objects.filter(pk=complaint.pk).update(closed_at=NOW - timedelta(days=16))
    (refusal,) = client.get(page_of(complaint)).context["primary"].refusals
    assert type(refusal).__name__ == "ReopenWindowOver"


def test_two_forms_at_once_keep_their_own_first_values(
    case: Callable[..., Any], agent: Any, client_for: Callable[[Any], Client]
) -> None:
    from complaints.admin.forms import ExecuteForm

    one, two = case("executing"), case("executing")
    for complaint, courier in ((one, "顺丰"), (two, "德邦")):
        complaint.remedies.filter(status="chosen").update(courier=courier)
    first = ExecuteForm(complaint=one, user=agent)
    second = ExecuteForm(complaint=two, user=agent)
    assert [form["courier"].initial for form in (first, second)] == ["顺丰", "德邦"]


def test_a_reply_on_a_moved_case_is_still_recorded(case: Callable[..., Any], staff: Any, client_for: Any) -> None:
    complaint = case("accepted", actor=staff["agent"])
    progress.start_verification(complaint.pk, actor=staff["team_lead"], version=complaint.version, now=NOW)
    conversation.receive(complaint.pk, "怎么样了", channel="phone", actor=staff["team_lead"], now=NOW)
    answer = send(client_for(staff["agent"]), complaint, "reply", {"body": "在核实", "channel": "phone"})
    assert answer.status_code == 302
    assert complaint.contacts.filter(body="在核实").exists()
