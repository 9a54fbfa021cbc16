"""Service policies as search finds them: the terms in force, of the shops whose terms one may see."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.db.models.functions import Now
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from complaints.models import Shop
from complaints.models.shop import shop_ids_of
from knowledge.models import ServicePolicyVersion
from knowledge.search_sources import Entry, Source, Stamps
from knowledge.versioning import Status

KIND = "policy"


def _in_force() -> list[ServicePolicyVersion]:
    """Of each policy the version that holds now; there are some dozen policies."""
    rows = ServicePolicyVersion.objects.filter(status=Status.PUBLISHED, effective_from__lte=Now())
    latest = {one.policy_id: one for one in rows.select_related("policy").order_by("policy", "effective_from", "pk")}
    return sorted(latest.values(), key=lambda one: one.pk)


def _stamp(version: ServicePolicyVersion) -> str:
    """Its words never change."""
    return f"{version.effective_from:%Y-%m-%dT%H:%M:%S}"


def _after(pk: int, most: int) -> Stamps:
    return [(one.pk, _stamp(one)) for one in _in_force() if one.pk > pk][:most]


def _recent(now: datetime) -> Stamps:
    return [(one.pk, _stamp(one)) for one in _in_force()]


def _read(ids: Collection[int]) -> dict[int, Entry]:
    shops = dict(Shop.objects.values_list("pk", "name"))
    return {one.pk: _entry(one, shops) for one in _in_force() if one.pk in ids}


def _entry(version: ServicePolicyVersion, shops: dict[int, str]) -> Entry:
    policy = version.policy
    names = []
    for language in ("zh-hans", "en"):
        with translation.override(language):
            names.append(policy.label)
    shop = shops.get(policy.shop_ref) if policy.shop_ref else None
    return Entry(
        stamp=_stamp(version),
        title=" · ".join([*names, shop] if shop else names),
        body="\n".join(part for part in (version.text, version.text_en, version.sources) if part),
        at=version.effective_from,  # type: ignore[arg-type]  # the database wants one of what is published
        shop_id=policy.shop_ref,
    )


def _visible(user: Any) -> Q | None:
    """What holds for all shops, and the own terms of the person's shops."""
    if not user.has_perm("knowledge.view_servicepolicy"):
        return None
    return Q() if user.has_perm("complaints.view_all_shops") else Q(shop_id=None) | Q(shop_id__in=shop_ids_of(user))


SOURCE = Source(
    kind=KIND, label=_("Service policies"), position=20, page="admin:knowledge_servicepolicy_version",
    after=_after, recent=_recent, read=_read, visible=_visible,
)  # fmt: skip
