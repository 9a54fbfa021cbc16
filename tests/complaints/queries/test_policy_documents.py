"""Service policies are found by the words of the terms in force, by whoever may see those of the shop."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from complaints.models import Shop
from complaints.queries.policy_documents import KIND, SOURCE
from knowledge import searching
from knowledge.models import SearchDocument, ServicePolicy, ServicePolicyVersion
from knowledge.operations import indexing
from knowledge.search_query import parse
from knowledge.searching import Filters
from tests.factories.complaints import ShopFactory

pytestmark = pytest.mark.django_db


def publish(text: str, *, shop: Shop | None = None, days: int = -1) -> ServicePolicyVersion:
    policy, _made = ServicePolicy.objects.get_or_create(kind="shipping", shop_ref=shop.pk if shop else None)
    return ServicePolicyVersion.objects.create(
        policy=policy,
        number=policy.versions.count() + 1,
        text=text,
        status="published",
        effective_from=timezone.now() + timedelta(days=days),
    )


def index() -> None:
    for _kind, _made in indexing.reindex():
        pass


def find(text: str, user: Any) -> list[int]:
    return [hit.object_id for hit in searching.search(SOURCE, parse(text), user, filters=Filters()).hits]


def test_what_holds_now_is_found_and_nothing_older_or_later(content: None, user_with: Callable[..., Any]) -> None:
    publish("七色石发货", days=-9)
    now = publish("八音盒发货")
    publish("九连环发货", days=3)
    index()
    agent = user_with("agent")
    assert [find(word, agent) for word in ("七色石", "八音盒", "九连环")] == [[], [now.pk], []]
    assert SearchDocument.objects.get(kind=KIND, object_id=now.pk).title.startswith("发货")


def test_the_own_terms_of_a_shop_are_for_its_people(content: None, shop: Shop, user_with: Callable[..., Any]) -> None:
    other = ShopFactory()
    common, own, foreign = publish("八音盒通用"), publish("八音盒本店", shop=shop), publish("八音盒他店", shop=other)
    index()
    assert set(find("八音盒", user_with("agent"))) == {common.pk, own.pk}
    assert set(find("八音盒", user_with("supervisor"))) == {common.pk, own.pk, foreign.pk}
    assert find("八音盒", user_with("department")) == []
