"""Rules of remedies: what each kind needs to be carried out, and who must approve which cost (R5.3, R5.6). Pure."""

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum


class Kind(StrEnum):
    RESHIP = "reship"
    REFUND = "refund"
    PARTIAL_REFUND = "partial_refund"
    RETURN_REFUND = "return_refund"
    EXCHANGE = "exchange"
    COUPON = "coupon"
    GIFT = "gift"
    COMPENSATION = "compensation"
    APOLOGY_CALL = "apology_call"
    OTHER = "other"


class Level(StrEnum):
    L0 = "L0"
    L1 = "L1"
    L2 = "L2"
    L3 = "L3"
    LX = "LX"


_PARCEL = ("courier", "tracking_number", "eta")
_PAYMENT = ("actual_cost", "reference")

REQUIRED_FACTS: dict[Kind, tuple[str, ...]] = {
    Kind.RESHIP: _PARCEL,
    Kind.GIFT: _PARCEL,
    Kind.EXCHANGE: (*_PARCEL, "return_tracking"),
    Kind.REFUND: _PAYMENT,
    Kind.PARTIAL_REFUND: _PAYMENT,
    Kind.COMPENSATION: _PAYMENT,
    Kind.RETURN_REFUND: (*_PAYMENT, "return_tracking", "inspection"),
    Kind.COUPON: ("coupon_code",),
    Kind.APOLOGY_CALL: ("execution_note",),
    Kind.OTHER: ("execution_note",),
}
"""Facts without which a remedy of this kind is not carried out."""

SIGNATURES: dict[Level, tuple[str, ...]] = {
    Level.L0: (),
    Level.L1: ("approve_l1",),
    Level.L2: ("approve_l2",),
    Level.L3: ("approve_l3", "approve_finance"),
    Level.LX: ("approve_l3", "approve_legal"),
}
"""Permissions that must each have signed before an option of this level is offered."""

WHOLE_REFUNDS = frozenset({Kind.REFUND, Kind.RETURN_REFUND})

L0_LIMIT, L0_SHARE = Decimal(20), Decimal("0.20")
L1_LIMIT = Decimal(100)
L2_LIMIT = Decimal(500)
WHATEVER_THE_AMOUNT = frozenset({"SAFE", "AUTH"})
"""Issue types (first level) on which no single desk decides."""


def amount_at_stake(kind: str, cost: Decimal, paid: Decimal | None) -> Decimal:
    """What an option of this kind may cost: a whole refund is never less than what the customer paid."""
    return max(cost, paid) if paid is not None and Kind(kind) in WHOLE_REFUNDS else cost


def approval_level(cost: Decimal, paid: Decimal | None, *, issue_root: str, priority: str) -> Level:
    """The level an estimated cost needs; `paid` is what the customer paid, None if unknown.

    Without a known payment the 20 % rule of L0 cannot be shown to hold, so any cost needs a team lead.
    """
    if issue_root in WHATEVER_THE_AMOUNT or priority == "P1":
        return Level.LX
    if cost == 0 or (cost <= L0_LIMIT and paid is not None and cost <= paid * L0_SHARE):
        return Level.L0
    if cost <= L1_LIMIT:
        return Level.L1
    if cost <= L2_LIMIT:
        return Level.L2
    return Level.L3


def missing_facts(kind: str, facts: Mapping[str, object]) -> tuple[str, ...]:
    """Names of the required facts that are empty."""
    return tuple(name for name in REQUIRED_FACTS[Kind(kind)] if facts.get(name) in (None, ""))
