"""The demo company itself: its shops, and staff in every role."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group

from complaints.models import Shop

HERE = Path(__file__).resolve().parent
SEED = 20261120


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """Shops by code and staff by user name; `roles` has the user names of each role in the order of hiring."""

    shops: Mapping[str, Shop]
    staff: Mapping[str, Any]
    roles: Mapping[str, list[str]]
    members: Mapping[str, frozenset[str]]

    def of_role(self, role: str, shop: Shop) -> list[Any]:
        """The people of this role who work for the shop."""
        return [self.staff[name] for name in self.roles[role] if name in self.members[shop.code]]


def read(name: str) -> Any:
    """One of the data files of this room."""
    return json.loads((HERE / name).read_text(encoding="utf-8"))


def dice() -> Random:
    """Chance that falls the same way each time; nothing secret is drawn from it."""
    return Random(SEED)  # noqa: S311  # nosec B311


def found(record: Mapping[str, Any], *, password: str) -> Company:
    """Open the shops and hire the staff, who all log in with the same password."""
    shops = {
        entry["code"]: Shop.objects.create(code=entry["code"], name=entry["name"], platform=entry["platform"])
        for entry in record["shops"]
    }
    # Hashed once: a hash for each of them would take longer than everything else together.
    encoded = make_password(password)
    staff = {entry["username"]: _hire(entry, encoded) for entry in record["staff"]}
    members: dict[str, set[str]] = {code: set() for code in shops}
    roles: dict[str, list[str]] = {}
    for entry in record["staff"]:
        roles.setdefault(entry["role"], []).append(entry["username"])
        for code in entry["shops"]:
            members[code].add(entry["username"])
    for code, names in members.items():
        shops[code].members.set([staff[name] for name in names])
    return Company(
        shops=shops, staff=staff, roles=roles, members={code: frozenset(names) for code, names in members.items()}
    )


def _hire(entry: Mapping[str, Any], encoded: str) -> Any:
    person = get_user_model().objects.create(
        username=entry["username"],
        last_name=entry["family_name"],
        first_name=entry["given_name"],
        email=entry["email"],
        password=encoded,
        is_staff=True,
    )
    person.groups.add(Group.objects.get(name=entry["role"]))
    return person
