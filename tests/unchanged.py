"""Whether anything was written about a complaint."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from complaints.models import (
    Alert,
    Approval,
    Complaint,
    ComplaintEvent,
    Contact,
    Deadline,
    Evidence,
    Inquiry,
    LiabilityShare,
    OutboxMessage,
    Promise,
    RecoveryClaim,
    Remedy,
)
from followups.models import FollowUp

_COLUMN = {Complaint: "pk__in", Approval: "remedy__complaint__in"}
_MODELS: tuple[Any, ...] = (
    Complaint, ComplaintEvent, Contact, Promise, Evidence, LiabilityShare, Remedy, Approval, Deadline, OutboxMessage,
    Alert, FollowUp, Inquiry, RecoveryClaim,
)  # fmt: skip


def everything_about(*cases: Complaint) -> dict[str, list[Any]]:
    """All rows of these complaints as plain values."""
    keys = [case.pk for case in cases]
    return {
        model.__name__: list(
            model.objects.filter(**{_COLUMN.get(model, "complaint__in"): keys}).order_by("pk").values()
        )
        for model in _MODELS
    }


@contextmanager
def nothing_written(*cases: Complaint) -> Iterator[None]:
    """Fail when the block leaves any row of these complaints different."""
    before = everything_about(*cases)
    yield
    assert everything_about(*cases) == before
