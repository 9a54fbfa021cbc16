"""What the pages about service policies show: the table of shops and matters, one policy, its history in words."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Prefetch, QuerySet
from django.utils import formats, timezone
from django.utils.translation import gettext_lazy as _

from complaints.models import Shop
from knowledge.marking import by_line
from knowledge.models import ServicePolicy, ServicePolicyEvent, ServicePolicyVersion
from knowledge.operations.service_policies import LENGTH, TEXTS
from knowledge.policy_terms import Block, Written, blocks, in_force, left_behind, published_mark
from knowledge.queries import reply_findings, terms_before
from knowledge.versioning import Status

from .phrase_pages import Marked, marked

EVENTS_SHOWN = 100

KINDS = {
    "created": _("created the policy"),
    "written": _("changed the draft"),
    "submitted": _("handed the draft over for review"),
    "sent_back": _("sent the draft back"),
    "published": _("published"),
    "discarded": _("discarded the draft"),
    "restored": _("began a draft with an older text"),
    "cancelled": _("took it back before its day"),
    "withdrawn": _("withdrew the policy"),
}


def visible(user: Any) -> QuerySet[ServicePolicy]:
    """What holds for all shops, and the own policies of the person's shops."""
    return ServicePolicy.objects.of_shops(Shop.objects.visible_to(user).values("pk"))


@dataclass(frozen=True, slots=True)
class Row:
    """A policy at a moment; `shop` None: for all."""

    policy: ServicePolicy
    shop: Shop | None
    versions: Sequence[ServicePolicyVersion]
    """The latest first."""
    now: datetime

    @property
    def before(self) -> ServicePolicyVersion | None:
        """What customers read before a new version; one query."""
        return terms_before(self.policy.kind, self.policy.shop_ref)

    @property
    def current(self) -> ServicePolicyVersion | None:
        return in_force(self.versions, self.now)

    @property
    def waiting(self) -> list[ServicePolicyVersion]:
        """Published for a day to come, the next first."""
        return [one for one in reversed(self.versions) if one.waits(self.now)]

    @property
    def draft(self) -> ServicePolicyVersion | None:
        return next((one for one in self.versions if one.is_open), None)

    @property
    def published(self) -> bool:
        return self.current is not None or bool(self.waiting)

    @property
    def published_mark(self) -> str:
        """What a person who withdraws the policy has seen of it."""
        return published_mark(one for one in self.versions if one.status == Status.PUBLISHED)


@dataclass(frozen=True, slots=True)
class ShopLine:
    """One shop in the table (None: all shops), with a cell for each matter: a row, or None where it has no own."""

    shop: Shop | None
    cells: list[tuple[str, Any, Row | None]] = field(default_factory=list)


def table(user: Any, *, now: datetime) -> list[ShopLine]:
    """All shops first, then each visible one; a constant number of queries."""
    shops = list(Shop.objects.visible_to(user).order_by("-active", "code"))
    versions = ServicePolicyVersion.objects.without_text().select_related("policy").order_by("-number")
    policies = visible(user).prefetch_related(Prefetch("versions", versions, "kept"))
    known = {(one.shop_ref, one.kind): one for one in policies}
    return [ShopLine(shop, [_cell(known, shop, kind, now) for kind in ServicePolicy.Kind]) for shop in (None, *shops)]


def _cell(known: dict[Any, Any], shop: Shop | None, kind: Any, now: datetime) -> tuple[str, Any, Row | None]:
    policy = known.get((shop.pk if shop else None, kind.value))
    return kind.value, kind.label, Row(policy, shop, policy.kept, now) if policy else None


def row(user: Any, policy_id: int, *, now: datetime) -> Row | None:
    """One policy, if the person may see it."""
    policy = visible(user).filter(pk=policy_id).first()
    if policy is None:
        return None
    shop = Shop.objects.select_related("calendar").get(pk=policy.shop_ref) if policy.shop_ref else None
    versions = policy.versions.select_related("policy", "author", "published_by").order_by("-number")
    return Row(policy, shop, list(versions), now)


def version(user: Any, version_id: int | None) -> ServicePolicyVersion | None:
    """One version of a policy that the person may see."""
    rows = ServicePolicyVersion.objects.filter(policy__in=visible(user), pk=version_id)
    return rows.select_related("policy", "author", "published_by").first()


@dataclass(frozen=True, slots=True)
class Look:
    """A text as its page shows it, in one language."""

    language: str
    blocks: list[Block]


def looks(terms: Written) -> list[Look]:
    both = (("zh-hans", terms.text), ("en", terms.text_en))
    return [Look(language, found) for language, words in both if (found := blocks(words))]


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a text with what the phrase rules found in it."""

    number: int
    marked: Marked


@dataclass(frozen=True, slots=True)
class Checks:
    """What there is to say against terms: `lines` by language, and which text stayed as it was."""

    lines: list[tuple[Any, list[Line]]]
    stays: str

    @property
    def stays_label(self) -> Any:
        return TEXTS.get(self.stays, "")

    @property
    def blocked(self) -> bool:
        return any(line.marked.blocking for _label, lines in self.lines for line in lines)


def checks(terms: Written, *, before: ServicePolicyVersion | None, now: datetime) -> Checks:
    """Both texts as the rules in force mark them, as far as they may go, beside what customers read `before`."""
    found = []
    for name, label in TEXTS.items():
        text = getattr(terms, name)[:LENGTH]
        lines = by_line(text, reply_findings(text, now=now))
        if lines:
            found.append((label, [Line(number, marked(words, several)) for number, words, several in lines]))
    return Checks(found, left_behind(before, terms))


def history(policy: ServicePolicy) -> list[ServicePolicyEvent]:
    """What was done to the policy, the latest first, each with its words."""
    events = list(policy.events.select_related("actor", "version")[:EVENTS_SHOWN])
    for event in events:
        event.words = KINDS.get(event.kind, event.kind)
        event.begins = _moment(event.changes.get("effective_from", ""))
        event.stays = TEXTS.get(event.changes.get("stays", ""), "")
    return events


def _moment(text: str) -> str:
    if not text:
        return ""
    return formats.date_format(timezone.localtime(datetime.fromisoformat(text)), "DATETIME_FORMAT")
