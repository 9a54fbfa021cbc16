"""Managers change the policies: each change one transaction, with its record, and the open complaints follow.

The list is locked as a whole: who moves one policy moves the others, too.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from complaints.models import SettingChange, SlaPolicy, SlaTarget
from complaints.queries.policy_drafts import Draft, draft_of, in_place
from complaints.refusals import Refused

from .reapplying import policies_changed

SUBJECT = "slapolicy"
LONGEST_NAME = 60


class PolicyChanged(Refused):
    message = _("Somebody else has changed this policy meanwhile. Compare with what is stored now, then send again.")


class NameTaken(Refused):
    message = _("There is a policy “%(name)s” already. Choose another name.")


def create(draft: Draft, *, before: int | None, actor: Any, now: datetime) -> SlaPolicy:
    """A new policy at its place in the list, the last one where `before` is none. Raises NameTaken."""
    with _list() as policies:
        _check_name(draft.name, policies.values())
        policy = SlaPolicy(position=len(policies) + 1)
        _write(policy, draft)
        _place(policies | {policy.pk: policy}, policy, before=before)
        _record(policy, {name: [None, value] for name, value in draft.plain().items() if value}, actor=actor, now=now)
        if policy.active:
            policies_changed([policy.pk], now=now)
    return policy


def change(
    policy_id: int, draft: Draft, *, before: int | None, seen: str, actor: Any, now: datetime
) -> dict[str, list[Any]]:
    """Change a policy as its form says, and its place. Returns name -> [old, new]; nothing was written if empty.

    `seen` is the fingerprint of what the form was made of. Raises PolicyChanged, NameTaken, SlaPolicy.DoesNotExist.
    """
    with _list() as policies:
        policy = _chosen(policies, policy_id)
        stored = draft_of(policy)
        if stored.fingerprint() != seen:
            raise PolicyChanged
        _check_name(draft.name, [one for one in policies.values() if one != policy])
        changes = _differences(stored.plain(), draft.plain())
        if changes:
            _write(policy, draft)
        changes |= _place(policies, policy, before=before)
        if changes:
            _record(policy, changes, actor=actor, now=now)
        if changes and (stored.active or draft.active):
            policies_changed([policy.pk], now=now)
    return changes


def move(policy_id: int, *, steps: int, actor: Any, now: datetime) -> bool:
    """Move a policy so many places down the list, or up; whether it moved. Raises SlaPolicy.DoesNotExist."""
    with _list() as policies:
        policy = _chosen(policies, policy_id)
        others = [pk for pk in policies if pk != policy_id]
        goal = list(policies).index(policy_id) + steps
        if not 0 <= goal <= len(others):
            return False
        changes = _place(policies, policy, before=others[goal] if goal < len(others) else None)
        if changes:
            _record(policy, changes, actor=actor, now=now)
        if changes and policy.active:
            policies_changed([policy.pk], now=now)
    return bool(changes)


def activate(policy_id: int, *, active: bool, actor: Any, now: datetime) -> bool:
    """Switch a policy on or off; whether that changed anything. Raises SlaPolicy.DoesNotExist."""
    with _list() as policies:
        policy = _chosen(policies, policy_id)
        if policy.active == active:
            return False
        policy.active = active
        policy.save(update_fields=["active"])
        _record(policy, {"active": [not active, active]}, actor=actor, now=now)
        policies_changed([policy.pk], now=now)
    return True


def copy(policy_id: int, *, actor: Any, now: datetime) -> SlaPolicy:
    """A copy right after the policy, switched off until somebody has made something else of it."""
    with _list() as policies:
        original = _chosen(policies, policy_id)
        names = {policy.name for policy in policies.values()}
        draft = replace(draft_of(original), name=_free_name(original.name, names), active=False)
        following = [pk for pk, one in policies.items() if (one.position, pk) > (original.position, original.pk)]
        policy = SlaPolicy(position=len(policies) + 1)
        _write(policy, draft)
        _place(policies | {policy.pk: policy}, policy, before=following[0] if following else None)
        _record(policy, {"copied_from": [None, original.name]}, actor=actor, now=now)
    return policy


@contextmanager
def _list() -> Iterator[dict[int, SlaPolicy]]:
    """Id -> policy, in order; nobody else changes the list until the transaction ends.

    NO KEY: a complaint that is registered meanwhile may name one of them.
    """
    with transaction.atomic():
        rows = SlaPolicy.objects.select_for_update(no_key=True).prefetch_related("shops", "issue_types", "targets")
        policies = sorted(rows.order_by("pk"), key=lambda policy: (policy.position, policy.pk))
        yield {policy.pk: policy for policy in policies}


def _chosen(policies: Mapping[int, SlaPolicy], policy_id: int) -> SlaPolicy:
    if policy_id not in policies:
        raise SlaPolicy.DoesNotExist
    return policies[policy_id]


def _check_name(name: str, others: Any) -> None:
    if name in {policy.name for policy in others}:
        raise NameTaken(name=name)


def _free_name(name: str, taken: set[str]) -> str:
    """“Name 2”, or the first number that is free."""
    number = 2
    while (free := f"{name[: LONGEST_NAME - 4]} {number}") in taken:
        number += 1
    return free


def _write(policy: SlaPolicy, draft: Draft) -> None:
    for name, value in draft.columns().items():
        setattr(policy, name, value)
    policy.save()
    policy.shops.set(draft.shops)
    policy.issue_types.set(draft.issue_types)
    SlaTarget.objects.bulk_create(
        [SlaTarget(policy=policy, kind=kind, **line.plain()) for kind, line in draft.lines.items()],
        update_conflicts=True,
        unique_fields=["policy", "kind"],
        update_fields=["budget_minutes", "working", "pausable", "levels"],
    )


def _place(policies: Mapping[int, SlaPolicy], policy: SlaPolicy, *, before: int | None) -> dict[str, list[Any]]:
    """Number the list anew with the policy at its place; how its own number changed.

    A policy that is to stand before itself stays where it is.
    """
    order = list(policies)
    if before != policy.pk:
        order = [pk for pk, _other in in_place(list(policies.values()), moved=policy.pk, before=before)]
    old, moved = list(policies).index(policy.pk) + 1, []
    for position, pk in enumerate(order, start=1):
        if policies[pk].position != position:
            policies[pk].position = position
            moved.append(policies[pk])
    SlaPolicy.objects.bulk_update(moved, ["position"])
    new = order.index(policy.pk) + 1
    return {"position": [old, new]} if old != new else {}


def _differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, list[Any]]:
    names = [*old, *(name for name in new if name not in old)]
    return {name: [old.get(name), new.get(name)] for name in names if old.get(name) != new.get(name)}


def _record(policy: SlaPolicy, changes: dict[str, list[Any]], *, actor: Any, now: datetime) -> None:
    SettingChange.objects.create(
        at=now, actor=actor, subject=SUBJECT, subject_id=policy.pk, name=policy.name, changes=changes
    )
