"""Who may do what, by every entrance: one table, written by hand, against every page of the desk."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.urls import reverse

from complaints.admin.actions import ACTIONS
from complaints.admin.signing import sign_version
from complaints.models import Complaint, OutboxMessage, Shop
from complaints.operations import verification
from complaints.roles import ROLES
from tests.complaints.admin.situations import SITUATIONS, page_of, ready_for, send
from tests.complaints.operations.test_uploads import picture
from tests.factories.auth import StaffFactory
from tests.factories.complaints import NOW, OutboxMessageFactory, current
from tests.factories.inquiries import RecoveryClaimFactory
from tests.unchanged import nothing_written

pytestmark = pytest.mark.usefixtures("frozen")

HANDLING = {
    "accept", "start_verification", "conclude_verification", "offer", "decline", "agree", "resolve", "reopen",
    "decline_reopening", "adopt_sender",
    "withdraw", "reply", "hear", "note", "evidence", "liability", "option", "discard", "execute", "claim", "rate",
    "attempt", "raise_cost", "hold", "resume", "platform", "platform_over", "keep_promise", "renew_promise",
    "ask", "record_answer", "withdraw_inquiry", "file_claim", "claim_answered",
    "claim_recovered", "claim_lost", "withdraw_claim",
}  # fmt: skip
RECOVERING = {"file_claim", "claim_answered", "claim_recovered", "claim_lost", "withdraw_claim"}
LEADING = HANDLING | {"assign", "waive", "merge", "unmerge", "split"}
SUPERVISING = LEADING | {"find_unfounded", "apology"}
MAY: dict[str, set[str]] = {
    "agent": HANDLING | {"pass_on"},
    "team_lead": LEADING,
    "supervisor": SUPERVISING,
    "shop_manager": SUPERVISING | {"approve"},
    "finance": {"raise_cost", "execute", "approve"} | RECOVERING,
    "department": set(),
    "legal": set(),
    "knowledge_manager": set(),
    "quality_inspector": set(),
    "auditor": set(),
}
"""Role -> actions that succeed; the option to approve costs so much that manager and finance sign it."""

SIGN_OTHERS = {"team_lead", "supervisor", "legal"}
"""Roles that may open the approval, but have nothing to sign on such an option."""

OTHERS_CASES = {"team_lead", "supervisor", "shop_manager"}
"""Roles that may pass on what is theirs; the complaint is an agent's."""

SEES_NOTHING = {"department", "knowledge_manager"}
FINANCE_SEES = {"resolve", "raise_cost", "execute", "approve"} | RECOVERING
"""Finance sees a complaint in execution, with such an option to be signed, or with an open claim."""

LOGIN = reverse("admin:login")


def visible(role: str, name: str) -> bool:
    return role not in SEES_NOTHING and (role != "finance" or name in FINANCE_SEES)


def expected(role: str, name: str) -> int:
    """The answer to the action's page: found, forbidden, or as if there were no such complaint."""
    if not visible(role, name):
        return 404
    opens = (name == "approve" and role in SIGN_OTHERS) or (name == "pass_on" and role in OTHERS_CASES)
    return 200 if name in MAY[role] or opens else 403


