"""Listings are checked, kept as versions, found open until they are mended; products are found again."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from complaints.models import ListingCheck, OpenFinding, Product, SettingChange
from complaints.operations import listings, products
from complaints.operations.listings import Listing
from complaints.operations.products import Named
from knowledge.models import ListingItem, PhraseRule
from tests.factories.listings import POOR, WHOLE, ProductFactory, checked

pytestmark = pytest.mark.django_db


@pytest.fixture
def rule(content: None, now: Any) -> PhraseRule:
    return PhraseRule.objects.create(
        code="X-BEST", category="absolute", level="block", scope="listing", patterns="天下无双", reason="绝对化用语",
        reason_en="Absolute", suggestion="写事实", updated_at=now,
    )  # fmt: skip


def codes(product: Product) -> set[str]:
    return set(OpenFinding.objects.filter(product=product).values_list("code", flat=True))


def test_a_check_keeps_text_score_and_findings_and_opens_what_it_found(shop: Any, agent: Any, now: Any) -> None:
    told = listings.check(shop, Listing(title="书桌", text=POOR), actor=agent, now=now)
    product = Product.objects.get()
    assert told.is_new
    assert (told.check.number, told.check.by, told.check.checked_at) == (1, agent, now)
    assert {"SPEC", "MATERIAL", "USAGE", "DELIVERY"} <= codes(product)
    assert (product.latest, product.score) == (told.check, told.check.score)
    assert product.open_findings == len(codes(product))
    missing = next(one for one in told.check.findings if one["code"] == "SPEC")
    assert (missing["level"], missing["points"], missing["start"]) == ("missing", 15, None)
    assert missing["advice"]
    assert missing["advice_en"]


def test_a_whole_listing_has_all_points(shop: Any, now: Any) -> None:
    product = checked(shop, title="胡桃木书桌", text=WHOLE)
    assert (product.score, product.open_findings, codes(product)) == (100, 0, set())


def test_words_are_marked_where_they_stand(shop: Any, rule: PhraseRule, now: Any) -> None:
    check = listings.check(shop, Listing(title="天下无双的桌", text=WHOLE), actor=None, now=now).check
    (found,) = [one for one in check.findings if one["code"] == rule.code]
    assert "天下无双的桌"[found["start"] : found["end"]] == "天下无双"
    assert (found["name"], found["reason_en"], check.score) == ("absolute", "Absolute", 90)


def test_the_same_text_again_changes_nothing(shop: Any, now: Any) -> None:
    first = listings.check(shop, Listing(title="书桌", text=POOR), actor=None, now=now)
    again = listings.check(shop, Listing(title="书桌", text=POOR), actor=None, now=now + timedelta(days=1))
    assert not again.is_new
    assert again.check == first.check
    assert ListingCheck.objects.count() == 1


def test_a_mended_text_is_another_version_and_closes_what_was_open(shop: Any, now: Any) -> None:
    product = checked(shop, title="书桌", text=POOR)
    again = listings.check(shop, Listing(title="书桌", text=WHOLE), actor=None, now=now)
    assert (again.product.pk, again.check.number) == (product.pk, 2)
    assert codes(product) == set()
    assert [one.score for one in product.checks.all()] == [100, again.product.checks.get(number=1).score]


def test_another_kind_of_sale_is_another_check(shop: Any, now: Any) -> None:
    product = checked(shop, title="书桌", text=WHOLE)
    checked(shop, title="书桌", text=WHOLE, kind="presale")
    assert codes(product) == {"PRESALE-DATE"}


def test_new_rules_are_looked_for_on_demand(shop: Any, now: Any) -> None:
    product = checked(shop, title="书桌", text=WHOLE)
    assert not listings.check_again(product.pk, actor=None, now=now).is_new
    ListingItem.objects.create(code="WARRANTY", name="质保", phrases="质保", reason="无", mend="写明质保")
    again = listings.check_again(product.pk, actor=None, now=now)
    assert again.is_new
    assert (again.check.number, again.check.text, codes(product)) == (2, WHOLE, {"WARRANTY"})


def test_an_item_that_is_switched_off_is_not_asked_for(shop: Any) -> None:
    ListingItem.objects.filter(code="USAGE").update(active=False)
    assert "USAGE" not in codes(checked(shop, text=POOR))


@pytest.mark.parametrize(
    ("title", "text", "refusal"),
    [
        (" ", "好", listings.TitleMissing),
        ("书桌", " \n", listings.TextMissing),
        ("书桌", "好" * 20_001, listings.ListingTooLong),
    ],
)
def test_what_is_no_listing_is_refused(title: str, text: str, refusal: Any, shop: Any, now: Any) -> None:
    with pytest.raises(refusal):
        listings.check(shop, Listing(title=title, text=text), actor=None, now=now)
    assert not Product.objects.exists()


def test_many_are_checked_in_the_same_number_of_queries(
    shop: Any, now: Any, django_assert_max_num_queries: Any
) -> None:
    several = [Listing(title=f"书桌 {n}", text=POOR, product_id=str(n)) for n in range(40)]
    with django_assert_max_num_queries(16):
        told = listings.check_many(shop, several, actor=None, now=now)
    assert all(one.is_new for one in told)
    assert len({one.product.pk for one in told}) == 40


def test_two_texts_of_one_product_in_a_row_are_two_versions(shop: Any, now: Any) -> None:
    several = [Listing(title="书桌", text=text) for text in (POOR, WHOLE, WHOLE)]
    told = listings.check_many(shop, several, actor=None, now=now)
    assert [one.is_new for one in told] == [True, True, False]
    assert [one.check.number for one in told] == [1, 2, 2]
    assert Product.objects.get().score == 100


@pytest.mark.parametrize(
    "sql", ["UPDATE complaints_listingcheck SET text = 'x'", "DELETE FROM complaints_listingcheck"]
)
def test_a_check_never_changes(sql: str, shop: Any) -> None:
    checked(shop)
    Product.objects.update(latest=None)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
    assert ListingCheck.objects.get().text == POOR


# ---------------------------------------------------------------- products


def found(shop: Any, now: Any, *names: Named) -> list[Product]:
    with transaction.atomic():
        return products.locked(shop, names, now=now)


def test_a_product_is_found_by_its_id_whatever_its_title_is_now(shop: Any, now: Any) -> None:
    (first,) = found(shop, now, Named("681", "书桌"))
    assert found(shop, now, Named("681", "胡桃木书桌")) == [first]


def test_without_an_id_the_title_tells_however_it_is_spelled(shop: Any, now: Any) -> None:
    (first,) = found(shop, now, Named("", "书桌 ABC"))
    assert found(shop, now, Named("", "书桌ａｂｃ")) == [first]


def test_a_product_known_by_title_gets_its_id_later(shop: Any, now: Any) -> None:
    (first,) = found(shop, now, Named("", "书桌"))
    (same,) = found(shop, now, Named("681", "书桌"))
    assert (same.pk, same.product_id) == (first.pk, "681")
    assert found(shop, now, Named("681", "别的")) == [first]


def test_two_ids_with_one_title_are_two_products(shop: Any, now: Any) -> None:
    first, second = found(shop, now, Named("681", "书桌"), Named("682", "书桌"))
    assert first != second


def test_a_product_of_another_shop_is_another_one(shop: Any, now: Any) -> None:
    other = ProductFactory(product_id="681", title="书桌")
    assert found(shop, now, Named("681", "书桌")) != [other]


def test_the_mark_of_a_product_is_recorded_once(shop: Any, agent: Any, now: Any) -> None:
    product = ProductFactory(shop=shop)
    for _ in range(2):
        products.set_dispute_prone(product.pk, prone=True, actor=agent, now=now)
    change = SettingChange.objects.get(subject="product")
    assert (change.actor, change.changes) == (agent, {"dispute_prone": [False, True]})
    assert Product.objects.get(pk=product.pk).needs_confirmation


@pytest.mark.parametrize(
    ("names", "ids"),
    [
        ([("681", "桌"), ("", "桌")], ["681"]),
        ([("", "桌"), ("681", "桌")], ["681"]),
        ([("", "桌"), ("681", "桌"), ("682", "桌")], ["681", "682"]),
        ([("681", "桌"), ("桌", "")], ["681", "桌"]),
    ],
)
@pytest.mark.parametrize("known", [False, True])
def test_products_of_one_list_are_told_apart_as_if_each_had_come_on_its_own(
    names: list[tuple[str, str]], ids: list[str], known: bool, shop: Any, now: Any
) -> None:
    """Nobody knows the product, or its title alone."""
    if known:
        checked(shop, title="桌")
    several = [Named(*one) for one in names]
    together = [one.pk for one in products.locked(shop, several, now=now)]
    assert sorted(Product.objects.values_list("product_id", flat=True)) == ids
    assert together == [products.locked(shop, [one], now=now)[0].pk for one in several]
