"""What a program sends lands on the right complaint, and it reads what a customer may know (R3.1, R4.7)."""

from datetime import timedelta
from typing import Any

import pytest

from complaints.models import Complaint, Contact, Customer, Order
from complaints.operations import conversation, verification

pytestmark = pytest.mark.django_db

FULL = {
    "text": "杯子到手就碎了\n请补发",
    "demand": "补发一个",
    "person": {"name": "王小明", "phone": "13800001234"},
    "order_number": "D1",
    "product": "马克杯",
    "amount": "59.90",
    "issue_type": "LOGI-03",
}


def test_a_complaint_without_gaps_is_registered_whole(program: Any, shop: Any) -> None:
    answer = program.post("/complaints", FULL)

    case = Complaint.objects.get()
    assert answer.status_code == 201, answer.content
    assert answer.json() | {"contact_id": 0} == {
        "number": case.number, "result": "registered", "status": "new", "status_label": "待受理", "contact_id": 0,
        "missing": [], "order_known": False, "url": f"/api/v1/complaints/{case.number}",
    }  # fmt: skip
    assert answer["Location"] == answer.json()["url"]
    assert (case.shop, case.channel, case.order.number) == (shop, "api", "D1")
    assert case.events.get(kind="registered").data["via"] == "ERP"


def test_whether_the_shop_has_the_order_is_told(program: Any, shop: Any, now: Any) -> None:
    Order.objects.create(shop=shop, number="D2", updated_at=now)
    known = program.post("/complaints", {"text": "坏了", "order_number": "D2"}).json()
    none = program.post("/complaints", {"text": "另一件"}).json()

    assert (known["order_known"], none["order_known"]) == (True, None)


def test_a_moment_to_come_is_refused_and_not_taken_for_now(program: Any, now: Any, frozen: Any) -> None:
    early = program.post("/complaints", {"text": "坏了", "received_at": (now + timedelta(minutes=9)).isoformat()})
    clocks_differ = program.post(
        "/complaints", {"text": "坏了", "received_at": (now + timedelta(minutes=3)).isoformat()}
    )

    assert (early.status_code, early.json()["errors"][0]["code"]) == (422, "in_the_future")
    assert clocks_differ.status_code == 201


def test_a_plus_that_was_not_escaped_in_an_address_is_one(program: Any) -> None:
    assert program.get("/complaints?updated_since=2026-11-22T10:00:00+08:00").status_code == 200
    assert program.get("/complaints?updated_since=2026-11-22 10:00").status_code == 422


def test_what_is_missing_is_named_in_the_callers_language(program: Any) -> None:
    answer = program.post("/complaints", {"text": "坏了"}, accept_language="en")

    assert answer.status_code == 201
    assert {one["code"]: one["label"] for one in answer.json()["missing"]} == {
        "complainant": "complainant",
        "order": "order number (or the reason for none)",
        "issue_type": "issue type",
        "demand": "demand",
        "contact": "contact",
    }
    assert answer["Content-Language"] == "en"


def test_a_second_message_about_the_order_joins(program: Any) -> None:
    first = program.post("/complaints", FULL)
    second = program.post("/complaints", FULL | {"text": "怎么还没人理"})

    assert (second.status_code, second.json()["result"]) == (200, "joined")
    assert second.json()["number"] == first.json()["number"]
    assert Contact.objects.count() == 2


def test_a_message_is_added_to_the_complaint_that_is_named(program: Any, case: Any) -> None:
    open_case = case("verifying")
    answer = program.post(f"/complaints/{open_case.number}/contacts", {"text": "还在等"})

    assert (answer.status_code, answer.json()["result"]) == (201, "joined")
    assert open_case.contacts.filter(direction="in", body="还在等", channel="api").exists()


def test_a_message_to_a_merged_complaint_goes_on_with_the_surviving_one(program: Any, case: Any) -> None:
    merged = case("merged")
    answer = program.post(f"/complaints/{merged.number}/contacts", {"text": "还在等"})

    assert answer.json()["number"] == merged.merged_into.number


