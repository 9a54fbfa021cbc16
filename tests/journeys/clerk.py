"""A clerk at a desk of its own, who does what lines of JSON ask for: `python -m tests.journeys.clerk`.

The tests drive it, because their own process is bound to another database.
"""

import json
import sys
import traceback
from collections import Counter
from collections.abc import Callable
from contextlib import redirect_stdout
from datetime import UTC, datetime, timedelta
from typing import Any

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db.models import Count  # noqa: E402
from django.utils import timezone  # noqa: E402

from complaints.models import Alert, AlertPreference, Complaint, ComplaintEvent, OutboxMessage, Shop  # noqa: E402
from complaints.operations import conversation, promises  # noqa: E402
from tests.factories.auth import StaffFactory  # noqa: E402
from tests.factories.complaints import complaint_in, current, registered  # noqa: E402

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
TITLE = "桌面划痕"


def prepare() -> None:
    """Bring an empty database to where people can work: tables, roles, one shop, an agent and a team lead.

    They want each alert by itself, so that each mail can be followed.
    """
    call_command("migrate", interactive=False, verbosity=0)
    call_command("bootstrap", verbosity=0)
    shop = Shop.objects.create(code="tmall", name="晴木家居天猫店", platform="taobao")
    for role in ("agent", "team_lead"):
        person = StaffFactory(username=role, role=role, shops=[shop])
        AlertPreference.objects.create(user=person, bundle_over=50, morning_digest=False, weekly_digest=False)


def _desk() -> tuple[Shop, Any]:
    shop = Shop.objects.get()
    return shop, shop.members.get(username="agent")


def register(minutes_ago: int, number: int = 1) -> list[str]:
    """Complaints that came so long ago and that nobody has answered; returns their numbers."""
    shop, agent = _desk()
    received_at = timezone.now() - timedelta(minutes=minutes_ago)
    how = {"actor": agent, "now": timezone.now(), "received_at": received_at, "title": TITLE}
    return [registered(shop, **how).number for _ in range(number)]


def resolve(hours_ago: int) -> str:
    """A complaint that was resolved so long ago and waits for its call-back."""
    shop, agent = _desk()
    resolved_at = timezone.now() - timedelta(hours=hours_ago)
    case = complaint_in("awaiting_followup", shop, actor=agent, now=resolved_at, title=TITLE)
    for promise in case.promises.all():
        promises.keep(case.pk, promise.pk, actor=agent, version=current(case).version, now=resolved_at)
    return case.number


def reply(number: str) -> str:
    """Answer the customer by e-mail; returns the Message-ID."""
    case = Complaint.objects.get(number=number)
    contact = conversation.reply(case.pk, "您好，正在核实。", channel="email", actor=case.assignee, now=timezone.now())
    return OutboxMessage.objects.get(dedup_key=f"reply:{contact.pk}").message_id


def expire_leases() -> int:
    """Let the time be over that a lost worker had."""
    return OutboxMessage.objects.filter(status="sending").update(lease_until=LONG_AGO)


def alerts() -> list[list[Any]]:
    rows = Alert.objects.order_by("pk").values_list("complaint__number", "kind", "level", "recipient__username")
    return [list(row) for row in rows]


def breaches() -> dict[str, int]:
    """Number of breach events of each complaint."""
    rows = ComplaintEvent.objects.filter(kind="breached").values("complaint__number").annotate(times=Count("pk"))
    return {row["complaint__number"]: row["times"] for row in rows}


def outbox() -> dict[str, int]:
    """How many messages stand where."""
    return dict(Counter(OutboxMessage.objects.values_list("status", flat=True)))


def message_ids() -> list[str]:
    return list(OutboxMessage.objects.values_list("message_id", flat=True))


WISHES: dict[str, Callable[..., Any]] = {
    wish.__name__: wish
    for wish in (prepare, register, resolve, reply, expire_leases, alerts, breaches, outbox, message_ids)
}


def serve(wishes: dict[str, Callable[..., Any]]) -> None:
    """Do what comes in, until nothing more can come."""
    for line in sys.stdin:
        wish = json.loads(line)
        try:
            with redirect_stdout(sys.stderr):  # only answers go back
                answer = {"answer": wishes[wish["do"]](**wish["how"])}
        except Exception:
            answer = {"error": traceback.format_exc()}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    serve(WISHES)
