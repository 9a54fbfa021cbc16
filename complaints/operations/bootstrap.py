"""Roles, the first policies, and the first owner (idempotent)."""

import json
import secrets
from pathlib import Path
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.db.models import Q

from complaints.models import SlaPolicy, SlaTarget
from complaints.roles import ROLES
from complaints.sla import PAUSABLE, Kind
from knowledge.models import IssueType

OWNER = "owner"
CONTENT = Path(__file__).resolve().parent.parent / "content"


class UnknownPermission(Exception):
    """The table of roles names a permission that no model defines."""


def load_roles() -> int:
    """Make each role a group with exactly the permissions of the table; returns the number of groups changed."""
    changed = 0
    with transaction.atomic():
        known = _permissions()
        for role in ROLES.values():
            group, created = Group.objects.get_or_create(name=role.code)
            wanted = {known[name] for name in role.permissions}
            if created or wanted != set(group.permissions.values_list("pk", flat=True)):
                group.permissions.set(wanted)
                changed += 1
    return changed


def load_policies() -> int:
    """The default policies, where there is none at all; returns how many were added. Needs the issue types."""
    with transaction.atomic():
        if SlaPolicy.objects.exists():
            return 0
        content = json.loads((CONTENT / "policies.json").read_text(encoding="utf-8"))
        types = dict(IssueType.objects.values_list("code", "pk"))
        for position, values in enumerate(content["policies"], start=1):
            conditions = dict(values)
            # A code that is missing must not turn the policy into one for everything.
            chosen = [types[code] for code in conditions.pop("issue_types", ())]
            policy = SlaPolicy.objects.create(position=position, **conditions)
            policy.issue_types.set(chosen)
            SlaTarget.objects.bulk_create(_targets(policy, content["targets"][policy.priority]))
        return len(content["policies"])


def _targets(policy: SlaPolicy, budgets: dict[str, Any]) -> list[SlaTarget]:
    """One line for each kind of clock; a promise has no budget."""
    return [
        SlaTarget(
            policy=policy,
            kind=kind,
            budget_minutes=budgets.get(kind, {}).get("minutes"),
            working=budgets.get(kind, {}).get("working", False),
            pausable=kind in PAUSABLE,
        )
        for kind in Kind
    ]


def create_owner() -> tuple[str, str] | None:
    """The first owner's user name and password, which is shown once and stored nowhere; None if there is an owner."""
    users = get_user_model().objects
    if users.filter(is_superuser=True, is_active=True).exists():
        return None
    password = secrets.token_urlsafe(12)
    name = OWNER
    while users.filter(username=name).exists():
        name = f"{OWNER}{secrets.randbelow(1000)}"
    with transaction.atomic():
        owner = users.create_superuser(name, password=password)
        owner.groups.add(Group.objects.get(name="shop_manager"))
    return name, password


def _permissions() -> dict[str, int]:
    """Every permission named in the table -> its id. Raises UnknownPermission for a misspelt one."""
    names = {name for role in ROLES.values() for name in role.permissions}
    wanted = Q()
    for name in names:
        app, codename = name.split(".")
        wanted |= Q(content_type__app_label=app, codename=codename)
    rows = Permission.objects.filter(wanted).values_list("content_type__app_label", "codename", "pk")
    known = {f"{app}.{codename}": pk for app, codename, pk in rows}
    if missing := sorted(names - set(known)):
        raise UnknownPermission(", ".join(missing))
    return known
