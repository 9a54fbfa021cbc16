"""Clocks of the case page: budget, used, left, paused, in the time in which the budget runs."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from complaints.admin.gauges import Gauge, gauges
from complaints.models import Complaint, SlaPolicy, SlaTarget, WorkCalendar
from complaints.operations import clocks, holding
from tests.factories.complaints import NOW, current

H = timedelta(hours=1)


def of_stage(case: Complaint, now: datetime) -> Gauge:
    (gauge,) = [one for one in gauges(case, now) if one.deadline.is_running and not one.deadline.subject]
    return gauge


def test_a_running_clock_tells_what_is_used_and_left(case: Callable[..., Any]) -> None:
    gauge = of_stage(case("verifying"), NOW + 6 * H)
    assert (gauge.budget, gauge.used, gauge.left, gauge.percent) == (24 * H, 6 * H, 18 * H, 25)
    assert (gauge.tone, gauge.over, gauge.paused) == ("neutral", None, 0 * H)


@pytest.mark.parametrize(("hours", "tone"), [(19, "neutral"), (20, "risk"), (24, "risk"), (25, "breached")])
def test_the_tone_follows_the_last_warning_and_the_due_time(case: Callable[..., Any], hours: int, tone: str) -> None:
    assert of_stage(case("verifying"), NOW + hours * H).tone == tone


def test_a_late_clock_tells_by_how_much(case: Callable[..., Any]) -> None:
    gauge = of_stage(case("verifying"), NOW + 30 * H)
    assert (gauge.over, gauge.percent) == (6 * H, 100)


def test_time_on_hold_is_told_and_not_used(case: Callable[..., Any], agent: Any) -> None:
    complaint = case("verifying")
    step = {"actor": agent, "now": NOW + H}
    holding.hold(complaint.pk, reason="等照片", until=NOW + 40 * H, version=current(complaint).version, **step)
    gauge = of_stage(complaint, NOW + 11 * H)
    assert (gauge.used, gauge.left, gauge.paused, gauge.tone) == (H, 23 * H, 10 * H, "waiting")


def test_a_budget_in_working_time_is_used_in_working_time(case: Callable[..., Any]) -> None:
    """10:00 on a Friday; 8 hours a day from Monday to Friday."""
    WorkCalendar.objects.create(name="标准", is_default=True)
    policy = SlaPolicy.objects.create(name="全部", priority="P3")
    SlaTarget.objects.create(policy=policy, kind="verification", budget_minutes=16 * 60, working=True)
    complaint = case("verifying")
    clocks.recompute(current(complaint), now=NOW)
    monday = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
    gauge = of_stage(complaint, monday)
    assert (gauge.used, gauge.left, gauge.percent) == (8 * H, 8 * H, 50)
    assert gauge.deadline.due_at == datetime(2026, 11, 24, 2, 0, tzinfo=UTC)


def test_the_page_reads_its_clocks_anew_by_a_part_of_its_own(
    case: Callable[..., Any], agent: Any, client_for: Callable[[Any], Client]
) -> None:
    complaint = case("verifying")
    address = reverse("admin:complaints_complaint_clocks", args=[complaint.pk])
    client = client_for(agent)
    part = client.get(address)
    assert part.status_code == 200
    assert part.content.decode().strip().startswith('<div class="case-times" id="clocks"')
    assert complaint.promises.get().text in part.content.decode()
    assert client.post(address).status_code == 405


def test_the_part_is_as_hidden_as_its_case(
    case: Callable[..., Any], user_with: Callable[..., Any], client_for: Callable[[Any], Client]
) -> None:
    address = reverse("admin:complaints_complaint_clocks", args=[case("verifying").pk])
    assert client_for(user_with("department")).get(address).status_code == 404
    assert client_for(user_with("agent", shops=[])).get(address).status_code == 404
