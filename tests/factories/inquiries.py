"""Departments, what they are asked, and claims."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import factory

from complaints.models import Department, Inquiry, RecoveryClaim
from tests.factories.complaints import NOW, ComplaintFactory


class DepartmentFactory(factory.django.DjangoModelFactory):
    """`DepartmentFactory(members=[user])`."""

    class Meta:
        model = Department
        skip_postgeneration_save = True

    code = factory.Sequence(lambda n: f"D{n}")
    name = factory.Sequence(lambda n: f"仓储{n}")
    name_en = factory.Sequence(lambda n: f"Warehouse {n}")

    class Params:
        closed = factory.Trait(active=False)

    @factory.post_generation
    def members(self: Any, create: bool, extracted: Any, **kwargs: Any) -> None:
        for person in extracted or ():
            self.members.add(person)


class InquiryFactory(factory.django.DjangoModelFactory):
    """A bare row without a clock; for lists and constraints. Use `operations.inquiries.ask` for a living one."""

    class Meta:
        model = Inquiry

    complaint = factory.SubFactory(ComplaintFactory)
    department = factory.SubFactory(DepartmentFactory)
    question = factory.Sequence(lambda n: f"第 {n} 箱装箱照片还在吗？")
    asked_at = NOW
    due_at = NOW + timedelta(hours=24)

    class Params:
        overdue = factory.Trait(asked_at=NOW - timedelta(days=2), due_at=NOW - timedelta(hours=1))
        answered = factory.Trait(status="answered", answer="在，已发群里", answered_at=NOW)
        withdrawn = factory.Trait(status="withdrawn", reason="客户已自行解决")


class RecoveryClaimFactory(factory.django.DjangoModelFactory):
    """A bare row without a clock."""

    class Meta:
        model = RecoveryClaim

    complaint = factory.SubFactory(ComplaintFactory)
    name = "中通"
    amount = Decimal("199.00")
    filed_at = NOW
    due_at = NOW + timedelta(days=7)

    class Params:
        recovered = factory.Trait(status="recovered", recovered_amount=Decimal("150.00"), settled_at=NOW)
        lost = factory.Trait(status="lost", settled_at=NOW, note="已签收无异常")
