"""Listings in the admin: checked with marks while one writes, kept, mended, counted; each page within its budget."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from complaints.admin import product_pages
from complaints.models import ListingCheck, OpenFinding, OrderLine, Product, SettingChange, Shop
from complaints.roles import ROLES
from knowledge.models import ListingItem, PhraseRule
from tests.factories.complaints import NOW, ComplaintFactory, OrderFactory
from tests.factories.listings import POOR, WHOLE, ProductFactory, checked

pytestmark = pytest.mark.usefixtures("frozen")

LIST, CHECK = "admin:complaints_product_changelist", "admin:complaints_product_add"
REPORT, EXPORT, IMPORT = (f"admin:complaints_product_{name}" for name in ("report", "export", "import"))
CHECKING = {"knowledge_manager", "shop_manager"}
BLIND = {"department"}
LIST_BUDGET, PAGE_BUDGET, REPORT_BUDGET = 11, 12, 13


@pytest.fixture
def manager(user_with: Callable[..., Any], client_for: Callable[[Any], Client]) -> Client:
    return client_for(user_with("shop_manager"))


@pytest.fixture
def best(content: None, now: Any) -> PhraseRule:
    return PhraseRule.objects.create(
        code="X-BEST", category="absolute", level="block", scope="listing", patterns="天下无双", reason="绝对化用语",
        suggestion="写事实", updated_at=now,
    )  # fmt: skip


def page_of(product: Product) -> str:
    return reverse("admin:complaints_product_change", args=[product.pk])


def step_of(product: Product, step: str) -> str:
    return reverse("admin:complaints_product_do", args=[product.pk, step])


def typed(seller: Shop, **values: Any) -> dict[str, Any]:
    return {"shop": seller.pk, "kind": "normal", "product_id": "681", "title": "书桌", "text": POOR} | values


def complain(product: Product, number: int = 1, **values: Any) -> None:
    """So many complaints about orders of the product."""
    for _ in range(number):
        order = OrderFactory(shop=product.shop)
        OrderLine.objects.filter(order=order).update(product_id=product.product_id, title=product.title)
        ComplaintFactory(shop=product.shop, order=order, **values)


def queries(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


# ---------------------------------------------------------------- who may


@pytest.mark.parametrize("role", ROLES)
def test_each_role_does_exactly_what_it_may(
    role: str, shop: Shop, user_with: Callable[..., Any], client_for: Callable[[Any], Client]
) -> None:
    product, client = checked(shop), client_for(user_with(role))
    sees, able = role not in BLIND, role in CHECKING
    for name in (LIST, REPORT, EXPORT):
        assert client.get(reverse(name)).status_code == (200 if sees else 403), name
    assert client.get(page_of(product)).status_code == (200 if sees else 403)
    for name in (CHECK, IMPORT):
        assert client.get(reverse(name)).status_code == (200 if able else 403), name
    before = ListingCheck.objects.count(), SettingChange.objects.count()
    posted = [
        client.post(reverse(CHECK), typed(shop)),
        client.post(reverse(IMPORT), {"rows": "x"}),
        client.post(step_of(product, "prone")),
        client.post(step_of(product, "again")),
    ]
    if able:
        assert [answer.status_code for answer in posted] == [302, 422, 302, 302]
        assert (ListingCheck.objects.count(), SettingChange.objects.count()) == (before[0] + 1, before[1] + 1)
    else:
        assert [answer.status_code for answer in posted] == [403] * 4
        assert (ListingCheck.objects.count(), SettingChange.objects.count()) == before


def test_products_of_another_shop_are_as_unknown_as_none(
    user_with: Callable[..., Any], client_for: Callable[[Any], Client], shop: Shop
) -> None:
    theirs = checked(Shop.objects.create(code="jd", name="京东店", platform="jd"), title="别家的桌")
    client = client_for(user_with("knowledge_manager"))
    assert client.get(page_of(theirs)).status_code == 404
    for step in ("again", "prone"):
        assert client.post(step_of(theirs, step)).status_code == 404
    for address in (reverse(LIST), reverse(REPORT), f"{reverse(CHECK)}?product={theirs.pk}"):
        assert "别家的桌" not in client.get(address).content.decode()
    refused = client.post(reverse(CHECK), typed(theirs.shop))
    assert refused.status_code == 422
    assert "shop" in refused.context["form"].errors


def test_a_step_is_taken_by_post_alone(manager: Client, shop: Shop) -> None:
    product = checked(shop)
    assert manager.get(step_of(product, "prone")).status_code == 405
    assert manager.post(step_of(product, "delete")).status_code == 404
    assert manager.post(page_of(product)).status_code == 405


# ---------------------------------------------------------------- a text


def test_a_listing_is_checked_and_shown_with_what_to_mend(manager: Client, shop: Shop, best: PhraseRule) -> None:
    answer = manager.post(reverse(CHECK), typed(shop, title="天下无双的桌", text="<b>规格</b>：1\r\n件"), follow=True)
    product = Product.objects.get()
    assert answer.redirect_chain == [(page_of(product), 302)]
    shown = answer.content.decode()
    assert '<mark class="mark-block" title="绝对化用语">天下无双</mark>' in shown
    assert "&lt;b&gt;规格&lt;/b&gt;：1\n件" in shown
    assert ListingItem.objects.get(code="MATERIAL").mend in shown


def test_a_look_keeps_nothing(manager: Client, shop: Shop, best: PhraseRule) -> None:
    answer = manager.post(reverse(CHECK), typed(shop, shop="", title="天下无双", preview="1"))
    assert answer.status_code == 200
    assert '<mark class="mark-block"' in answer.content.decode()
    assert answer.context["preview"].score == 100 - 10 - 4 * 15
    assert not Product.objects.exists()
    assert "preview" not in manager.post(reverse(CHECK), {"preview": "1"}).context["form"].errors


@pytest.mark.parametrize("values", [{"kind": "x"}, {"title": "x" * 400}, {"text": "好" * 30_000}, {"kind": "\0"}])
def test_a_look_takes_whatever_was_typed(values: dict[str, str], manager: Client, shop: Shop) -> None:
    assert manager.post(reverse(CHECK), typed(shop, preview="1", **values)).status_code == 200


def test_what_was_typed_stays_when_something_is_missing(manager: Client, shop: Shop) -> None:
    answer = manager.post(reverse(CHECK), typed(shop, title=" "))
    assert answer.status_code == 422
    assert POOR in answer.content.decode()
    assert not Product.objects.exists()


@pytest.mark.parametrize("forged", ["0", "x", "9" * 30, "-1"])
def test_a_forged_shop_is_a_wrong_choice(forged: str, manager: Client, shop: Shop) -> None:
    assert manager.post(reverse(CHECK), typed(shop, shop=forged)).status_code == 422


def test_the_same_text_again_says_that_nothing_was_changed(manager: Client, shop: Shop) -> None:
    manager.post(reverse(CHECK), typed(shop))
    answer = manager.post(reverse(CHECK), typed(shop), follow=True)
    assert "这份文案检查过" in answer.content.decode() or "was checked before" in answer.content.decode()
    assert ListingCheck.objects.count() == 1


def test_mending_begins_with_the_latest_text_and_shows_what_was_mended(manager: Client, shop: Shop) -> None:
    product = checked(shop, text=POOR, product_id="681")
    form = manager.get(f"{reverse(CHECK)}?product={product.pk}").context["form"]
    assert (form["text"].value(), form["product_id"].value()) == (POOR, "681")
    manager.post(reverse(CHECK), typed(shop, title=product.title, text=WHOLE))
    (new, old) = manager.get(page_of(product)).context["history"]
    assert {row.code for row in new.mended} >= {"SPEC", "MATERIAL", "USAGE", "DELIVERY"}
    assert ("".join(one.text for one in new.pieces if one.kind != "added"), old.pieces) == (
        f"{product.title}\n{POOR}", [],
    )  # fmt: skip


def test_each_check_is_compared_with_the_one_before_if_somebody_asks(manager: Client, shop: Shop) -> None:
    for n in range(5):
        product = checked(shop, text=f"{POOR}{n}", product_id="681")
    rows = manager.get(page_of(product)).context["history"]
    assert [(one.check.number, one.differs, bool(one.pieces)) for one in rows] == [
        (5, True, True), (4, True, True), (3, True, True), (2, True, False), (1, False, False),
    ]  # fmt: skip
    with CaptureQueriesContext(connection) as captured:
        answer = manager.get(page_of(product), {"compare": "2"})
    assert len(captured) <= PAGE_BUDGET
    assert [one.text for one in answer.context["history"][3].pieces if one.kind != "same"] == ["0", "1"]
    assert manager.get(page_of(product), {"compare": "9" * 30}).status_code == 200


def test_a_long_history_says_what_of_it_is_listed(manager: Client, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(product_pages, "CHECKS_SHOWN", 2)
    for n in range(3):
        product = checked(shop, text=f"{POOR}{n}", product_id="681")
    answer = manager.get(page_of(product))
    assert len(answer.context["history"]) == 2
    assert (answer.context["listed"], answer.context["check"].number) == (2, 3)


def test_rules_of_today_are_looked_for_on_demand(manager: Client, shop: Shop, now: Any) -> None:
    product = checked(shop, title="天下无双的桌", text=WHOLE)
    manager.post(step_of(product, "again"))
    assert product.checks.count() == 1
    PhraseRule.objects.create(
        code="X", category="absolute", level="block", scope="both", patterns="天下无双", reason="x", updated_at=now
    )
    manager.post(step_of(product, "again"))
    assert product.checks.count() == 2
    assert manager.post(step_of(ProductFactory(shop=shop), "again")).status_code == 302


# ---------------------------------------------------------------- list and report


def test_the_list_is_narrowed_and_sorted(manager: Client, shop: Shop) -> None:
    poor, whole = checked(shop, title="差的桌"), checked(shop, title="好的桌", text=WHOLE, kind="promotion")
    never = ProductFactory(shop=shop, title="没查过的桌")
    complain(whole, 2)

    def shown(query: str = "") -> list[Product]:
        return [row.product for row in manager.get(f"{reverse(LIST)}?{query}").context["rows"]]

    assert shown() == [poor, whole, never]
    assert shown("order=complaints") == [whole, poor, never]
    assert shown("score=none") == [never]
    assert shown("kind=promotion") == shown("q=好的") == [whole]
    assert shown("finding=item:SPEC") == [poor]
    assert shown("finding=item:COUPON-SCOPE") == [whole]
    assert shown(f"shop={shop.pk}") == [poor, whole, never]
    assert shown("shop=99999") == []
    assert shown("shop=x&kind=y&score=z&order=w&page=99") == [poor, whole, never]
    assert shown("finding=%00&q=%00") is not None


def test_complaints_are_those_of_the_last_90_days_and_not_the_merged_ones(manager: Client, shop: Shop) -> None:
    product = checked(shop, product_id="681")
    complain(product, 2)
    complain(product, received_at=NOW - timedelta(days=91))
    (row,) = manager.get(reverse(LIST)).context["rows"]
    assert row.complaints == 2
    assert len(manager.get(page_of(product)).context["related"]) == 2


def test_the_report_puts_first_what_most_complaints_are_about(manager: Client, shop: Shop) -> None:
    complain(checked(shop, title="差的桌"), 3)
    complain(checked(shop, title="预售的桌", text=WHOLE, kind="presale"), 5)
    counts = manager.get(reverse(REPORT)).context["counts"]
    found = [(one.count.code, one.count.products, one.count.complaints) for one in counts]
    assert found[0] == ("PRESALE-DATE", 1, 5)
    assert ("SPEC", 1, 3) in found[1:]
    assert counts[0].name == "预售发货日期"


def test_a_case_of_another_shop_is_no_related_complaint(
    shop: Shop, user_with: Callable[..., Any], client_for: Callable[[Any], Client]
) -> None:
    product = checked(shop)
    complain(product)
    assert client_for(user_with("knowledge_manager")).get(page_of(product)).context["related"] == []


def test_every_page_takes_the_same_few_queries_however_much_there_is(manager: Client, shop: Shop) -> None:
    product = checked(shop)
    complain(product)
    addresses = {
        reverse(LIST): LIST_BUDGET,
        f"{reverse(LIST)}?order=complaints": LIST_BUDGET + 1,
        page_of(product): PAGE_BUDGET,
        reverse(REPORT): REPORT_BUDGET,
    }
    for address in addresses:
        queries(manager, address)
    few = {address: queries(manager, address) for address in addresses}
    for n in range(12):
        complain(checked(shop, title=f"桌 {n}"), 2)
        checked(shop, title="胡桃木书桌", text=f"{POOR}{n}")
    many = {address: queries(manager, address) for address in addresses}
    # By complaints, products without any are read apart once there are some on the page.
    few[f"{reverse(LIST)}?order=complaints"] += 1
    assert few == many
    assert all(many[address] <= budget for address, budget in addresses.items()), many


# ---------------------------------------------------------------- items and texts


def test_an_item_is_changed_with_its_record_and_a_broken_pattern_refused(manager: Client) -> None:
    item = ListingItem.objects.get(code="SPEC")
    address = reverse("admin:knowledge_listingitem_change", args=[item.pk])
    fields = {
        name: getattr(item, name)
        for name in ("name", "name_en", "phrases", "expressions", "reason", "reason_en", "mend", "mend_en", "position")
    }
    assert manager.post(address, fields | {"active": "on", "expressions": "(坏"}).status_code == 422
    assert not SettingChange.objects.filter(subject="listingitem").exists()
    saved = manager.post(address, fields | {"active": "on", "kinds": ["presale"], "phrases": "大小"})
    assert saved.status_code == 302
    changes = SettingChange.objects.get(subject="listingitem").changes
    assert changes["kinds"] == [[], ["presale"]]
    assert ListingItem.objects.get(code="SPEC").as_item.phrases == ("大小",)
    record = manager.get(reverse("admin:complaints_settingchange_changelist")).content.decode()
    assert str(ListingItem._meta.verbose_name) in record


def test_a_finding_of_an_item_stays_open_until_the_listing_is_checked_again(manager: Client, shop: Shop) -> None:
    product = checked(shop, text=POOR)
    ListingItem.objects.filter(code="SPEC").update(active=False)
    assert OpenFinding.objects.filter(product=product, code="SPEC").exists()
    manager.post(step_of(product, "again"))
    assert not OpenFinding.objects.filter(product=product, code="SPEC").exists()
