"""Call-backs."""

from datetime import timedelta

import factory

from followups.models import FollowUp
from tests.factories.complaints import NOW, ComplaintFactory


class FollowUpFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = FollowUp

    complaint = factory.SubFactory(ComplaintFactory, awaiting_followup=True)
    round = factory.SelfAttribute("complaint.round")
    created_at = NOW
    due_at = NOW + timedelta(hours=24)

    class Params:
        satisfied = factory.Trait(status=FollowUp.Status.DONE, satisfaction=5, done_at=NOW, attempts=1)
        dissatisfied = factory.Trait(
            status=FollowUp.Status.DONE, satisfaction=2, comment="还是没收到", done_at=NOW, attempts=1
        )
        dropped = factory.Trait(status=FollowUp.Status.DROPPED)
        tried_twice = factory.Trait(attempts=2)
