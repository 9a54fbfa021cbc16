"""The quick form over HTTP: looked up, picked, joined; what was typed is carried along, and nobody is named in full."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from complaints.lifecycle import REOPEN_WITHIN
from complaints.models import Complaint, Contact, Customer, Order, RegistrationDraft, Shop
from complaints.operations import drafts
from complaints.tasks import mend
from tests.complaints.admin.situations import page_of
from tests.factories.complaints import NOW, CustomerFactory, OrderFactory, ShopFactory, current, registered

pytestmark = pytest.mark.usefixtures("frozen")

REGISTER = reverse("admin:complaints_complaint_add")
LOOK_UP = reverse("admin:complaints_complaint_look_up")
NEAR = reverse("admin:complaints_complaint_near")
DRAFT = reverse("admin:complaints_complaint_draft")
PHONE = "13912345678"
PAGE_BUDGET, PART_BUDGET = 34, 24


@pytest.fixture
def client(agent: Any, client_for: Callable[[Any], Client]) -> Client:
    return client_for(agent)


@pytest.fixture
def order(shop: Shop) -> Order:
    return OrderFactory(shop=shop, customer=CustomerFactory(phone=PHONE, name="王雨晴"), status="已签收")


def join_url(complaint: Complaint) -> str:
    return reverse("admin:complaints_complaint_join", args=[complaint.pk])


def typed(shop: Shop, **values: Any) -> dict[str, Any]:
    usual = {
        "shop": shop.pk, "channel": "phone", "severity": "S2", "title": "桌面划痕", "description": "收到就有两道划痕",
        "demand": "换一张", "token": str(uuid4()),
    }  # fmt: skip
    return usual | values


def value_of(page: str, name: str) -> str:
    """What stands in an input of the form."""
    form = page[page.index('<form class="register"') : page.index('id="discard"')]
    (tag,) = re.findall(rf'<input[^>]*name="{name}"[^>]*>', form)
    found = re.search(r'value="([^"]*)"', tag)
    return found[1] if found else ""


# ---------------------------------------------------------------- looking up


def test_the_list_names_orders_and_complaints_and_nobody(
    client: Client, order: Order, case: Callable[..., Any]
) -> None:
    still_open, over = case("new", order=order), case("withdrawn", order=order)
    page = client.post(LOOK_UP, {"q": "5678"}).content.decode()
    for text in (order.number, "胡桃木书桌", "已签收", still_open.number, over.number, "王**", "139****5678"):
        assert text in page, text
    assert page.index(join_url(still_open)) < page.index(f"order:{order.pk}") < page.index(f"earlier:{over.pk}")
    customer = order.customer
    assert [fact for fact in (PHONE, customer.name, customer.email, customer.buyer) if fact in page] == []


def test_only_those_who_register_look_up(
    order: Order, staff: dict[str, Any], client_for: Callable[[Any], Client]
) -> None:
    for role, person in staff.items():
        expected = 200 if role in ("agent", "team_lead", "supervisor", "shop_manager") else 403
        sent = client_for(person)
        for address in (LOOK_UP, NEAR):
            assert sent.post(address, {"q": "5678"}).status_code == expected, role
        assert sent.get(LOOK_UP).status_code == 405
        assert sent.post(DRAFT, {}).status_code == (204 if expected == 200 else 403)


def test_the_text_becomes_a_fact_where_nothing_is_found(client: Client, shop: Shop) -> None:
    assert "use:phone" in client.post(LOOK_UP, {"q": "13700001111"}).content.decode()
    page = client.post(REGISTER, typed(shop, q="13700001111", pick="use:phone")).content.decode()
    assert (value_of(page, "phone"), value_of(page, "q")) == ("13700001111", "")
    for text, fact in (("a@b.example", "email"), ("tb_zhang", "buyer"), ("6912576842106333031", "order_number")):
        assert f"use:{fact}" in client.post(LOOK_UP, {"q": text}).content.decode()


def test_an_order_that_is_picked_fills_shop_number_and_customer(client: Client, order: Order, agent: Any) -> None:
    other = ShopFactory()
    other.members.add(agent)
    sent = typed(other, pick=f"order:{order.pk}", q="5678", no_order_reason="还没查到", phone="")
    answer = client.post(REGISTER, sent)
    page = answer.content.decode()
    assert value_of(page, "order_number") == order.number
    assert value_of(page, "no_order_reason") == ""
    assert f'<option value="{order.shop_id}" selected' in page
    assert answer.context["known"] == order.customer
    for kept in ("桌面划痕", "收到就有两道划痕", "换一张", sent["token"]):
        assert kept in page
    assert Complaint.objects.count() == 0


def test_an_order_or_complaint_of_another_shop_cannot_be_picked(client: Client, order: Order, agent: Any) -> None:
    theirs = OrderFactory()
    complaint = registered(theirs.shop, actor=agent, order=theirs)
    for pick in (f"order:{theirs.pk}", f"earlier:{complaint.pk}", "order:x", "use:shop", "order:" + "9" * 40):
        page = client.post(REGISTER, typed(order.shop, pick=pick, q="1")).content.decode()
        assert theirs.number not in page
        assert value_of(page, "order_number") == ""
    assert client.post(join_url(complaint), typed(order.shop)).status_code == 404


def test_an_ended_complaint_that_is_picked_is_followed_by_the_new_one(
    client: Client, case: Callable[..., Any], shop: Shop
) -> None:
    long_ago = NOW - timedelta(days=100)
    person = CustomerFactory(phone=PHONE)
    ended = case("withdrawn", order=OrderFactory(shop=shop, customer=person), now=long_ago)
    page = client.post(REGISTER, typed(shop, pick=f"earlier:{ended.pk}")).content.decode()
    assert value_of(page, "previous") == str(ended.pk)
    sent = typed(shop, previous=ended.pk, order_number="", no_order_reason="客户说不清")
    assert client.post(REGISTER, sent).status_code == 302
    new = Complaint.objects.latest("pk")
    assert (new.previous, new.customer) == (ended, person)


def test_the_page_and_its_parts_take_the_same_few_queries(
    client: Client, order: Order, case: Callable[..., Any], shop: Shop
) -> None:
    def taken() -> dict[str, int]:
        form = typed(shop, order_number=order.number, q="5678")
        asked = {
            "page": lambda: client.post(REGISTER, form | {"look": "1"}),
            "list": lambda: client.post(LOOK_UP, {"q": "5678"}),
            "near": lambda: client.post(NEAR, form),
            "case": lambda: client.get(reverse("admin:complaints_complaint_near_case", args=[complaint.pk])),
        }
        counted = {}
        for name, ask in asked.items():
            with CaptureQueriesContext(connection) as captured:
                assert ask().status_code == 200
            counted[name] = len(captured)
        return counted

    complaint, _other = case("new", order=order), case("new", order=OrderFactory(shop=shop))
    case("withdrawn", order=order)
    taken()
    few = taken()
    for n in range(8):
        customer = CustomerFactory(phone=f"1380{n:03d}5678")
        case("new", order=OrderFactory(shop=shop, customer=customer))
        case("new", order=OrderFactory(shop=shop, customer=order.customer))
        client.post(DRAFT, typed(shop))
    assert taken() == few
    assert few.pop("page") <= PAGE_BUDGET
    assert max(few.values()) <= PART_BUDGET


# ---------------------------------------------------------------- near matches


def test_near_matches_are_named_with_their_reasons(client: Client, order: Order, case: Callable[..., Any]) -> None:
    complaint = case("new", order=order)
    page = client.post(NEAR, typed(order.shop, order_number=order.number)).content.decode()
    assert "is-exact" in page
    assert join_url(complaint) in page
    by_phone = client.post(NEAR, typed(order.shop, phone=PHONE)).content.decode()
    assert complaint.number in by_phone
    assert "is-exact" not in by_phone


def test_the_case_page_leads_to_merging_what_may_be_the_same(
    case: Callable[..., Any], order: Order, client: Client, user_with: Callable[..., Any], client_for: Any
) -> None:
    complaint, other = case("new", order=order), case("new", order=order)
    address = reverse("admin:complaints_complaint_near_case", args=[complaint.pk])
    assert f'hx-get="{address}"' in client.get(page_of(complaint)).content.decode()
    merge = page_of(complaint, "merge") + f"?target={other.pk}"
    assert merge not in client.get(address).content.decode()
    lead = client_for(user_with("team_lead"))
    assert merge in lead.get(address).content.decode()
    assert f'name="target" value="{other.pk}"' in lead.get(merge).content.decode()


# ---------------------------------------------------------------- joining


def test_joining_carries_what_was_typed_and_adds_it_once(
    client: Client, order: Order, case: Callable[..., Any]
) -> None:
    complaint = case("accepted", order=order)
    sent = typed(order.shop, phone="13700001111")
    page = client.post(join_url(complaint), sent).content.decode()
    for carried in ("桌面划痕\n收到就有两道划痕", "换一张", "13700001111", sent["token"]):
        assert carried in page
    assert f"?draft={sent['token']}" in page
    assert RegistrationDraft.objects.count() == 1
    form = {"record": "1", "text": "还是没人联系我", "channel": "phone", "token": sent["token"]}
    for _twice in range(2):
        answer = client.post(join_url(complaint), form)
        assert answer["Location"].startswith(page_of(complaint))
    heard = Contact.objects.get(complaint=complaint, body="还是没人联系我")
    assert (heard.direction, heard.channel) == ("in", "phone")
    assert complaint.events.filter(kind="heard", data__contact=heard.pk).count() == 1
    assert RegistrationDraft.objects.count() == 0


def test_joining_fills_in_what_was_unknown_of_the_customer_and_changes_nothing(
    client: Client, case: Callable[..., Any], shop: Shop
) -> None:
    customer = CustomerFactory(phone=PHONE, email="")
    complaint = case("new", order=OrderFactory(shop=shop, customer=customer))
    form = {"record": "1", "text": "补充邮箱", "channel": "phone", "token": str(uuid4())}
    answer = client.post(join_url(complaint), form | {"phone": "13700001111", "email": "new@mail.example"}, follow=True)
    customer.refresh_from_db()
    assert (customer.phone, customer.email) == (PHONE, "new@mail.example")
    assert "电话" in str([str(message) for message in answer.context["messages"]][-1])
    nobody = case("new", order=None, no_order_reason="售前")
    client.post(join_url(nobody), form | {"token": str(uuid4()), "phone": "13700002222"})
    assert current(nobody).customer == Customer.objects.get(phone_tail_hash=_tail("2222"))


def _tail(digits: str) -> str:
    return Customer.objects.with_phone_tail(digits).values_list("phone_tail_hash", flat=True)[0]


def test_a_closed_complaint_asks_to_be_reopened_and_an_older_one_takes_nothing(
    client: Client, case: Callable[..., Any]
) -> None:
    recent, old = case("closed"), case("closed", now=NOW - REOPEN_WITHIN - timedelta(days=1))
    form = {"record": "1", "text": "又裂了", "channel": "phone"}
    assert client.post(join_url(recent), form | {"token": str(uuid4())}).status_code == 302
    assert current(recent).reopen_asked_at == NOW
    refused = client.post(join_url(old), form | {"token": str(uuid4())})
    assert refused.status_code == 422
    assert "又裂了" in refused.content.decode()
    assert not Contact.objects.filter(complaint=old, body="又裂了").exists()


def test_what_is_added_to_a_merged_complaint_goes_to_the_surviving_one(
    client: Client, case: Callable[..., Any]
) -> None:
    merged = case("merged")
    form = {"record": "1", "text": "有结果了吗", "channel": "phone", "token": str(uuid4())}
    answer = client.post(join_url(merged), form)
    assert answer["Location"].startswith(page_of(merged.merged_into))


# ---------------------------------------------------------------- another complaint is open about the matter


def test_the_same_person_with_the_same_issue_is_shown_the_rival_and_may_go_on(
    client: Client, case: Callable[..., Any], shop: Shop
) -> None:
    rival = case("new", order=OrderFactory(shop=shop, customer=CustomerFactory(phone=PHONE)))
    sent = typed(shop, phone=PHONE, issue_type=rival.issue_type_id, no_order_reason="没有单号")
    answer = client.post(REGISTER, sent)
    page = answer.content.decode()
    assert (answer.status_code, answer.context["rival"]) == (422, rival)
    assert join_url(rival) in page
    for kept in ("桌面划痕", "收到就有两道划痕", "换一张", PHONE, "没有单号"):
        assert kept in page
    assert client.post(REGISTER, sent | {"separate": "on"}).status_code == 302
    assert Complaint.objects.count() == 2


# ---------------------------------------------------------------- drafts


def test_a_draft_comes_back_whole_and_goes_with_registering(client: Client, shop: Shop, agent: Any) -> None:
    sent = typed(shop, phone=PHONE, no_order_reason="售前", assign_me="on")
    assert "10:00" in client.post(DRAFT, sent).content.decode()
    draft = RegistrationDraft.objects.get()
    with connection.cursor() as cursor:
        cursor.execute("SELECT typed FROM complaints_registrationdraft")
        assert PHONE not in cursor.fetchone()[0]
    listed = client.get(REGISTER).content.decode()
    assert f"?draft={sent['token']}" in listed
    assert PHONE not in listed
    page = client.get(REGISTER, {"draft": sent["token"]}).content.decode()
    assert (value_of(page, "phone"), value_of(page, "token")) == (PHONE, str(draft.token))
    assert "收到就有两道划痕" in page
    assert client.post(REGISTER, sent).status_code == 302
    assert RegistrationDraft.objects.count() == 0


def test_nobody_sees_or_discards_the_draft_of_somebody_else(
    client: Client, shop: Shop, user_with: Callable[..., Any], client_for: Callable[[Any], Client]
) -> None:
    sent = typed(shop, phone=PHONE)
    client.post(DRAFT, sent)
    other = client_for(user_with("supervisor"))
    page = other.get(REGISTER, {"draft": sent["token"]}).content.decode()
    assert (PHONE in page, "桌面划痕" in page) == (False, False)
    discard = reverse("admin:complaints_complaint_draft_discard")
    other.post(discard, sent)
    assert RegistrationDraft.objects.count() == 1
    assert client.post(discard, sent).status_code == 302
    assert RegistrationDraft.objects.count() == 0


def test_a_form_in_which_nothing_was_written_is_no_draft(client: Client, shop: Shop) -> None:
    empty = typed(shop, title="", description="", demand="", assign_me="on")
    client.post(DRAFT, typed(shop) | {"token": empty["token"]})
    assert client.post(DRAFT, empty).status_code == 204
    assert client.post(DRAFT, typed(shop, token="x")).status_code == 204
    assert RegistrationDraft.objects.count() == 0


def test_drafts_are_few_and_go_after_a_week(client: Client, shop: Shop, agent: Any, now: Any) -> None:
    for n in range(drafts.MOST + 2):
        drafts.keep(agent, uuid4(), {"title": f"第 {n} 份"}, now=now - drafts.KEPT + timedelta(minutes=n))
    kept = drafts.drafts_of(agent, now=now)
    assert [draft.typed["title"] for draft in kept] == [f"第 {n} 份" for n in range(drafts.MOST + 1, 1, -1)]
    RegistrationDraft.objects.filter(token=kept[0].token).update(saved_at=now - drafts.KEPT)
    mend()
    assert drafts.drafts_of(agent, now=now) == kept[1:]
    assert RegistrationDraft.objects.count() == drafts.MOST - 1


def test_nobody_takes_what_is_said_about_them(client: Client, shop: Shop, agent: Any) -> None:
    answer = client.post(REGISTER, typed(shop, phone=PHONE, no_order_reason="售前", assign_me="on", accused=agent.pk))
    assert answer.status_code == 422
    assert "assign_me" in answer.context["form"].errors
    assert not Complaint.objects.exists()
