"""What people do with their alerts."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from complaints.models import Alert
from complaints.operations import alerting
from tests.factories.complaints import AlertFactory, ComplaintFactory


def test_own_alerts_are_marked_the_named_ones_or_all(shop: Any, user_with: Callable[..., Any], now: datetime) -> None:
    one, other = user_with("agent"), user_with("agent")
    case = ComplaintFactory(shop=shop)
    mine = [AlertFactory(complaint=case, recipient=one) for _ in range(3)]
    theirs = AlertFactory(complaint=case, recipient=other)
    assert alerting.mark_seen(one, [mine[0].pk, theirs.pk], now=now) == 1
    assert alerting.mark_seen(one, None, now=now + timedelta(hours=1)) == 2
    seen = dict(Alert.objects.values_list("pk", "seen_at"))
    assert [seen[alert.pk] for alert in (*mine, theirs)] == [now, *[now + timedelta(hours=1)] * 2, None]
