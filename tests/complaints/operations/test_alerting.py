"""What becomes of alerts when people look at them, and when cases change hands."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from complaints.models import Alert, Complaint, Shop
from complaints.operations import alerting, assignment, sweeping
from tests.factories.complaints import AlertFactory, ComplaintFactory, registered


def test_own_alerts_are_marked_the_named_ones_or_all(shop: Any, user_with: Callable[..., Any], now: datetime) -> None:
    one, other = user_with("agent"), user_with("agent")
    case = ComplaintFactory(shop=shop)
    mine = [AlertFactory(complaint=case, recipient=one) for _ in range(3)]
    theirs = AlertFactory(complaint=case, recipient=other)
    assert alerting.mark_seen(one, [mine[0].pk, theirs.pk], now=now) == 1
    assert alerting.mark_seen(one, None, now=now + timedelta(hours=1)) == 2
    seen = dict(Alert.objects.values_list("pk", "seen_at"))
    assert [seen[alert.pk] for alert in (*mine, theirs)] == [now, *[now + timedelta(hours=1)] * 2, None]


def test_who_takes_a_case_over_hears_where_its_clocks_stand(
    shop: Shop, staff: dict[str, Any], user_with: Callable[..., Any], now: datetime
) -> None:
    complaint = registered(shop, actor=staff["agent"], now=now)
    sweeping.sweep(now=now + timedelta(minutes=100))
    colleague = user_with("agent")
    for person in (colleague, staff["agent"], colleague):
        version = Complaint.objects.get(pk=complaint.pk).version
        assignment.assign(complaint.pk, person, reason="", actor=staff["team_lead"], version=version, now=now)
    alerts = Alert.objects.filter(complaint=complaint).order_by("pk")
    assert [(alert.level, alert.recipient) for alert in alerts] == [(80, staff["agent"]), (80, colleague)]


def test_where_nothing_was_told_yet_there_is_nothing_to_hand_over(
    shop: Shop, staff: dict[str, Any], user_with: Callable[..., Any], now: datetime
) -> None:
    complaint = registered(shop, actor=staff["agent"], now=now)
    step = {"actor": staff["team_lead"], "version": complaint.version, "now": now}
    assignment.assign(complaint.pk, user_with("agent"), reason="", **step)
    assert not Alert.objects.exists()
