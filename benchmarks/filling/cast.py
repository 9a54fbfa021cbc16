"""The company in which the complaints happen: shops, staff in their roles, issue types; a few dozen rows by the ORM."""

from dataclasses import dataclass

from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group

from complaints.models import Shop
from complaints.operations.bootstrap import load_roles
from knowledge.models import IssueType
from knowledge.operations.bootstrap import load_content

from . import texts

AGENTS_PER_SHOP = 7
SHARED = {
    "supervisor": 4, "shop_manager": 2, "finance": 2, "legal": 1, "quality_inspector": 1, "auditor": 1,
    "knowledge_manager": 1,
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A shop with the ids of the people who work on its complaints."""

    shop: int
    platform: str
    agents: tuple[int, ...]
    lead: int
    supervisors: tuple[int, ...]
    managers: tuple[int, ...]
    signers: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    id: int
    name: str
    root: str


def hire() -> tuple[list[Place], list[Issue]]:
    """Make shops, roles, 60 people and issue types; nobody has a password. Returns shops with staff, and issues."""
    load_roles()
    load_content()
    shared = {role: [_person(role, n, []) for n in range(count)] for role, count in SHARED.items()}
    shops = [
        Shop.objects.get_or_create(code=code, defaults={"name": name, "platform": platform})[0]
        for code, name, platform in texts.SHOPS
    ]
    places = []
    for place, shop in enumerate(shops):
        # The last two of each shop help out in the next one.
        nearby = shops[(place + 1) % len(shops)]
        agents = [
            _person("agent", place * AGENTS_PER_SHOP + n, [shop, nearby] if n >= AGENTS_PER_SHOP - 2 else [shop])
            for n in range(AGENTS_PER_SHOP)
        ]
        lead = _person("team_lead", place, [shop])
        places.append(_place(shop, agents, lead, shared))
    types = IssueType.objects.filter(parent__isnull=False, active=True).select_related("parent").order_by("code")
    return places, [Issue(id=kind.pk, name=kind.name, root=kind.root_code) for kind in types]


def _place(shop: Shop, agents: list[int], lead: int, shared: dict[str, list[int]]) -> Place:
    return Place(
        shop=shop.pk,
        platform=shop.platform,
        agents=tuple(agents),
        lead=lead,
        supervisors=tuple(shared["supervisor"]),
        managers=tuple(shared["shop_manager"]),
        signers={
            "approve_l1": lead,
            "approve_l2": shared["supervisor"][0],
            "approve_l3": shared["shop_manager"][0],
            "approve_finance": shared["finance"][0],
            "approve_legal": shared["legal"][0],
        },
    )


def _person(role: str, number: int, shops: list[Shop]) -> int:
    name = f"{role}{number + 1:02d}"
    person, _created = get_user_model().objects.get_or_create(
        username=name,
        defaults={
            "first_name": f"{texts.GIVEN_FIRST[number % 20]}{texts.GIVEN_LAST[number * 3 % 20]}",
            "last_name": texts.SURNAMES[(number * 7 + len(role)) % len(texts.SURNAMES)],
            "email": f"{name}@staff.example",
            "is_staff": True,
            "password": make_password(None),
        },
    )
    person.groups.add(Group.objects.get(name=role))
    for shop in shops:
        shop.members.add(person)
    return person.pk
