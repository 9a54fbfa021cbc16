"""Policies and calendars."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import factory

from complaints import sla
from complaints.models import SettingChange, SlaPolicy, SlaTarget, WorkCalendar
from complaints.queries.policy_drafts import Draft, Line, usual_lines
from complaints.sla import Kind


class PolicyFactory(factory.django.DjangoModelFactory):
    """`PolicyFactory(severities=["S4"], priority="P1", lines={"verification": {"budget_minutes": 60}})`."""

    class Meta:
        model = SlaPolicy
        skip_postgeneration_save = True

    name = factory.Sequence(lambda n: f"策略{n}")
    position = factory.Sequence(lambda n: n + 1)
    priority = "P3"

    class Params:
        switched_off = factory.Trait(active=False)

    @factory.post_generation
    def shops(self: Any, create: bool, extracted: Any, **kwargs: Any) -> None:
        self.shops.set(extracted or ())

    @factory.post_generation
    def issue_types(self: Any, create: bool, extracted: Any, **kwargs: Any) -> None:
        self.issue_types.set(extracted or ())

    @factory.post_generation
    def lines(self: Any, create: bool, extracted: Any, **kwargs: Any) -> None:
        """All nine kinds of clock, as they usually are, with what is given in `lines`."""
        changes = extracted or {}
        SlaTarget.objects.bulk_create(
            SlaTarget(policy=self, kind=kind, **line.plain() | changes.get(kind, {}))
            for kind, line in usual_lines(self.priority).items()
        )


class WorkCalendarFactory(factory.django.DjangoModelFactory):
    """Monday to Friday, 9 to 12 and 13 to 18, in Shanghai."""

    class Meta:
        model = WorkCalendar

    name = factory.Sequence(lambda n: f"日历{n}")

    class Params:
        default = factory.Trait(is_default=True)


def draft(**values: Any) -> Draft:
    """A new policy as the form gives it; `lines` are those of its priority."""
    values = {"name": "夜间投诉", "priority": "P2"} | values
    return Draft(**{"lines": usual_lines(values["priority"])} | values)


def quick(minutes: int, **values: Any) -> dict[str, Line]:
    """Every budget so many minutes."""
    return {
        kind: Line(budget_minutes=minutes if kind is not Kind.PROMISE else None, levels=sla.LEVELS, **values)
        for kind in Kind
    }


@contextmanager
def unwritten() -> Iterator[None]:
    """The list of policies, and the record of its changes, stay as they were."""
    before = _everything()
    yield
    assert _everything() == before


def _everything() -> list[list[Any]]:
    tables = (SlaPolicy, SlaTarget, SettingChange, SlaPolicy.shops.through, SlaPolicy.issue_types.through)
    return [list(table.objects.order_by("pk").values()) for table in tables]
