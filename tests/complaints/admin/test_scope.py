"""What belongs to another shop is never shown: by list, search, filter, look-up, record, form or file."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from complaints.models import Complaint, Shop
from complaints.operations import conversation
from complaints.queries.worklist import TABS
from tests.complaints.admin.situations import page_of, send
from tests.factories.auth import StaffFactory
from tests.factories.complaints import NOW, AlertFactory, OrderFactory, OutboxMessageFactory, complaint_in

pytestmark = pytest.mark.usefixtures("frozen")

LIST = reverse("admin:complaints_complaint_changelist")


@dataclass
class Theirs:
    """Another shop with complaints in every part of the list, about a customer who buys in both shops."""

    shop: Shop
    person: Any
    cases: list[Complaint]

    @property
    def marks(self) -> list[str]:
        """Texts that a page shows of these complaints and of nothing else."""
        return [case.number for case in self.cases] + [case.title for case in self.cases]


@pytest.fixture
def own(case: Callable[..., Any]) -> Complaint:
    return case("verifying", title="自家的投诉")


@pytest.fixture
def theirs(own: Complaint) -> Theirs:
    shop = Shop.objects.create(code="jd", name="别家京东店", platform="taobao")
    person = StaffFactory(role="agent", shops=[shop])
    states = ("new", "verifying", "executing", "awaiting_followup", "closed", "withdrawn")
    cases = [
        complaint_in(
            state, shop, actor=person, order=OrderFactory(shop=shop, customer=own.customer), title=f"别家{state}"
        )
        for state in states
    ]
    Complaint.objects.filter(pk=cases[0].pk).update(assignee=None, next_due_at=NOW)
    return Theirs(shop, person, cases)


def shown(client: Client, address: str, theirs: Theirs, **extra: Any) -> list[str]:
    """What of theirs stands in the answer."""
    answer = client.get(address, **extra)
    assert answer.status_code in (200, 302), address
    text = answer.content.decode()
    return [mark for mark in [*theirs.marks, theirs.shop.name] if mark in text]


def everything_of(case: Complaint) -> list[str]:
    """What a clerk may type to find this complaint."""
    customer, order = case.customer, case.order
    return [case.number, case.number[:9], order.number, customer.name, customer.phone, customer.email, customer.buyer]


def test_no_tab_of_the_list_shows_them(theirs: Theirs, agent: Any, client_for: Callable[[Any], Client]) -> None:
    client = client_for(agent)
    for tab in TABS:
        for narrowed in ("", f"&shop={theirs.shop.pk}", "&stage=executing&priority=P3"):
            assert shown(client, f"{LIST}?tab={tab}{narrowed}", theirs) == [], (tab, narrowed)


def test_the_control_shows_them_to_their_own_people(theirs: Theirs, client_for: Callable[[Any], Client]) -> None:
    client = client_for(theirs.person)
    found = shown(client, f"{LIST}?tab=open", theirs) + shown(client, f"{LIST}?tab=ended", theirs)
    assert set(found) == {*theirs.marks, theirs.shop.name}


def test_the_tabs_count_none_of_them(theirs: Theirs, own: Complaint, agent: Any) -> None:
    from complaints.queries.worklist import counts

    assert counts(agent, now=NOW)["open"] == 1
    assert counts(theirs.person, now=NOW)["open"] == 4


def test_no_search_finds_them(theirs: Theirs, agent: Any, client_for: Callable[[Any], Client]) -> None:
    client = client_for(agent)
    for case in theirs.cases:
        for text in everything_of(case):
            answer = client.get(LIST, {"q": text})
            assert answer.status_code == 200
            assert case.title not in answer.content.decode(), text


def test_the_same_search_finds_the_own_complaint(theirs: Theirs, own: Complaint, agent: Any, client_for: Any) -> None:
    client = client_for(agent)
    for text in everything_of(own):
        assert own.title in client.get(LIST, {"q": text}).content.decode(), text


def test_the_case_page_names_only_own_earlier_complaints(
    theirs: Theirs, own: Complaint, agent: Any, client_for: Callable[[Any], Client], user_with: Callable[..., Any]
) -> None:
    assert shown(client_for(agent), page_of(own), theirs) == []
    assert theirs.cases[0].number in client_for(user_with("supervisor")).get(page_of(own)).content.decode()


def test_the_order_look_up_knows_only_own_orders(
    theirs: Theirs, own: Complaint, agent: Any, client_for: Callable[[Any], Client]
) -> None:
    client = client_for(agent)
    lookup = reverse("admin:complaints_complaint_order_lookup")
    for case in theirs.cases:
        for shop in ("", str(theirs.shop.pk), str(own.shop_id)):
            answer = client.get(lookup, {"order_number": case.order.number, "shop": shop})
            assert answer.status_code == 200
            assert "胡桃木书桌" not in answer.content.decode()
            assert theirs.shop.name not in answer.content.decode()
    assert "胡桃木书桌" in client.get(lookup, {"order_number": own.order.number}).content.decode()


def test_nobody_registers_for_their_shop_or_on_their_order(
    theirs: Theirs, own: Complaint, agent: Any, client_for: Callable[[Any], Client]
) -> None:
    client = client_for(agent)
    fields = {"title": "x", "channel": "phone", "severity": "S2", "priority": "P3"}
    before = Complaint.objects.count()
    for target in (
        {"shop": theirs.shop.pk},
        {"shop": own.shop_id, "order_number": theirs.cases[0].order.number},
        {"shop": own.shop_id, "accused": theirs.person.pk},
    ):
        assert client.post(reverse("admin:complaints_complaint_add"), fields | target).status_code == 422
    assert Complaint.objects.count() == before


def test_a_correction_takes_no_order_of_theirs(
    theirs: Theirs, own: Complaint, agent: Any, client_for: Callable[[Any], Client]
) -> None:
    from complaints.admin.signing import sign_version

    fields = {"title": own.title, "severity": "S2", "priority": "P3", "version": sign_version(own)}
    address = reverse("admin:complaints_complaint_edit", args=[own.pk])
    answer = client_for(agent).post(address, fields | {"order_number": theirs.cases[0].order.number})
    assert answer.status_code == 422
    assert Complaint.objects.get(pk=own.pk).order == own.order


def test_nothing_is_merged_into_theirs_nor_assigned_to_them(
    theirs: Theirs, own: Complaint, client_for: Callable[[Any], Client], user_with: Callable[..., Any]
) -> None:
    client = client_for(user_with("team_lead"))
    assert shown(client, page_of(own, "merge"), theirs) == []
    assert send(client, own, "merge", {"target": theirs.cases[1].pk, "reason": "x"}).status_code == 422
    assert theirs.person.first_name not in client.get(page_of(own, "assign")).content.decode()
    assert send(client, own, "assign", {"assignee": theirs.person.pk}).status_code == 422
    assert Complaint.objects.get(pk=own.pk).state == "verifying"


RECORDS = {
    "complaints_order": lambda case: case.order,
    "complaints_complaintevent": lambda case: case.events.first(),
    "followups_followup": lambda case: case.followups.first(),
}


def test_no_record_of_theirs_is_listed_or_opened(
    theirs: Theirs, own: Complaint, agent: Any, client_for: Callable[[Any], Client]
) -> None:
    client, their_client = client_for(agent), client_for(theirs.person)
    case = theirs.cases[3]
    for model, record_of in RECORDS.items():
        listed = reverse(f"admin:{model}_changelist")
        address = reverse(f"admin:{model}_change", args=[record_of(case).pk])
        for text in ("", case.number, case.order.number):
            answer = client.get(listed, {"q": text} if text else {})
            assert answer.status_code == 200
            assert address not in answer.content.decode()
        assert address in their_client.get(listed).content.decode()
        answer = client.get(address)
        assert answer.status_code == 302
        assert answer["Location"] == reverse("admin:index")


def test_a_customer_of_theirs_alone_is_unknown(theirs: Theirs, own: Complaint, agent: Any, client_for: Any) -> None:
    stranger = OrderFactory(shop=theirs.shop).customer
    client = client_for(agent)
    listed = reverse("admin:complaints_customer_changelist")
    for text in (stranger.phone, stranger.buyer, stranger.email):
        assert f"/{stranger.pk}/change/" not in client.get(listed, {"q": text}).content.decode()
    assert f"/{own.customer_id}/change/" in client.get(listed, {"q": own.customer.phone}).content.decode()
    assert client.get(reverse("admin:complaints_customer_change", args=[stranger.pk])).status_code == 302


def test_only_own_shops_are_listed(theirs: Theirs, agent: Any, client_for: Callable[[Any], Client]) -> None:
    assert shown(client_for(agent), reverse("admin:complaints_shop_changelist"), theirs) == []
    address = reverse("admin:complaints_shop_change", args=[theirs.shop.pk])
    assert client_for(agent).get(address).status_code == 302


def test_alerts_are_ones_own(theirs: Theirs, own: Complaint, agent: Any, client_for: Callable[[Any], Client]) -> None:
    mine = AlertFactory(recipient=agent, complaint=own)
    foreign = AlertFactory(recipient=theirs.person, complaint=theirs.cases[0])
    client, address = client_for(agent), reverse("admin:complaints_alert_changelist")
    assert shown(client, address, theirs) == []
    client.post(address, {"alert": [mine.pk, foreign.pk]})
    client.post(address, {"all": "1"})
    assert client.post(address, {"alert": ["9" * 40, "x", "-1"]}).status_code == 302
    mine.refresh_from_db()
    foreign.refresh_from_db()
    assert (mine.seen_at, foreign.seen_at) == (NOW, None)


def test_finance_sees_what_is_carried_out_and_nothing_else(
    theirs: Theirs, case: Callable[..., Any], client_for: Callable[[Any], Client], user_with: Callable[..., Any]
) -> None:
    client = client_for(user_with("finance"))
    seen = {case.state for case in theirs.cases if client.get(page_of(case)).status_code == 200}
    assert seen == {"executing"}


def test_messages_of_the_outbox_need_the_case(
    theirs: Theirs, own: Complaint, client_for: Callable[[Any], Client], user_with: Callable[..., Any]
) -> None:
    lead = user_with("team_lead")
    message = OutboxMessageFactory(complaint=theirs.cases[0])
    assert client_for(lead).get(reverse("admin:complaints_outboxmessage_changelist")).status_code == 403
    assert client_for(lead).get(reverse("admin:complaints_outboxmessage_change", args=[message.pk])).status_code != 200


def test_the_internal_side_stays_inside_the_texts_for_customers(own: Complaint, agent: Any) -> None:
    from complaints.queries.case import reply_facts

    conversation.note(own.pk, "仓库漏放护角", actor=agent, now=NOW)
    Complaint.objects.filter(pk=own.pk).update(root_cause="仓库漏放护角", evidence_waiver="快递已承认")
    facts = reply_facts(Complaint.objects.get(pk=own.pk), agent_name="员工", now=NOW, customer_name="")
    assert "护角" not in str(facts)
    assert "快递已承认" not in str(facts)


ODD = [
    "tab=nonsense", "shop=abc", "shop=99999", "stage=x", "priority=P9", "after=%00", "after=abc", "before=bm8=",
    "q=%00", "q=" + "x" * 5000, "q=%25_%27%22", "after=WyIwMDAxLTAxLTAxVDAwOjAwOjAwKzE0OjAwIiwgMV0=",
    "after=WyIyMDI2LTExLTIwVDAwOjAwOjAwKzAwOjAwIiwgOTk5OTk5OTk5OTk5OTk5OTk5OTk5XQ==",
    "after=WyI5OTk5LTEyLTMxVDIzOjU5OjU5LTE0OjAwIiwgMV0=", "after=W10=", "after=e30=", "after=MQ==",
    "after=WyIyMDI2LTExLTIwVDAwOjAwOjAwKzAwOjAwIiwgMWU0MDBd",
]  # fmt: skip


def test_an_odd_address_of_the_list_shows_the_list(own: Complaint, agent: Any, client_for: Any) -> None:
    client = client_for(agent)
    for asked in ODD:
        assert client.get(f"{LIST}?{asked}").status_code == 200, asked


def test_odd_numbers_look_up_no_order(own: Complaint, agent: Any, client_for: Callable[[Any], Client]) -> None:
    lookup = reverse("admin:complaints_complaint_order_lookup")
    for number in ("%00", "%20", "'", "x" * 5000):
        assert client_for(agent).get(f"{lookup}?order_number={number}&shop=%00").status_code == 200
    assert client_for(agent).get(f"{lookup}?order_number=1&shop={'9' * 40}").status_code == 200
    script = reverse("admin:complaints_complaint_script", args=[own.pk])
    assert client_for(agent).post(script, {"script": "x\0"}).status_code == 404
    for model in RECORDS:
        assert client_for(agent).get(reverse(f"admin:{model}_changelist") + "?q=%00").status_code in (200, 302)
