from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from io import BytesIO, StringIO
from typing import Any

import pytest
from django.contrib.auth import authenticate, get_user_model
from django.core.management import CommandError, call_command
from django.db import transaction
from django.db.models import Count, Q
from django.test import override_settings
from django.utils import timezone
from PIL import Image

from complaints.lifecycle import SATISFIED_FROM, State
from complaints.models import (
    Absence,
    Alert,
    Approval,
    Complaint,
    ComplaintEvent,
    ConfirmationRecord,
    Contact,
    Customer,
    Deadline,
    Department,
    Evidence,
    Inquiry,
    Order,
    OutboxMessage,
    Priority,
    Product,
    Promise,
    RecoveryClaim,
    Remedy,
    Robot,
    Shop,
    WorkCalendar,
)
from complaints.operations import sweeping
from complaints.queries import policies
from complaints.roles import ROLES
from complaints.sla import STAGE_KINDS, Kind
from followups.demo.company import read
from followups.models import FollowUp
from knowledge.rendering import gaps

# One load for all tests of this module, hence one worker.
# The mark also tells pytest-django that a test database is needed: without it this module, run alone, had none.
pytestmark = [pytest.mark.xdist_group("demo"), pytest.mark.django_db]

RECORDS = read("complaints.json")


@pytest.fixture(scope="module")
def printed(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[str]]:
    """The demo, loaded by its command; what the command has printed."""
    media = tmp_path_factory.mktemp("media")
    out = StringIO()
    with django_db_blocker.unblock(), override_settings(MEDIA_ROOT=media, LANGUAGE_CODE="en"), transaction.atomic():
        call_command("demo", stdout=out)
        yield out.getvalue().splitlines()
        transaction.set_rollback(True)


def by_title(key: str) -> Complaint:
    return Complaint.objects.get(title=next(record["title"] for record in RECORDS if record["key"] == key))


def test_sixty_complaints_stand_in_the_stages_of_the_data(printed: list[str]) -> None:
    stages = Counter(Complaint.objects.values_list("state", flat=True))
    assert stages == Counter(record["stage"] for record in RECORDS)
    assert stages.total() == 60
    assert set(stages) == set(State.values) - {State.MERGED}


def test_every_open_complaint_has_exactly_one_running_clock_and_every_ended_one_none(printed: list[str]) -> None:
    stage = Q(deadlines__kind__in=STAGE_KINDS, deadlines__met_at=None, deadlines__stopped_at=None)
    running = Count("deadlines", filter=stage)
    for complaint in Complaint.objects.annotate(running=running):
        assert complaint.running == (1 if complaint.is_open else 0), complaint
        assert bool(complaint.next_due_at) == complaint.is_open, complaint


def test_three_shops_have_two_hundred_orders_from_their_platforms_exports(printed: list[str]) -> None:
    assert {shop.platform for shop in Shop.objects.all()} == {"taobao", "pdd", "douyin"}
    assert Order.objects.filter(source=Order.Source.IMPORT).exclude(fingerprint="").count() == 200
    assert not Order.objects.exclude(source=Order.Source.IMPORT).exists()
    assert not Order.objects.filter(lines=None).exists()


def test_every_complaint_but_one_is_about_an_order_of_its_shop_and_customer(printed: list[str]) -> None:
    without = Complaint.objects.filter(order=None)
    assert [complaint.title for complaint in without] == [by_title("N5").title]
    for complaint in Complaint.objects.exclude(order=None).select_related("order__customer", "customer"):
        assert complaint.order.shop_id == complaint.shop_id
        assert complaint.order.customer == complaint.customer
        assert complaint.order.placed_at < complaint.received_at
        assert complaint.customer.reachable


def test_every_role_is_staffed_by_people_who_can_log_in_with_the_password_shown(printed: list[str]) -> None:
    password = printed[-1].rpartition(" ")[2]
    for role in ROLES.values():
        people = get_user_model().objects.filter(groups__name=role.code, is_staff=True)
        assert people, role.code
        assert all(person.shops.exists() and person.email.endswith(".example.com") for person in people)
        listed = next(line for line in printed if line.startswith(f"  {role.label}: "))
        assert all(person.username in listed and person.last_name + person.first_name in listed for person in people)
    lina = get_user_model().objects.get(username="lina")
    assert lina.check_password(password)
    assert not lina.is_superuser


