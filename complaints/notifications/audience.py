"""Who hears of a clock: up the chain, past those who are absent (domain.md, section 4)."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from complaints.sla import ASSIGNEE, CHAIN

if TYPE_CHECKING:
    from complaints.queries.people import People


def audience(audience_roles: Iterable[str], assignee: Any, people: "People") -> list[Any]:
    """The persons who hear of a level, each once; `people` are those of the complaint's shop.

    A role without anybody present passes on to the next one up that has somebody. Where everybody up the chain is
    absent the nearest are told after all, and where there is nobody at all the owners: no alert is lost.
    """
    found: dict[int, Any] = {}
    for role in audience_roles:
        chain = [persons for step in CHAIN[CHAIN.index(role) :] if (persons := _persons(step, assignee, people))]
        there = ([person for person in persons if person.pk not in people.absent] for persons in chain)
        nearest = chain[0] if chain else []
        found.update({person.pk: person for person in next(filter(None, there), nearest)})
    return list(found.values()) or people.owners


def _persons(role: str, assignee: Any, people: "People") -> list[Any]:
    if role == ASSIGNEE:
        return [assignee] if assignee and assignee.is_active else []
    return people.roles.get(role, [])
