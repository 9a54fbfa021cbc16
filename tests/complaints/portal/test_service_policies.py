"""The terms of a shop as its customers read them."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from django.urls import reverse

from complaints.models import Shop, WorkCalendar
from knowledge.models import ServicePolicy, ServicePolicyVersion
from knowledge.operations import service_policies
from knowledge.operations.service_policies import LENGTH
from knowledge.policy_terms import published_mark
from tests.factories.service_policies import published

pytestmark = pytest.mark.usefixtures("frozen")

DAY = timedelta(days=1)
INDEX, RETURNS = "/tmall/policies/", "/tmall/policies/returns/"
ENGLISH = {"headers": {"accept-language": "en"}}


def words(answer: Any) -> str:
    return answer.content.decode()


def test_the_index_leads_to_each_matter_in_both_languages(visitor: Client, shop: Shop) -> None:
    for language, first in (("zh-hans", "七天无理由退货"), ("en", "Return within 7 days without a reason")):
        index = visitor.get(INDEX, {"lang": language})
        links = re.findall(r'href="(/tmall/policies/\w+/\?lang=[\w-]+)"', words(index))
        assert len(links) == 4
        assert index["Content-Language"] == language
        page = visitor.get(links[0])
        assert f"<h2>{first}</h2>" in words(page)
        assert shop.name in words(page)
        assert f'<html lang="{language}">' in words(page)


def test_the_switch_keeps_the_version_that_is_shown(visitor: Client, shop: Shop, now: Any) -> None:
    old = published("returns", since=now - 30 * DAY, shop=shop)
    published("returns", since=now - DAY, shop=shop)
    page = words(visitor.get(RETURNS, {"version": old.pk, "lang": "en"}))
    (address,) = re.findall(r'<a href="(\?[^"]+)" lang="zh-hans"', page)
    switched = words(visitor.get(RETURNS + address.replace("&amp;", "&")))
    assert "条款第1版" in switched
    assert "条款第2版" not in switched


def test_without_an_english_text_the_chinese_one_is_shown_and_that_is_told(
    visitor: Client, shop: Shop, now: Any
) -> None:
    published("returns", since=now - DAY, shop=shop, text_en="")
    page = words(visitor.get(RETURNS, {"lang": "en"}))
    assert "条款第1版" in page
    assert "There is no English version of these terms" in page
    assert '<article class="terms" lang="zh-hans">' in page
    assert "There is no English version" not in words(visitor.get(RETURNS, {"lang": "zh-hans"}))


def test_what_held_stays_readable_what_was_taken_back_or_is_a_draft_does_not(
    visitor: Client, shop: Shop, now: Any
) -> None:
    old = published("returns", since=now - 30 * DAY, shop=shop)
    current = published("returns", since=now - DAY, shop=shop)
    coming = published("returns", since=now + DAY, shop=shop)
    taken_back = published("returns", since=now + 9 * DAY, shop=shop, until=now)
    other = published("returns", since=now - DAY, shop=Shop.objects.create(code="jd", name="京东店", platform="jd"))
    draft = ServicePolicyVersion.objects.create(policy=old.policy, number=9, text="草稿")
    disputes = ServicePolicyVersion.objects.get(policy__kind="disputes")

    page = words(visitor.get(RETURNS, {"lang": "en"}))
    assert "Terms 2" in page
    for one in (old, coming, current):
        assert f"?version={one.pk}&amp;" in page
        shown = visitor.get(RETURNS, {"version": one.pk, "lang": "en"})
        assert f"Terms {one.number}" in words(shown)
    assert "These are earlier terms" in words(visitor.get(RETURNS, {"version": old.pk, "lang": "en"}))
    assert "These terms hold from" in words(visitor.get(RETURNS, {"version": coming.pk, "lang": "en"}))
    for one in (taken_back, other, draft, disputes):
        assert f"?version={one.pk}&" not in page
        assert visitor.get(RETURNS, {"version": one.pk}).status_code == 404
    for odd in ("", "x", "9" * 40, "-1", "٣", "%00"):
        assert visitor.get(RETURNS, {"version": odd}).status_code == 404


def test_withdrawn_terms_lead_to_no_page_that_is_not_there(visitor: Client, shop: Shop, now: Any) -> None:
    policy = ServicePolicy.objects.get(kind="shipping", shop_ref=None)
    today = reverse("portal:policy", args=[shop.code, "shipping"])
    earlier = {"version": policy.versions.get().pk}
    service_policies.withdraw(policy.pk, seen=published_mark(policy.versions.all()), actor=None, now=now)
    told = visitor.get(today, earlier)
    assert told.context["state"] == "past"
    assert f'href="{today}' not in told.content.decode()
    assert visitor.get(today).status_code == 404


def test_days_are_those_of_the_shops_time_zone(visitor: Client, shop: Shop) -> None:
    published("returns", since=datetime(2026, 11, 1, 20, 0, tzinfo=UTC), shop=shop)
    assert "2026年11月2日" in words(visitor.get(RETURNS))
    shop.calendar = WorkCalendar.objects.create(name="柏林", time_zone="Europe/Berlin")
    shop.save()
    assert "2026年11月1日" in words(visitor.get(RETURNS))


@pytest.mark.parametrize("address", ["/nobody/policies/", "/nobody/policies/returns/", "/tmall/policies/gifts/"])
def test_what_does_not_exist_says_so_kindly(address: str, visitor: Client, shop: Shop) -> None:
    answer = visitor.get(address)
    assert answer.status_code == 404
    assert answer["Cache-Control"] == "no-store"
    assert "portal.css" in words(answer)


def test_a_closed_shop_shows_nothing_and_a_shop_without_web_form_does(visitor: Client, shop: Shop) -> None:
    Shop.objects.update(web_form=False)
    assert "/tmall/complain" not in words(visitor.get(INDEX))
    Shop.objects.update(active=False)
    assert visitor.get(INDEX).status_code == visitor.get(RETURNS).status_code == 404


def test_where_nothing_is_published_the_index_says_what_to_do(visitor: Client, shop: Shop, now: Any) -> None:
    ServicePolicyVersion.objects.update(status="retired", ended_at=now - DAY)
    page = visitor.get(INDEX, {"lang": "en"})
    assert page.status_code == 200
    assert "has not published its terms" in words(page)
    assert visitor.get(RETURNS).status_code == 404


def test_pages_are_only_read(visitor: Client, shop: Shop) -> None:
    for address in (INDEX, RETURNS):
        assert visitor.post(address).status_code == 405
        assert visitor.head(address).status_code == 200


def test_a_browser_that_has_the_page_is_told_so_until_it_changes(visitor: Client, shop: Shop, now: Any) -> None:
    for address in (INDEX, RETURNS):
        first = visitor.get(address)
        assert first["Cache-Control"] == "no-cache"
        assert {"Accept-Language", "Cookie"} <= {name.strip() for name in first["Vary"].split(",")}
        again = visitor.get(address, headers={"if-none-match": first["ETag"]})
        assert (again.status_code, again.content) == (304, b"")
        english = visitor.get(address, {"lang": "en"}, headers={"if-none-match": first["ETag"]})
        assert english.status_code == 200
    published("returns", since=now, shop=shop)
    assert visitor.get(RETURNS, headers={"if-none-match": first["ETag"]}).status_code == 200


def test_the_longest_terms_stay_under_50_kilobytes_and_need_no_script(visitor: Client, shop: Shop, now: Any) -> None:
    published("returns", since=now, shop=shop, text=("- 退货须知，请您先看完再决定怎样办理。\n" * 400)[:LENGTH])
    page = visitor.get(RETURNS)
    loaded = re.findall(r'(?:href|src)="/static/([^"]+)"', words(page))
    assert len(loaded) == 4
    assert len(page.content) + sum(Path(finders.find(name)).stat().st_size for name in loaded) < 50_000
    assert "<script" not in words(page)
    for kind in ("warranty", "shipping", "disputes"):
        assert len(visitor.get(f"/tmall/policies/{kind}/").content) < 20_000


def test_nothing_in_the_text_becomes_markup(visitor: Client, shop: Shop, now: Any) -> None:
    published("returns", since=now, shop=shop, text="## <script>x</script>\n- <b>a</b>\n<i>", sources="<u>s</u>")
    page = words(visitor.get(RETURNS))
    assert "&lt;script&gt;" in page
    for markup in ("<script", "<b>a", "<i>", "<u>"):
        assert markup not in page


def test_pages_take_few_queries_however_many_versions(
    visitor: Client, shop: Shop, now: Any, django_assert_max_num_queries: Any
) -> None:
    for n in range(25):
        published("returns", since=now - n * DAY, shop=shop)
    for address in (INDEX, RETURNS):
        with django_assert_max_num_queries(3):
            visitor.get(address)


def test_the_form_and_the_status_page_lead_to_the_terms(visitor: Client, shop: Shop, link: Any) -> None:
    for address in (reverse("portal:complain", args=[shop.code]), link()):
        assert f'href="{INDEX}?lang=' in words(visitor.get(address))
