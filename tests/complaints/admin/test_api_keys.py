"""Keys of the API in the admin: a secret is seen once, by those who may issue it, for shops that are theirs."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from complaints.models import ApiKey, Scope, SettingChange, Shop
from complaints.operations import api_keys

pytestmark = pytest.mark.django_db

ADD = "admin:complaints_apikey_add"
LIST = "admin:complaints_apikey_changelist"


@pytest.fixture
def manager(client_for: Any, staff: dict[str, Any]) -> Any:
    return client_for(staff["shop_manager"])


@pytest.fixture
def key(shop: Shop, now: Any) -> ApiKey:
    return api_keys.issue(ApiKey(shop=shop, name="ERP", scopes=Scope.values), actor=None, now=now).key


def values(shop: Shop, **more: Any) -> dict[str, Any]:
    return {"shop": shop.pk, "name": "ERP", "channel": "api", "scopes": [Scope.READ], "per_minute": 60} | more


def secret_in(page: str) -> str:
    found = re.search(r"data-token>(am_[^<]+)<", page)
    assert found, page[:2000]
    return found[1]


def at(name: str, key: ApiKey) -> str:
    return reverse(f"admin:complaints_apikey_{name}", args=[key.pk])


def test_a_new_key_is_shown_once_and_never_kept(manager: Any, shop: Shop, now: Any) -> None:
    answer = manager.post(reverse(ADD), values(shop))
    token = secret_in(answer.content.decode())

    key = ApiKey.objects.get()
    assert "no-store" in answer["Cache-Control"]
    assert api_keys.recognise(token, now=now) == key
    assert (key.shop, key.scopes, key.created_by) == (shop, [Scope.READ], answer.wsgi_request.user)
    for page in (reverse(LIST), at("change", key), reverse("admin:complaints_settingchange_changelist")):
        assert token.rpartition("_")[2] not in manager.get(page).content.decode()


def test_a_key_without_a_scope_or_over_before_it_begins_is_refused(manager: Any, shop: Shop) -> None:
    for wrong in ({"scopes": []}, {"expires_at": "2020-01-01T00:00"}, {"per_minute": 0}):
        assert "errorlist" in manager.post(reverse(ADD), values(shop) | wrong).content.decode()
    assert not ApiKey.objects.exists()


def test_a_key_is_changed_but_for_its_shop(manager: Any, key: ApiKey) -> None:
    other = Shop.objects.create(code="jd", name="京东店", platform="jd")
    manager.post(at("change", key), values(other, name="ERP 2"))

    key.refresh_from_db()
    assert (key.name, key.scopes, key.shop.code) == ("ERP 2", [Scope.READ], "tmall")
    assert SettingChange.objects.filter(subject="apikey").first().changes["name"] == ["ERP", "ERP 2"]


def test_a_new_secret_is_shown_once_and_the_old_one_works_for_the_overlap(manager: Any, key: ApiKey) -> None:
    answer = manager.post(at("rotate", key), {"overlap": "24"})
    key.refresh_from_db()

    assert "no-store" in answer["Cache-Control"]
    assert secret_in(answer.content.decode()).startswith(key.prefix)
    assert key.previous_hash
    assert key.previous_until


def test_a_key_is_revoked_after_a_question(manager: Any, key: ApiKey) -> None:
    assert manager.get(at("revoke", key)).status_code == 200
    key.refresh_from_db()
    assert key.revoked_at is None

    manager.post(at("revoke", key))
    key.refresh_from_db()
    assert key.revoked_at
    assert "data-rotate" not in manager.get(at("change", key)).content.decode()


@pytest.mark.parametrize("role", ["agent", "team_lead", "supervisor", "auditor", "knowledge_manager"])
def test_who_keeps_no_settings_gets_no_key(
    role: str, client_for: Any, staff: dict[str, Any], key: ApiKey, shop: Shop
) -> None:
    client = client_for(staff[role])
    answers = [
        client.get(reverse(LIST)), client.post(reverse(ADD), values(shop)), client.post(at("rotate", key)),
        client.post(at("revoke", key)),
    ]  # fmt: skip
    assert [answer.status_code for answer in answers] == [403] * 4
    key.refresh_from_db()
    assert (ApiKey.objects.count(), key.revoked_at) == (1, None)


def test_keys_of_shops_that_are_not_ones_own_are_not_there(user_with: Any, client_for: Any, key: ApiKey) -> None:
    from django.contrib.auth.models import Permission

    local = user_with("agent", shops=[])
    names = ("view_apikey", "add_apikey", "change_apikey")
    local.user_permissions.set(Permission.objects.filter(codename__in=names))
    client = client_for(local)

    assert "ERP" not in client.get(reverse(LIST)).content.decode()
    assert client.post(at("rotate", key), {"overlap": "0"}).status_code == 403
    assert ApiKey.objects.get().secret_hash == key.secret_hash


def test_the_list_costs_the_same_for_any_number_of_keys(
    manager: Any, shop: Shop, now: Any, key: ApiKey, django_assert_max_num_queries: Any
) -> None:
    manager.get(reverse(LIST))
    for number in range(5):
        one = ApiKey(shop=shop, name=f"K{number}", scopes=[], expires_at=now + timedelta(days=number))
        api_keys.issue(one, actor=None, now=now)
    with django_assert_max_num_queries(14):
        manager.get(reverse(LIST))