@contextmanager
def undone() -> Iterator[None]:
    """Whatever happens inside is rolled back, so that the next one finds the same."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def test_the_table_names_every_role_and_every_action() -> None:
    assert set(MAY) == set(ROLES)
    assert set().union(*MAY.values()) == set(ACTIONS) == set(SITUATIONS)


# ---------------------------------------------------------------- actions


@pytest.mark.parametrize("name", SITUATIONS)
def test_each_role_takes_exactly_its_actions_and_a_forged_form_does_nothing(
    name: str, case: Callable[..., Any], staff: dict[str, Any], client_for: Callable[[Any], Client]
) -> None:
    complaint, fields = ready_for(name, case, staff)
    able = {role for role in staff if name in MAY[role] and visible(role, name)}
    with nothing_written(complaint):
        for role, person in staff.items():
            client = client_for(person)
            assert client.get(page_of(complaint, name)).status_code == expected(role, name), role
            if role not in able:
                refused = 422 if expected(role, name) == 200 else expected(role, name)
                assert send(client, complaint, name, fields).status_code == refused, role
    told = complaint.events.count()
    for role in able:
        with undone():
            assert send(client_for(staff[role]), complaint, name, fields).status_code == 302, role
            assert complaint.events.count() > told, role


@pytest.mark.parametrize("name", SITUATIONS)
def test_strangers_are_sent_to_the_login_and_forms_from_elsewhere_refused(
    name: str, case: Callable[..., Any], staff: dict[str, Any]
) -> None:
    complaint, fields = ready_for(name, case, staff)
    customer, gone, manager = StaffFactory(customer_account=True), StaffFactory(gone=True), staff["shop_manager"]
    with nothing_written(complaint):
        for person in (None, customer, gone):
            client = Client()
            if person:
                client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
            for answer in (client.get(page_of(complaint, name)), send(client, complaint, name, fields)):
                assert answer.status_code == 302
                assert answer["Location"].startswith(LOGIN)
        client = Client(enforce_csrf_checks=True)
        client.force_login(manager, backend="django.contrib.auth.backends.ModelBackend")
        assert send(client, complaint, name, fields).status_code == 403


@pytest.mark.parametrize("name", SITUATIONS)
def test_a_complaint_of_another_shop_is_as_unknown_as_none_at_all(
    name: str, case: Callable[..., Any], staff: dict[str, Any], client_for: Callable[[Any], Client], elsewhere: Shop
) -> None:
    complaint, fields = ready_for(name, case, staff)
    unknown = Complaint(pk=complaint.pk + 9999, version=1)
    with nothing_written(complaint):
        for role in ("agent", "team_lead"):
            client = client_for(StaffFactory(role=role, shops=[elsewhere]))
            theirs = [client.get(page_of(complaint, name)), send(client, complaint, name, fields)]
            nobodys = [client.get(page_of(unknown, name)), send(client, unknown, name, fields)]
            assert [answer.status_code for answer in theirs + nobodys] == [404] * 4
            assert [a.content for a in theirs] == [
                b.content.replace(str(unknown.pk).encode(), str(complaint.pk).encode()) for b in nobodys
            ]


def test_an_action_that_does_not_exist_is_not_found(case: Any, staff: dict[str, Any], client_for: Any) -> None:
    complaint, client = case("new"), client_for(staff["shop_manager"])
    for name in ("delete", "close", "supplement", "visible_to", "accept2"):
        assert client.get(page_of(complaint, name)).status_code == 404
        assert send(client, complaint, name, {}).status_code == 404


@pytest.mark.parametrize("key", ["0", "-1", "abc", "1.5", "9" * 30, "9" * 3000, "１", "1%00", "../1"])
def test_a_strange_number_is_not_found(key: str, staff: dict[str, Any], client_for: Callable[[Any], Client]) -> None:
    client = client_for(staff["shop_manager"])
    for tail in ("change/", "do/accept/", "edit/", "reveal/", "history/"):
        assert client.get(f"/admin/complaints/complaint/{key}/{tail}").status_code == 404
    assert client.post(f"/admin/complaints/complaint/{key}/script/").status_code == 404


@pytest.mark.parametrize("method", ["put", "patch", "delete", "head", "options"])
def test_no_other_method_changes_anything(
    method: str, case: Callable[..., Any], staff: dict[str, Any], client_for: Callable[[Any], Client]
) -> None:
    complaint, fields = ready_for("note", case, staff)
    client = client_for(staff["shop_manager"])
    with nothing_written(complaint):
        getattr(client, method)(page_of(complaint, "note"), {"version": sign_version(complaint)} | fields)


# ---------------------------------------------------------------- other pages of a case


CASE_PAGES: dict[str, set[str]] = {
    "change": {"agent", "team_lead", "supervisor", "shop_manager", "legal", "quality_inspector", "auditor", "finance"},
    "history": {"agent", "team_lead", "supervisor", "shop_manager", "legal", "quality_inspector", "auditor", "finance"},
    "edit": {"agent", "team_lead", "supervisor", "shop_manager"},
    "delete": set(),
}


@pytest.mark.parametrize("which", CASE_PAGES)
def test_pages_of_a_case_open_for_their_roles(
    which: str, case: Callable[..., Any], staff: dict[str, Any], client_for: Callable[[Any], Client]
) -> None:
    complaint = case("executing")
    address = reverse(f"admin:complaints_complaint_{which}", args=[complaint.pk])
    with nothing_written(complaint):
        for role, person in staff.items():
            answer = client_for(person).get(address)
            if role in CASE_PAGES[which]:
                assert answer.status_code == 200, role
            else:
                assert answer.status_code in (403, 404) or answer["Location"] == reverse("admin:index"), role
        assert Client().get(address)["Location"].startswith(LOGIN)


def test_the_registration_is_corrected_by_those_who_handle(
    case: Callable[..., Any], staff: dict[str, Any], client_for: Callable[[Any], Client]
) -> None:
    complaint = case("new")
    address = reverse("admin:complaints_complaint_edit", args=[complaint.pk])
    fields = {
        "title": "桌面开裂",
        "severity": "S3",
        "priority": "P3",
        "demand": "换货",
        "version": sign_version(complaint),
    }
    for role, person in staff.items():
        with undone():
            answer = client_for(person).post(address, fields)
            changed = current(complaint).title == "桌面开裂"
        if role in CASE_PAGES["edit"]:
            assert (answer.status_code, changed) == (302, True), role
        else:
            assert (answer.status_code in (403, 404), changed) == (True, False), role


REVEALING = {"supervisor", "shop_manager"}


def test_contact_data_is_revealed_to_few_and_each_time_is_recorded(
    case: Callable[..., Any], staff: dict[str, Any], client_for: Callable[[Any], Client]
) -> None:
    complaint = case("executing")
    address = reverse("admin:complaints_complaint_reveal", args=[complaint.pk])
    phone = complaint.customer.phone
    for role, person in staff.items():
        client = client_for(person)
        with nothing_written(complaint):
            assert phone not in client.get(address, follow=True).content.decode(), role
        with undone():
            answer = client.post(address)
            recorded = complaint.events.filter(kind="contact_revealed", actor=person).count()
        if role in REVEALING:
            assert (answer.status_code, recorded) == (200, 1), role
            assert phone in answer.content.decode()
            assert "no-store" in answer["Cache-Control"]
        else:
            assert (answer.status_code in (403, 404), recorded) == (True, 0), role


def test_nobody_reads_contact_data_without_revealing_it(
    case: Callable[..., Any], staff: dict[str, Any], client_for: Callable[[Any], Client]
) -> None:
    complaint = case("executing")
    customer = complaint.customer
    facts = [customer.phone, customer.email, customer.buyer, customer.name]
    pages = [
        page_of(complaint),
        reverse("admin:complaints_complaint_changelist") + "?tab=open",
        reverse("admin:complaints_complaint_edit", args=[complaint.pk]),
        reverse("admin:complaints_customer_changelist"),
        reverse("admin:complaints_customer_change", args=[customer.pk]),
        reverse("admin:complaints_order_changelist"),
        reverse("admin:complaints_order_change", args=[complaint.order_id]),
        reverse("admin:complaints_complaint_order_lookup") + f"?order_number={complaint.order.number}",
    ]
    client = client_for(staff["supervisor"])
    for page in pages:
        answer = client.get(page)
        assert answer.status_code == 200
        assert [fact for fact in facts if fact in answer.content.decode()] == [], page


def test_a_file_of_evidence_is_served_to_those_who_see_the_case(
    case: Callable[..., Any], staff: dict[str, Any], client_for: Callable[[Any], Client], media: Any, elsewhere: Shop
) -> None:
    complaint, other = case("executing"), case("executing")
    upload = SimpleUploadedFile("划痕.jpg", picture())
    evidence = verification.add_evidence(complaint.pk, kind="photo", upload=upload, actor=staff["agent"], now=NOW)
    address = reverse("admin:complaints_complaint_evidence", args=[complaint.pk, evidence.pk])
    for role, person in staff.items():
        answer = client_for(person).get(address)
        assert answer.status_code == (404 if role in SEES_NOTHING else 200), role
    with evidence.file.open() as stored:
        served = client_for(staff["agent"]).get(address)
        assert b"".join(served.streaming_content) == stored.read()
    assert served["Content-Disposition"].startswith("attachment")
    assert served["Content-Type"] == "image/jpeg"
    assert served["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in served["Content-Security-Policy"]
    under_another = reverse("admin:complaints_complaint_evidence", args=[other.pk, evidence.pk])
    assert client_for(staff["agent"]).get(under_another).status_code == 404
    assert client_for(StaffFactory(role="agent", shops=[elsewhere])).get(address).status_code == 404
    assert Client().get(address)["Location"].startswith(LOGIN)


def test_a_file_that_is_gone_is_not_found(
    case: Callable[..., Any], agent: Any, client_for: Callable[[Any], Client], media: Any
) -> None:
    complaint = case("verifying")
    upload = SimpleUploadedFile("a.jpg", picture())
    evidence = verification.add_evidence(complaint.pk, kind="photo", upload=upload, actor=agent, now=NOW)
    evidence.file.storage.delete(evidence.file.name)
    address = reverse("admin:complaints_complaint_evidence", args=[complaint.pk, evidence.pk])
    assert client_for(agent).get(address).status_code == 404


# ---------------------------------------------------------------- lists and records


VIEWERS = {"agent", "team_lead", "supervisor", "shop_manager", "legal", "quality_inspector", "auditor", "finance"}
HANDLERS = {"agent", "team_lead", "supervisor", "shop_manager"}
LISTS: dict[str, set[str]] = {
    "complaints_complaint_changelist": VIEWERS,
    "complaints_complaint_add": HANDLERS,
    "complaints_complaint_order_lookup": HANDLERS,
    "complaints_order_changelist": VIEWERS,
    "complaints_customer_changelist": VIEWERS,
    "complaints_complaintevent_changelist": VIEWERS,
    "complaints_promise_changelist": VIEWERS,
    "complaints_promise_list": VIEWERS,
    "followups_followup_changelist": VIEWERS,
    "complaints_outboxmessage_changelist": {"supervisor", "shop_manager", "auditor"},
    "complaints_hookchannel_changelist": {"shop_manager", "auditor"},
    "complaints_hookchannel_add": {"shop_manager"},
    "complaints_hookdelivery_changelist": {"shop_manager", "auditor"},
    "complaints_hookdelivery_add": set(),
    "complaints_subscription_changelist": {"shop_manager", "auditor"},
    "complaints_subscription_add": {"shop_manager"},
    "complaints_alert_changelist": HANDLERS | {"finance", "legal"},
    "complaints_absence_changelist": {"team_lead", "supervisor", "shop_manager"},
    "complaints_absence_add": {"team_lead", "supervisor", "shop_manager"},
    "complaints_dutyprofile_changelist": {"team_lead", "supervisor", "shop_manager"},
    "complaints_dutyprofile_add": set(),
    "knowledge_replyscript_changelist": (VIEWERS - {"finance"}) | {"knowledge_manager"},
    "knowledge_replyscript_add": {"shop_manager", "knowledge_manager"},
    "complaints_replyreview_changelist": HANDLERS | {"quality_inspector", "auditor"},
    "complaints_replyreview_add": set(),
    "knowledge_criterion_changelist": {"shop_manager", "knowledge_manager", "quality_inspector"},
    "knowledge_criterion_add": {"shop_manager", "knowledge_manager"},
    "knowledge_servicepolicy_changelist": VIEWERS | {"knowledge_manager"},
    "knowledge_servicepolicy_add": {"shop_manager", "knowledge_manager"},
    "knowledge_phraserule_changelist": {
        "team_lead",
        "supervisor",
        "shop_manager",
        "knowledge_manager",
        "quality_inspector",
        "auditor",
    },
    "knowledge_phraserule_add": {"shop_manager", "knowledge_manager"},
    "search": VIEWERS | {"knowledge_manager"},
    "knowledge_synonymgroup_changelist": {"shop_manager", "knowledge_manager"},
    "knowledge_synonymgroup_add": {"shop_manager", "knowledge_manager"},
    "knowledge_issuetype_changelist": {"shop_manager", "knowledge_manager"},
    "knowledge_issuetype_add": {"shop_manager", "knowledge_manager"},
    "complaints_shop_changelist": VIEWERS,
    "complaints_shop_add": {"shop_manager"},
    "complaints_workcalendar_changelist": {"supervisor", "shop_manager"},
    "complaints_workcalendar_add": {"shop_manager"},
    "auth_user_changelist": {"shop_manager"},
    "auth_user_add": {"shop_manager"},
    "complaints_inquiry_changelist": {"department"},
    "complaints_recoveryclaim_changelist": VIEWERS,
    "complaints_department_changelist": {"shop_manager"},
    "complaints_department_add": {"shop_manager"},
    "complaints_inquiry_add": set(),
    "complaints_recoveryclaim_add": set(),
    "complaints_order_add": set(),
    "complaints_customer_add": set(),
    "complaints_complaintevent_add": set(),
    "complaints_promise_add": set(),
    "complaints_outboxmessage_add": set(),
    "complaints_alert_add": set(),
    "followups_followup_add": set(),
}


@pytest.mark.parametrize("name", LISTS)
def test_lists_open_for_their_roles(name: str, staff: dict[str, Any], client_for: Callable[[Any], Client]) -> None:
    address = reverse(f"admin:{name}")
    opened = {role for role, person in staff.items() if client_for(person).get(address).status_code == 200}
    assert opened == LISTS[name]
    assert Client().get(address)["Location"].startswith(LOGIN)


RECORDS = [
    "complaints_order",
    "complaints_customer",
    "complaints_complaintevent",
    "followups_followup",
    "complaints_outboxmessage",
    "complaints_recoveryclaim",
]


@pytest.mark.parametrize("model", RECORDS)
def test_records_are_read_and_never_written_even_by_the_owner(
    model: str, case: Callable[..., Any], client_for: Callable[[Any], Client]
) -> None:
    complaint = case("awaiting_followup")
    client = client_for(StaffFactory(is_superuser=True))
    rows = {
        "complaints_order": complaint.order,
        "complaints_customer": complaint.customer,
        "complaints_complaintevent": complaint.events.first(),
        "complaints_outboxmessage": OutboxMessageFactory(complaint=complaint, dead=True),
        "followups_followup": complaint.followups.get(),
        "complaints_recoveryclaim": RecoveryClaimFactory(complaint=complaint),
    }
    row = rows[model]
    stored = type(row).objects.filter(pk=row.pk).values()
    before = stored.get()
    with nothing_written(complaint):
        assert client.get(reverse(f"admin:{model}_change", args=[row.pk])).status_code == 200
        for page, args in (("add", []), ("change", [row.pk]), ("delete", [row.pk])):
            answer = client.post(reverse(f"admin:{model}_{page}", args=args), {"post": "yes", "status": "sent"})
            assert answer.status_code == 403, page
        swept = {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"}
        client.post(reverse(f"admin:{model}_changelist"), swept)
    assert stored.all().get() == before


def test_a_complaint_is_never_deleted_by_anybody(case: Callable[..., Any], client_for: Callable[[Any], Client]) -> None:
    complaint = case("new")
    client = client_for(StaffFactory(is_superuser=True))
    with nothing_written(complaint):
        address = reverse("admin:complaints_complaint_delete", args=[complaint.pk])
        assert client.post(address, {"post": "yes"}).status_code == 403
        swept = {"action": "delete_selected", "_selected_action": [complaint.pk], "post": "yes"}
        client.post(reverse("admin:complaints_complaint_changelist"), swept)
        client.post(page_of(complaint), {"title": "x"})


@pytest.mark.parametrize("trait", ["dead", "maybe_sent"])
def test_a_message_is_sent_again_by_the_shop_manager_only(
    trait: str, case: Callable[..., Any], staff: dict[str, Any], client_for: Callable[[Any], Client]
) -> None:
    message = OutboxMessageFactory(complaint=case("executing"), **{trait: True})
    address = reverse("admin:complaints_outboxmessage_resend", args=[message.pk])
    for role, person in staff.items():
        client = client_for(person)
        with nothing_written(message.complaint):
            client.get(address)
        with undone():
            answer = client.post(address)
            waiting = OutboxMessage.objects.get(pk=message.pk).status == "pending"
        allowed = role == "shop_manager"
        assert (answer.status_code, waiting) == ((302, True) if allowed else (403, False)), role


def test_a_message_that_was_sent_stays_sent(
    case: Callable[..., Any], staff: dict[str, Any], client_for: Callable[[Any], Client]
) -> None:
    message = OutboxMessageFactory(complaint=case("new"), sent=True)
    with nothing_written(message.complaint):
        client_for(staff["shop_manager"]).post(reverse("admin:complaints_outboxmessage_resend", args=[message.pk]))


def test_a_manager_makes_nobody_an_owner(staff: dict[str, Any], client_for: Callable[[Any], Client]) -> None:
    client, agent = client_for(staff["shop_manager"]), staff["agent"]
    owner = StaffFactory(is_superuser=True)
    fields = {"username": agent.username, "is_active": "on", "is_staff": "on", "is_superuser": "on"}
    client.post(reverse("admin:auth_user_change", args=[agent.pk]), fields)
    agent.refresh_from_db()
    assert not agent.is_superuser
    for page in ("change", "delete", "history"):
        assert client.get(reverse(f"admin:auth_user_{page}", args=[owner.pk])).status_code != 200
    assert client.get(reverse("admin:auth_user_password_change", args=[owner.pk])).status_code != 200


@pytest.fixture
def elsewhere(content: None) -> Shop:
    """A shop that nobody of the usual staff works for."""
    return Shop.objects.create(code="jd", name="晴木家居京东店", platform="taobao")