def test_progress_is_shown(printed: list[str]) -> None:
    assert "3 shops and 17 people are there." in printed
    assert "60 complaints, day by day: 50 %" in printed


def test_no_text_to_a_customer_has_a_gap(printed: list[str]) -> None:
    texts = list(Contact.objects.filter(direction=Contact.Direction.OUT).values_list("body", flat=True))
    texts += OutboxMessage.objects.values_list("body", flat=True)
    texts += Remedy.objects.values_list("text", flat=True)
    assert len(texts) > 150
    assert not [text for text in texts if gaps(text) or "{" in text or "None" in text]


def test_every_closed_complaint_has_a_call_back_with_a_satisfied_customer(printed: list[str]) -> None:
    closed = Complaint.objects.filter(state=State.CLOSED)
    for complaint in closed:
        followup = FollowUp.objects.get(complaint=complaint, round=complaint.round)
        assert followup.status == FollowUp.Status.DONE
        assert followup.satisfaction >= SATISFIED_FROM
        assert complaint.closed_at == followup.done_at
    assert closed.count() == 7


def test_every_resolved_complaint_waits_for_its_call_back(printed: list[str]) -> None:
    waiting = Complaint.objects.filter(state=State.AWAITING_FOLLOWUP)
    assert {(row.complaint_id, row.status) for row in FollowUp.objects.filter(complaint__in=waiting)} == {
        (complaint.pk, FollowUp.Status.OPEN) for complaint in waiting
    }


def test_one_customer_went_through_two_rounds(printed: list[str]) -> None:
    complaint = by_title("C4")
    assert complaint.round == 2
    assert list(complaint.followups.values_list("round", "satisfaction")) == [(1, 2), (2, 5)]
    assert set(complaint.remedies.filter(status=Remedy.Status.DONE).values_list("round", flat=True)) == {1, 2}


def test_nobody_signs_an_own_proposal_nor_without_the_permission(printed: list[str]) -> None:
    approvals = Approval.objects.select_related("remedy__complaint", "by")
    assert {approval.permission for approval in approvals} == {"approve_l1", "approve_l2", "approve_l3"}
    for approval in approvals:
        assert approval.by_id != approval.remedy.proposed_by_id
        assert approval.by.has_perm(f"complaints.{approval.permission}")
        assert Complaint.objects.visible_to(approval.by).filter(pk=approval.remedy.complaint_id).exists()


def test_some_options_wait_for_a_signature(printed: list[str]) -> None:
    waiting = {option.complaint.title for option in Remedy.objects.filter(status="prepared") if option.unsigned}
    assert waiting == {by_title(key).title for key in ("V3", "P1", "P5", "P6")}


def test_whoever_is_complained_about_has_no_hand_in_the_case(printed: list[str]) -> None:
    accused = Complaint.objects.exclude(accused=None)
    assert accused.count() == 5
    for complaint in accused:
        assert complaint.assignee != complaint.accused
        assert not complaint.events.filter(actor=complaint.accused).exists()
        assert not complaint.contacts.filter(author=complaint.accused).exists()


def test_people_act_only_on_complaints_of_their_shops(printed: list[str]) -> None:
    for person in get_user_model().objects.filter(groups__name__in=["agent", "team_lead"]):
        touched = Complaint.objects.filter(events__actor=person)
        assert not touched.exclude(shop__members=person).exists(), person


def test_photos_are_pictures_and_other_evidence_is_named(printed: list[str]) -> None:
    pieces = Evidence.objects.all()
    assert {piece.complaint.state for piece in pieces} >= {State.VERIFYING, State.CLOSED, State.UNFOUNDED}
    for piece in pieces:
        assert bool(piece.file) == (piece.kind == Evidence.Kind.PHOTO)
        assert piece.note
        assert piece.file or piece.reference
    pictures = [Image.open(BytesIO(piece.file.read())) for piece in pieces if piece.file]
    assert {(picture.format, picture.size) for picture in pictures} == {("JPEG", (640, 480))}
    assert len({picture.tobytes() for picture in pictures}) == len(pictures)


