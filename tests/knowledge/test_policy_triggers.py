"""What only the database keeps about published terms, on both databases."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import IntegrityError, connection, transaction

from knowledge import policy_triggers
from knowledge.models import ServicePolicy, ServicePolicyEvent, ServicePolicyVersion
from tests.conftest import NOW
from tests.factories.service_policies import published
from tests.knowledge.test_triggers import installed

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def refused(change: Callable[[], Any]) -> bool:
    try:
        with transaction.atomic():
            change()
    except IntegrityError:
        return True
    return False


def rows(version: ServicePolicyVersion) -> Any:
    return ServicePolicyVersion.objects.filter(pk=version.pk)


def test_every_trigger_is_there_and_can_be_taken_away_and_put_back() -> None:
    expected = set(policy_triggers.expected(connection.vendor))
    assert installed() >= expected
    for _ in range(2):
        policy_triggers.remove(connection)
        assert not installed() & expected
    policy_triggers.install(connection)
    assert installed() >= expected


def test_both_databases_know_the_same_rules() -> None:
    tables = [
        set(map(policy_triggers.TABLE_OF.get, policy_triggers.expected(vendor))) for vendor in ("sqlite", "postgresql")
    ]
    assert tables == [{policy_triggers.VERSIONS, policy_triggers.EVENTS}] * 2


def test_published_terms_cannot_be_changed_moved_or_deleted() -> None:
    version, someone = published("returns", since=NOW), get_user_model().objects.create_user("x")
    other = ServicePolicy.objects.create(kind="warranty")
    changes = [
        {"text": "x"}, {"text_en": "x"}, {"sources": "x"}, {"reviewed_on": date(2026, 1, 1)}, {"number": 7},
        {"policy": other}, {"author": someone}, {"effective_from": NOW + DAY}, {"effective_from": None},
        {"published_at": NOW}, {"published_by": someone}, {"status": "draft"}, {"status": "review"},
        {"status": "discarded"},
    ]  # fmt: skip
    for values in changes:
        assert refused(lambda values=values: rows(version).update(**values)), values
    assert refused(lambda: rows(version).delete())
    assert not refused(lambda: rows(version).update(status="retired", ended_at=NOW + DAY))


def test_withdrawn_terms_stay_withdrawn() -> None:
    version = published("returns", since=NOW, until=NOW + DAY)
    for values in ({"status": "published"}, {"ended_at": NOW + 2 * DAY}, {"ended_at": None}):
        assert refused(lambda values=values: rows(version).update(**values)), values


def test_a_draft_may_change_and_its_day_is_set_when_it_is_published() -> None:
    policy = ServicePolicy.objects.create(kind="returns")
    version = ServicePolicyVersion.objects.create(policy=policy, number=1, text="一")
    assert not refused(lambda: rows(version).update(text="二"))
    assert not refused(lambda: rows(version).update(status="review"))
    assert refused(lambda: rows(version).update(text="三"))
    assert refused(lambda: rows(version).update(status="published"))
    assert not refused(lambda: rows(version).update(status="published", effective_from=NOW, published_at=NOW))


def test_history_is_append_only() -> None:
    policy = ServicePolicy.objects.create(kind="returns")
    event = ServicePolicyEvent.objects.create(policy=policy, kind="created", at=NOW)
    own = ServicePolicyEvent.objects.filter(pk=event.pk)
    assert refused(lambda: own.update(kind="published"))
    assert refused(own.delete)


def test_a_matter_has_one_policy_for_all_and_one_per_shop() -> None:
    ServicePolicy.objects.create(kind="returns")
    ServicePolicy.objects.create(kind="returns", shop_ref=1)
    assert refused(lambda: ServicePolicy.objects.create(kind="returns"))
    assert refused(lambda: ServicePolicy.objects.create(kind="returns", shop_ref=1))
