"""What the desk writes, beside the least that would do: registering a complaint."""

from itertools import count

from django.utils import timezone

from complaints.models import Complaint, Shop
from complaints.operations import intake
from knowledge.models import IssueType

_MARK = "benchmark"
_serial = count(1)


class Registering:
    """Complaints registered during the benchmark, by the operation or by the model alone."""

    def __init__(self) -> None:
        self.shop = Shop.objects.first()
        self.actor = self.shop.members.first()
        self.issue = IssueType.objects.filter(parent__isnull=False).first()

    def ours(self) -> None:
        """Customer, number, complaint, contact, clock, event."""
        serial = next(_serial)
        person = intake.Person(name="王小明", phone=f"188{serial:08d}")
        registration = intake.Registration(
            shop=self.shop, title=_MARK, channel="phone", description=_MARK, demand=_MARK, person=person,
            no_order_reason=_MARK, issue_type=self.issue, assignee=self.actor,
        )  # fmt: skip
        intake.register(registration, actor=self.actor, now=timezone.now())

    def bare(self) -> None:
        """The row of the complaint and nothing else."""
        now = timezone.now()
        Complaint.objects.create(
            number=f"B{next(_serial)}-{now:%H%M%S%f}", shop=self.shop, title=_MARK, channel="phone", description=_MARK,
            demand=_MARK, no_order_reason=_MARK, issue_type=self.issue, registered_by=self.actor, assignee=self.actor,
            received_at=now, round_started_at=now, created_at=now,
        )  # fmt: skip