def test_nothing_happened_in_the_future_and_only_promises_and_clocks_reach_into_it(printed: list[str]) -> None:
    now = timezone.now()
    happened = (
        (ComplaintEvent, "at"), (Contact, "at"), (Alert, "created_at"), (Alert, "told_at"), (OutboxMessage, "sent_at"),
        (Complaint, "held_at"), (Complaint, "platform_opened_at"), (Promise, "made_at"), (Promise, "settled_at"),
        (Inquiry, "asked_at"), (Inquiry, "answered_at"), (RecoveryClaim, "filed_at"), (RecoveryClaim, "settled_at"),
        (Absence, "starts_at"), (Deadline, "started_at"), (Deadline, "met_at"), (Deadline, "stopped_at"),
    )  # fmt: skip
    for model, field in happened:
        assert not model.objects.filter(**{f"{field}__gt": now}).exists(), model
    assert Promise.objects.filter(due_at__gt=now).exists()
    assert Promise.objects.filter(due_at__lt=now).exists()
    assert Complaint.objects.overdue(now).exists()


def test_the_history_of_every_case_is_in_the_order_of_its_rows(printed: list[str]) -> None:
    moments: dict[int, datetime] = {}
    for event in ComplaintEvent.objects.order_by("pk"):
        assert moments.get(event.complaint_id, event.at) <= event.at
        moments[event.complaint_id] = event.at


def test_alerts_were_given_when_they_were_due_and_none_is_left_to_give(printed: list[str]) -> None:
    breaches = {(alert.complaint_id, alert.kind): alert for alert in Alert.objects.filter(level=100)}
    assert len(breaches) > 10
    assert all(alert.created_at == alert.due_at for alert in breaches.values())
    assert Alert.objects.filter(seen_at=None).exists()
    assert Alert.objects.exclude(seen_at=None).exists()
    alerts = Alert.objects.count()
    last = max(Alert.objects.values_list("created_at", flat=True))
    assert sweeping.sweep(now=last) == 0
    assert Alert.objects.count() == alerts


def test_no_mail_of_the_past_is_left_to_send(printed: list[str]) -> None:
    assert set(OutboxMessage.objects.values_list("status", flat=True)) == {OutboxMessage.Status.SENT}
    assert set(OutboxMessage.objects.values_list("audience", flat=True)) == {"staff", "customer"}


def test_every_alert_of_the_past_was_told(printed: list[str]) -> None:
    assert not Alert.objects.filter(told_at=None).exists()


def test_most_complaints_follow_the_policies_and_some_priorities_are_somebodys_choice(printed: list[str]) -> None:
    by_hand = Complaint.objects.filter(priority_by_hand=True)
    assert set(by_hand.values_list("title", flat=True)) == {
        record["title"] for record in RECORDS if "priority" in record
    }
    assert by_hand.count() < 10
    rules = policies.active_rules()
    for complaint in Complaint.objects.select_related("issue_type", "order"):
        rule = policies.rule_for(complaint, rules)
        assert rule, complaint
        assert (rule.pk, rule.priority) == (complaint.policy_id, complaint.priority), complaint
    assert set(Complaint.objects.open().values_list("priority", flat=True)) == set(Priority.values)


def test_some_cases_wait_for_the_customer_and_one_went_on_when_the_customer_answered(printed: list[str]) -> None:
    held = Complaint.objects.exclude(held_at=None)
    assert set(held.values_list("title", flat=True)) == {by_title(key).title for key in ("A4", "V5")}
    assert all(complaint.hold_until > timezone.now() and complaint.hold_reason for complaint in held)
    assert not Deadline.objects.running().filter(complaint__in=held, kind__in=STAGE_KINDS, paused_at=None).exists()
    answered = by_title("V6")
    assert [event.data["because"] for event in answered.events.filter(kind="resumed")] == ["heard"]
    clock = answered.deadlines.running().of_stage().get()
    assert len(clock.pauses) == 1
    assert clock.paused_at is None


def test_the_platform_has_a_hand_in_two_cases_and_wants_an_answer_on_one_of_them_soon(printed: list[str]) -> None:
    cases = Complaint.objects.exclude(platform_due_at=None).order_by("platform_due_at")
    assert [complaint.title for complaint in cases] == [by_title("N2").title, by_title("G2").title]
    near, far = (complaint.deadlines.running().get(kind=Kind.PLATFORM) for complaint in cases)
    assert near.level >= 50
    assert 0 < (near.due_at - timezone.now()).total_seconds() < 3600 < (far.due_at - timezone.now()).total_seconds()
    assert by_title("G2").policy.platform_case


