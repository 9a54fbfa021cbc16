"""Which terms of a shop hold when: for its public pages, and for a case."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db.models import Q, QuerySet

from complaints.models import Complaint, Shop, WorkCalendar
from knowledge.models import ServicePolicy, ServicePolicyVersion
from knowledge.policy_terms import Period, in_force, periods
from knowledge.queries import MODEL_BACKEND

KINDS = ServicePolicy.Kind


@dataclass(frozen=True, slots=True)
class Matter:
    """One matter as it stands for a shop."""

    kind: str
    label: Any
    version: ServicePolicyVersion | None


def matters(shop: Shop, *, at: datetime) -> list[Matter]:
    """What holds at this moment, in the order in which the pages show it; one query."""
    by_kind = _by_kind(shop, texts=True)
    found = [Matter(kind.value, kind.label, in_force(by_kind[kind.value], at)) for kind in KINDS]
    return [one for one in found if one.version]


def history(shop: Shop, kind: str) -> list[Period]:
    """When which version of this matter held, holds and will hold, the earliest first; one query."""
    return periods(list(ServicePolicyVersion.objects.announced(shop.pk).filter(policy__kind=kind)))


@dataclass(frozen=True, slots=True)
class Then:
    """One matter at the time of an order, and what holds now instead if that is another version."""

    kind: str
    label: Any
    version: ServicePolicyVersion | None
    today: ServicePolicyVersion | None

    @property
    def changed(self) -> bool:
        return self.today is not None and self.version is not None and self.today.pk != self.version.pk


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms of a case: `ordered` tells whether `at` is when the order was placed, else it is the receipt."""

    at: datetime
    ordered: bool
    matters: list[Then]


def terms_of(complaint: Complaint, *, now: datetime) -> Terms:
    """What held when the order was placed, or when the complaint came in if that is not known (R2.3); one query."""
    placed = complaint.order.placed_at if complaint.order else None
    at = placed or complaint.received_at
    by_kind = _by_kind(complaint.shop, texts=False)
    found = [
        Then(kind.value, kind.label, in_force(by_kind[kind.value], at), in_force(by_kind[kind.value], now))
        for kind in KINDS
    ]
    return Terms(at, placed is not None, [one for one in found if one.version or one.today])


def zone_of(shop: Shop | None) -> ZoneInfo:
    """The time zone in which a shop's days begin: its calendar's, else the default calendar's."""
    calendar = shop.calendar if shop else None
    calendar = calendar or WorkCalendar.objects.filter(is_default=True).first()
    return ZoneInfo(calendar.time_zone if calendar else settings.TIME_ZONE)


def people_of(shop: Shop | None) -> QuerySet[Any] | None:
    """Who sees the terms of this shop; None: what is for all shops everybody sees."""
    if shop is None:
        return None
    people = get_user_model().objects
    everywhere = people.with_perm("complaints.view_all_shops", backend=MODEL_BACKEND)
    return people.filter(Q(shops=shop) | Q(pk__in=everywhere.values("pk")))


def _by_kind(shop: Shop, *, texts: bool) -> dict[str, list[ServicePolicyVersion]]:
    rows = ServicePolicyVersion.objects.announced(shop.pk)
    by_kind: dict[str, list[ServicePolicyVersion]] = {kind.value: [] for kind in KINDS}
    for version in rows if texts else rows.without_text():
        by_kind.setdefault(version.policy.kind, []).append(version)
    return by_kind