def test_nothing_of_another_shop_is_found(program: Any, issued: Any, case: Any) -> None:
    from tests.factories.complaints import ComplaintFactory

    foreign = ComplaintFactory()
    none = program.get("/complaints/A20990101-0001")
    for path in (f"/complaints/{foreign.number}", f"/complaints/{foreign.number}/events"):
        assert program.get(path).content == none.content
    for path in ("contacts", "evidence"):
        body = {"text": "x"}
        answer = program.post(f"/complaints/{foreign.number}/{path}", body)
        assert answer.status_code in (404, 415)
    assert [one["number"] for one in program.get("/complaints").json()["items"]] == []


def test_a_customer_never_reads_what_is_internal(program: Any, case: Any, agent: Any, now: Any) -> None:
    one = case("executing")
    conversation.note(one.pk, "SECRET-NOTE", actor=agent, now=now)
    verification.add_evidence(one.pk, kind="qc_record", reference="SECRET-QC", actor=agent, now=now)
    conversation.reply(one.pk, "明天寄出", channel="platform_chat", actor=agent, now=now)

    told = program.get(f"/complaints/{one.number}/events").json()
    whole = program.get(f"/complaints/{one.number}").content.decode() + str(told)

    types = {event["type"] for event in told["items"]}
    assert types == {"registered", "message_sent", "status_changed"}
    assert "明天寄出" in whole
    for secret in ("SECRET", "运输途中挤压", "carrier", "外箱破损", agent.username, agent.first_name):
        assert secret not in whole


def test_events_come_in_pages_without_gap_or_double(program: Any, case: Any) -> None:
    one = case("closed")
    whole = program.get(f"/complaints/{one.number}/events").json()["items"]
    pages, cursor = [], ""
    while cursor is not None:
        page = program.get(
            f"/complaints/{one.number}/events", {"limit": 2, "cursor": cursor} if cursor else {"limit": 2}
        )
        pages += page.json()["items"]
        cursor = page.json()["next"]

    assert pages == whole
    assert len(whole) > 4


def test_issue_types_are_listed_with_their_codes(program: Any) -> None:
    items = program.get("/issue-types").json()["items"]
    assert "LOGI-03" in [item["code"] for item in items]


def test_an_unknown_issue_type_is_refused_and_nothing_is_stored(program: Any) -> None:
    answer = program.post("/complaints", FULL | {"issue_type": "NOPE"})

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "issue_type"
    assert not Customer.objects.exists()


def test_what_a_clerk_has_called_or_written_down_is_not_told(program: Any, case: Any, agent: Any, now: Any) -> None:
    registered = case("new")
    conversation.receive(registered.pk, "客户说话很难听", channel="phone", actor=agent, now=now)

    one = program.get(f"/complaints/{registered.number}").json()
    events = program.get(f"/complaints/{registered.number}/events").content.decode()

    assert one["title"] == ""
    assert "客户说话很难听" not in events
    assert registered.title not in events


def test_what_a_program_has_sent_itself_is_told_as_it_was(program: Any) -> None:
    number = program.post("/complaints", FULL).json()["number"]
    assert program.get(f"/complaints/{number}").json()["title"] == "杯子到手就碎了"
    program.post(f"/complaints/{number}/contacts", {"text": "怎么还没人理"})
    assert "怎么还没人理" in program.get(f"/complaints/{number}/events").content.decode()


@pytest.mark.parametrize("phone", ["abc", "1234", "1" * 16])
def test_what_is_no_phone_number_is_refused_at_its_field(phone: str, program: Any) -> None:
    answer = program.post("/complaints", {"text": "坏了", "person": {"phone": phone}})
    assert (answer.status_code, [one["field"] for one in answer.json()["errors"]]) == (422, ["person.phone"])
    assert not Complaint.objects.exists()


@pytest.mark.parametrize("phone", ["", " ", "+86 138-0000-1234", "１３８００００１２３４", "12345"])
def test_a_phone_number_may_be_written_in_every_way(phone: str, program: Any) -> None:
    assert program.post("/complaints", {"text": "坏了", "person": {"phone": phone}}).status_code == 201