def test_promises_were_kept_broken_and_renewed_by_everybody_and_in_every_shop(printed: list[str]) -> None:
    assert set(Promise.objects.values_list("status", flat=True)) == set(Promise.Status.values)
    renewals = Promise.objects.exclude(renews=None)
    assert renewals.count() >= 5
    assert all(renewal.reason for renewal in renewals)
    decided = Promise.objects.filter(status__in=[Promise.Status.KEPT, Promise.Status.BROKEN])
    assert set(decided.values_list("complaint__shop", flat=True)) == set(Shop.objects.values_list("pk", flat=True))
    agents = get_user_model().objects.filter(groups__name="agent")
    assert set(decided.values_list("made_by", flat=True)) >= set(agents.values_list("pk", flat=True))
    assert 2 * decided.filter(status=Promise.Status.KEPT).count() > decided.count()


def test_departments_were_asked_and_answer_late_later_or_in_time(printed: list[str]) -> None:
    now = timezone.now()
    assert not Department.objects.filter(inquiries__isnull=False, lead=None).exists()
    answered = Inquiry.objects.filter(status=Inquiry.Status.ANSWERED)
    assert {bool(inquiry.told_by) for inquiry in answered} == {True, False}
    for inquiry in answered.filter(told_by=""):
        assert inquiry.department.members.filter(pk=inquiry.answered_by_id).exists()
    waiting = Inquiry.objects.open()
    assert {inquiry.complaint.state for inquiry in waiting} == {State.VERIFYING}
    assert [inquiry.complaint.title for inquiry in waiting.filter(due_at__lt=now)] == [by_title("V4").title]
    assert [inquiry.complaint.title for inquiry in waiting.filter(expected_at__gt=now)] == [by_title("V7").title]
    late = Deadline.objects.running().get(kind=Kind.INQUIRY, due_at__lt=now)
    assert late.responsible == late.complaint.inquiries.get(pk=late.subject).department.lead


def test_couriers_owe_money_and_have_paid_some_of_it(printed: list[str]) -> None:
    assert dict(RecoveryClaim.objects.values_list("status", "recovered_amount")).keys() == {"filed", "recovered"}
    for claim in RecoveryClaim.objects.all():
        assert claim.complaint.liability.filter(party="carrier").exists()
    waiting = RecoveryClaim.objects.get(status="filed")
    assert waiting.due_at > timezone.now()


def test_one_agent_is_away_today_and_does_nothing_meanwhile(printed: list[str]) -> None:
    absence = Absence.objects.at(timezone.now()).get()
    assert absence.user.groups.get().name == "agent"
    assert not ComplaintEvent.objects.filter(actor=absence.user, at__gte=absence.starts_at).exists()


def test_the_snack_shop_keeps_hours_of_its_own(printed: list[str]) -> None:
    own = [shop for shop in Shop.objects.select_related("calendar") if shop.calendar]
    assert [shop.platform for shop in own] == ["douyin"]
    assert [bool(hours) for hours in own[0].calendar.week] == [True] * 6 + [False]
    assert WorkCalendar.objects.count() == 2


def test_no_robot_is_there_that_would_write_to_somebody(printed: list[str]) -> None:
    assert not Robot.objects.exists()


def test_a_second_time_is_refused_and_changes_nothing(printed: list[str]) -> None:
    def rows() -> list[int]:
        models = (Shop, Customer, Order, Complaint, ComplaintEvent, Evidence, Deadline, get_user_model())
        return [model.objects.count() for model in models]

    before = rows()
    with pytest.raises(CommandError, match=r"^The demo company is here already; it can be loaded only once\.$"):
        call_command("demo", stdout=StringIO())
    assert rows() == before


def test_the_demo_staff_log_in_through_the_real_backends(printed: list[str], rf: Any) -> None:
    request = rf.post("/admin/login/")
    assert authenticate(request, username="zhoujing", password=printed[-1].rpartition(" ")[2])


def test_listings_are_checked_and_one_of_them_was_mended(printed: list[str]) -> None:
    checked = Product.objects.exclude(latest=None)
    assert checked.filter(open_findings=0).exists()
    assert checked.filter(open_findings__gt=0).count() >= 4
    mended = checked.get(latest__number=2)
    assert mended.latest.score > mended.checks.get(number=1).score


def test_a_delicate_product_has_orders_with_and_without_a_confirmation(printed: list[str]) -> None:
    delicate = Product.objects.get(dispute_prone=True)
    confirmed = set(ConfirmationRecord.objects.values_list("order_number", flat=True))
    orders = set(Order.objects.filter(lines__title=delicate.title).values_list("number", flat=True))
    assert confirmed
    assert confirmed < orders
