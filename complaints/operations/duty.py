"""What leads enter about the people of their shops: skills, shifts, limits, and which shops give out cases (R7.3)."""

from datetime import datetime
from typing import Any

from django.db import transaction

from complaints import waking
from complaints.models import DutyProfile, Shop

from .changelog import record_change

GIVE_OUT = "complaints.tasks.give_out"
PLAIN = ("takes_new_cases", "limit", "week")


@transaction.atomic
def enter(
    user: Any, *, takes_new_cases: bool, limit: int, skills: Any, week: list[Any], actor: Any, now: datetime
) -> DutyProfile:
    """Say what a person handles, when, and how much of it; the form has checked it. What waits is given out at once."""
    profile = DutyProfile.objects.select_for_update().filter(user=user).first()
    is_new = profile is None
    profile = profile or DutyProfile(user=user)
    typed = {"takes_new_cases": takes_new_cases, "limit": limit, "week": [list(map(list, day)) for day in week]}
    before = {name: getattr(profile, name) for name in PLAIN} | {"skills": [] if is_new else _codes(profile)}
    for name, value in typed.items():
        setattr(profile, name, value)
    profile.save()
    profile.skills.set(skills)
    after = typed | {"skills": _codes(profile)}
    if is_new:
        before["takes_new_cases"] = None  # what held was the role's own
    changes = {name: [before[name], after[name]] for name in after if before[name] != after[name]}
    if changes:
        record_change(profile, changes, actor=actor, now=now)
        wake()
    return profile


def _codes(profile: DutyProfile) -> list[str]:
    return list(profile.skills.order_by("position", "code").values_list("code", flat=True))


@transaction.atomic
def switch(shop_id: int, *, on: bool, actor: Any, now: datetime) -> Shop:
    """Let the shop give out new cases by itself, or not. Raises Shop.DoesNotExist."""
    shop = Shop.objects.select_for_update().get(pk=shop_id)
    if shop.allots_cases != on:
        shop.allots_cases = on
        shop.save(update_fields=["allots_cases"])
        switched(shop, actor=actor, now=now)
    return shop


def switched(shop: Shop, *, actor: Any, now: datetime) -> None:
    """The shop has just been switched over; called in the transaction of that."""
    record_change(shop, {"allots_cases": [not shop.allots_cases, shop.allots_cases]}, actor=actor, now=now)
    wake()


def wake() -> None:
    """What waits finds somebody soon, and not only at the next tick."""
    transaction.on_commit(lambda: waking.wake(GIVE_OUT), robust=True)
