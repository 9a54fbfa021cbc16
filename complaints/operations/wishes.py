"""How people want to be told of their alerts."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction

from complaints.models import AlertPreference, Robot


def set_wishes(user: Any, *, robots: Iterable[int], **values: Any) -> AlertPreference:
    """How this person wants to be told, and by which of the robots that the person may join.

    Other robots keep the person as they do: who set them up decides about those.
    """
    with transaction.atomic():
        preference, _created = AlertPreference.objects.update_or_create(user=user, defaults=values)
        offered = set(joinable(user).values_list("pk", flat=True))
        chosen = offered & set(robots)
        user.robots.add(*chosen)
        user.robots.remove(*(offered - chosen))
    return preference


def joinable(user: Any) -> Any:
    """The robots that may tell this person's alerts."""
    return Robot.objects.visible_to(user).filter(active=True)
