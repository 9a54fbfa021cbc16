"""Terms of shops, published and waiting."""

from datetime import datetime
from typing import Any

from knowledge.models import ServicePolicy, ServicePolicyVersion
from knowledge.versioning import Status


def published(
    kind: str, *, since: datetime, shop: Any = None, until: datetime | None = None, **values: Any
) -> ServicePolicyVersion:
    """One more version of this matter; `until` for one that was withdrawn."""
    policy, _ = ServicePolicy.objects.get_or_create(kind=kind, shop_ref=shop.pk if shop else None)
    number = policy.versions.count() + 1
    values = {"text": f"条款第{number}版", "text_en": f"Terms {number}"} | values
    status = Status.RETIRED if until else Status.PUBLISHED
    return ServicePolicyVersion.objects.create(
        policy=policy, number=number, status=status, effective_from=since, ended_at=until, **values
    )
