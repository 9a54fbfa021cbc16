"""A case says what the listing of its product leaves open and that a confirmation is missing; staff record one."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from complaints.models import Complaint, ConfirmationRecord, OrderLine, Shop
from complaints.models.customer import Fact, fingerprint
from complaints.roles import ROLES
from knowledge.models import ConfirmationText
from knowledge.operations import confirmation_texts
from tests.complaints.admin.situations import page_of
from tests.factories.complaints import NOW, complaint_in
from tests.factories.listings import POOR, WHOLE, ConfirmationFactory, ProductFactory, checked

pytestmark = pytest.mark.usefixtures("frozen")

ADD, LIST = (f"admin:complaints_confirmationrecord_{name}" for name in ("add", "changelist"))
TEXTS = "admin:knowledge_confirmationtext_add"
WARNING = "没有买家下单前的确认记录"
RECORDING = {"agent", "team_lead", "supervisor", "shop_manager", "knowledge_manager"}
TITLE = "刻字保温杯"


@pytest.fixture
def client(agent: Any, client_for: Callable[[Any], Client]) -> Client:
    return client_for(agent)


@pytest.fixture
def complaint(case: Callable[..., Any]) -> Complaint:
    """About an order of a product that is known by its title alone, placed the day before."""
    one = case("verifying")
    OrderLine.objects.filter(order=one.order).update(title=TITLE, product_id="")
    one.order.placed_at = NOW - timedelta(days=1)
    one.order.save()
    return one


def page(client: Client, complaint: Complaint) -> Any:
    return client.get(reverse("admin:complaints_complaint_change", args=[complaint.pk]))


def unconfirmed(client: Client, complaint: Complaint) -> list[bool]:
    return [one.unconfirmed for one in page(client, complaint).context["concerns"]]


# ---------------------------------------------------------------- the case


def test_a_case_shows_what_the_listing_of_its_product_leaves_open(
    client: Client, complaint: Complaint, shop: Shop
) -> None:
    product = checked(shop, title=TITLE, text=POOR)
    shown = page(client, complaint).content.decode()
    assert "使用说明" in shown
    assert reverse("admin:complaints_product_change", args=[product.pk]) in shown


def test_a_case_about_a_whole_listing_or_an_unknown_product_says_nothing(
    client: Client, complaint: Complaint, shop: Shop
) -> None:
    assert unconfirmed(client, complaint) == []
    checked(shop, title=TITLE, text=WHOLE)
    ProductFactory(title=TITLE)
    assert unconfirmed(client, complaint) == []


@pytest.mark.parametrize("why", ["prone", "made_to_order"])
def test_a_case_on_a_product_that_asks_for_confirmation_warns_without_one(
    why: str, client: Client, complaint: Complaint, shop: Shop
) -> None:
    product = ProductFactory(shop=shop, title=TITLE, unnumbered=True, **{why: True})
    assert unconfirmed(client, complaint) == [True]
    ConfirmationFactory(product=product, order_number=complaint.order.number, confirmed_at=NOW - timedelta(days=2))
    assert unconfirmed(client, complaint) == []


def test_only_a_confirmation_before_the_order_counts(client: Client, complaint: Complaint, shop: Shop) -> None:
    product = ProductFactory(shop=shop, title=TITLE, unnumbered=True, prone=True)
    number = complaint.order.number
    ConfirmationFactory(product=product, order_number=number, confirmed_at=NOW)
    assert unconfirmed(client, complaint) == [True]
    complaint.order.placed_at = None
    complaint.order.save()
    assert unconfirmed(client, complaint) == []


def test_the_buyer_may_have_confirmed_before_there_was_an_order(
    client: Client, complaint: Complaint, shop: Shop
) -> None:
    product = ProductFactory(shop=shop, title=TITLE, unnumbered=True, prone=True)
    buyer = fingerprint(Fact.BUYER, complaint.customer.buyer)
    ConfirmationFactory(product=product, order_number="", buyer_hash=buyer, confirmed_at=complaint.order.placed_at)
    assert unconfirmed(client, complaint) == []
    assert complaint.order.customer_id == complaint.customer_id


def test_nothing_is_blocked_by_the_warning(client: Client, complaint: Complaint, shop: Shop) -> None:
    ProductFactory(shop=shop, title=TITLE, unnumbered=True, prone=True)
    answer = page(client, complaint)
    assert WARNING in answer.content.decode() or "No confirmation by the buyer" in answer.content.decode()
    assert client.get(page_of(complaint, "conclude_verification")).status_code == 200


def test_the_case_page_takes_no_query_more_with_much_to_say(client: Client, complaint: Complaint, shop: Shop) -> None:
    def taken() -> int:
        with CaptureQueriesContext(connection) as captured:
            page(client, complaint)
        return len(captured)

    taken()
    before = taken()
    product = checked(shop, title=TITLE, text=POOR, kind="made_to_order")
    ConfirmationFactory(product=product, order_number="1")
    for position in range(2, 6):
        title = f"{TITLE}{position}"
        OrderLine.objects.create(order=complaint.order, position=position, title=title)
        checked(shop, title=title, text=POOR, kind="made_to_order")
    assert taken() == before


# ---------------------------------------------------------------- the record


def typed(seller: Shop, **values: Any) -> dict[str, Any]:
    return {
        "shop": seller.pk, "channel": "phone", "order": "2026112212345", "product": TITLE,
        "text": ConfirmationText.objects.get(code="MADE-TO-ORDER").pk, "confirmed_at": "2026-11-19T10:00",
    } | values  # fmt: skip


@pytest.mark.parametrize("role", ROLES)
def test_each_role_records_exactly_if_it_may(
    role: str, shop: Shop, user_with: Callable[..., Any], client_for: Callable[[Any], Client]
) -> None:
    client = client_for(user_with(role))
    able = role in RECORDING
    assert client.get(reverse(ADD)).status_code == (200 if able else 403)
    assert client.post(reverse(ADD), typed(shop)).status_code == (302 if able else 403)
    assert ConfirmationRecord.objects.count() == able
    assert client.get(reverse(LIST)).status_code == (403 if role == "department" else 200)
    assert client.get(reverse(TEXTS)).status_code == (200 if role in {"shop_manager", "knowledge_manager"} else 403)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"order": ""}, "order"),
        ({"product": ""}, "product"),
        ({"confirmed_at": "2026-11-21T10:00"}, "confirmed_at"),
        ({"confirmed_at": ""}, "confirmed_at"),
        ({"text": "9" * 30}, "text"),
        ({"shop": "9" * 30}, "shop"),
    ],
)
def test_a_mistake_is_said_at_its_field_and_what_was_typed_stays(
    values: Any, field: str, client: Client, shop: Shop
) -> None:
    answer = client.post(reverse(ADD), typed(shop) | values)
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert not ConfirmationRecord.objects.exists()


@pytest.mark.parametrize(("days", "told"), [(1, ["warning"]), (-1, []), (None, [])])
def test_one_after_the_order_is_kept_with_a_word_of_warning(
    days: int | None, told: list[str], client: Client, complaint: Complaint, shop: Shop
) -> None:
    """The order was placed on the nineteenth; and nothing is said where nobody knows when."""
    complaint.order.placed_at = None if days is None else complaint.order.placed_at
    complaint.order.save()
    when = (NOW - timedelta(days=1, hours=-days if days else 0)).astimezone(ZoneInfo("Asia/Shanghai"))
    values = {"order": complaint.order.number, "confirmed_at": when.strftime("%Y-%m-%dT%H:%M")}
    answer = client.post(reverse(ADD), typed(shop, **values), follow=True)
    said = [one.level_tag for one in answer.context["messages"]]
    assert said == ["success", *told]
    assert ConfirmationRecord.objects.count() == 1


def test_a_product_that_the_order_has_not_is_kept_with_a_word_of_warning_beside_others(
    client: Client, complaint: Complaint, shop: Shop
) -> None:
    given = typed(shop, order=complaint.order.number, product="别的", confirmed_at="2026-11-20T10:00")
    answer = client.post(reverse(ADD), given, follow=True)
    assert [one.level_tag for one in answer.context["messages"]] == ["success", "warning", "warning"]
    assert ConfirmationRecord.objects.count() == 1


def test_a_version_from_after_the_confirmation_is_refused_at_the_text(client: Client, shop: Shop) -> None:
    words = {"code": "OWN", "name": "定制", "text": "请确认", "text_en": ""}
    new = confirmation_texts.publish(**words, seen=confirmation_texts.mark(), actor=None, now=NOW)
    answer = client.post(reverse(ADD), typed(shop, text=new.pk))
    form = answer.context["form"]
    assert (answer.status_code, list(form.errors), form["product"].value()) == (422, ["text"], TITLE)
    assert not ConfirmationRecord.objects.exists()
    assert client.post(reverse(ADD), typed(shop, text=new.pk, confirmed_at="2026-11-20T10:00")).status_code == 302


def test_a_record_of_another_shop_is_neither_made_nor_seen(client: Client, shop: Shop) -> None:
    theirs = ConfirmationFactory(order_number="9988776655")
    assert client.post(reverse(ADD), typed(theirs.shop)).status_code == 422
    assert "9988776655" not in client.get(reverse(LIST)).content.decode()
    address = reverse("admin:complaints_confirmationrecord_change", args=[theirs.pk])
    assert client.get(address).status_code == 302
    assert ConfirmationRecord.objects.count() == 1


def test_a_case_begins_the_record_with_what_it_knows(client: Client, shop: Shop) -> None:
    form = client.get(reverse(ADD), {"shop": shop.pk, "order": "12", "product": TITLE}).context["form"]
    assert [form[name].value() for name in ("shop", "order", "product")] == [str(shop.pk), "12", TITLE]


def test_who_was_overtaken_while_writing_a_text_is_told_and_can_save_again(
    user_with: Callable[..., Any], client_for: Callable[[Any], Client], shop: Shop
) -> None:
    first, second = (client_for(user_with("knowledge_manager")) for _ in range(2))
    seen = first.get(reverse(TEXTS)).context["adminform"].form["seen"].value()
    words = {"code": "MADE-TO-ORDER", "name": "定制", "text_en": "", "seen": seen}
    assert second.post(reverse(TEXTS), words | {"text": "别人的"}).status_code == 302
    mine = words | {"text": "请您核对尺寸"}
    refused = first.post(reverse(TEXTS), mine)
    form = refused.context["adminform"].form
    assert (refused.status_code, list(form.errors)) == (422, ["text"])
    assert form["text"].value() == "请您核对尺寸"
    assert first.post(reverse(TEXTS), mine | {"seen": form["seen"].value()}).status_code == 302
    told = ConfirmationText.objects.filter(code="MADE-TO-ORDER", number__gt=1).order_by("number")
    assert list(told.values_list("text", flat=True)) == ["别人的", "请您核对尺寸"]


@pytest.mark.parametrize("field", ["text", "text_en"])
@pytest.mark.parametrize("words", ["本店拥有最终解释权", "请在{deadline}前确认"])
def test_words_that_no_customer_may_read_are_refused_at_their_field_and_stay_in_the_form(
    field: str, words: str, user_with: Callable[..., Any], client_for: Callable[[Any], Client], shop: Shop
) -> None:
    manager = client_for(user_with("knowledge_manager"))
    seen = manager.get(reverse(TEXTS)).context["adminform"].form["seen"].value()
    given = {"code": "OWN", "name": "自用", "text": "请确认", "text_en": "Confirm", "seen": seen} | {field: words}
    refused = manager.post(reverse(TEXTS), given)
    form = refused.context["adminform"].form
    assert (refused.status_code, list(form.errors)) == (422, [field])
    assert (form[field].value(), form["seen"].value()) == (words, str(seen))
    assert not ConfirmationText.objects.filter(code="OWN").exists()
    assert manager.post(reverse(TEXTS), given | {field: "请确认"}).status_code == 302


def test_a_text_is_published_as_the_next_version_and_stays_as_it_is(
    user_with: Callable[..., Any], client_for: Callable[[Any], Client], shop: Shop
) -> None:
    manager = client_for(user_with("knowledge_manager"))
    old = ConfirmationText.objects.get(code="MADE-TO-ORDER")
    words = {"code": old.code, "name": old.name, "text": old.text, "text_en": old.text_en}
    assert manager.post(reverse(TEXTS), words).status_code == 422
    assert ConfirmationText.objects.filter(code=old.code).count() == 1
    seen = manager.get(reverse(TEXTS)).context["adminform"].form["seen"].value()
    assert manager.post(reverse(TEXTS), words | {"text": "新的\r\n文本", "seen": seen}).status_code == 302
    new = ConfirmationText.objects.get(code=old.code, number=2)
    assert (new.text, new.author.groups.get().name) == ("新的\n文本", "knowledge_manager")
    address = reverse("admin:knowledge_confirmationtext_change", args=[old.pk])
    assert manager.get(address).status_code == 200
    assert manager.post(address, words | {"text": "改写"}).status_code == 403


def test_the_case_of_another_shop_stays_unknown(shop: Shop, user_with: Any, client_for: Any) -> None:
    theirs = Shop.objects.create(code="jd", name="京东店", platform="jd")
    one = complaint_in("verifying", theirs, actor=user_with("agent", shops=[theirs]), now=NOW)
    assert page(client_for(user_with("agent")), one).status_code != 200
