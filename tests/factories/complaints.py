"""Rows of the case, and `complaint_in`: a complaint brought to any stage by the real operations."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import factory

from complaints import sla
from complaints.lifecycle import State
from complaints.models import (
    Alert,
    Channel,
    Complaint,
    Contact,
    Customer,
    Deadline,
    Evidence,
    LiabilityShare,
    Order,
    OrderLine,
    OutboxMessage,
    Promise,
    Remedy,
    Shop,
)
from complaints.operations import intake, merging, progress, remedies, verification
from complaints.operations.customers import Person
from complaints.operations.intake import Registration
from complaints.operations.promises import Promised
from followups.operations import callback
from knowledge.models import IssueType

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)


class ShopFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Shop

    code = factory.Sequence(lambda n: f"shop{n}")
    name = factory.Sequence(lambda n: f"店铺{n}")
    platform = "taobao"

    class Params:
        closed_down = factory.Trait(active=False)


class CustomerFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Customer

    platform = "taobao"
    name = "王小明"
    phone = factory.Sequence(lambda n: f"138{n:08d}")
    email = factory.Sequence(lambda n: f"buyer{n}@mail.example")
    buyer = factory.Sequence(lambda n: f"tb_buyer_{n}")
    created_at = NOW

    class Params:
        anonymous = factory.Trait(name="", phone="", email="", buyer="")
        without_address = factory.Trait(email="")


class OrderFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Order
        skip_postgeneration_save = True

    shop = factory.SubFactory(ShopFactory)
    number = factory.Sequence(lambda n: f"2026112000000{n:06d}")
    customer = factory.SubFactory(CustomerFactory)
    paid_amount = Decimal("199.00")
    courier = "中通"
    updated_at = NOW

    class Params:
        unpaid = factory.Trait(paid_amount=None)
        of_nobody = factory.Trait(customer=None)

    @factory.post_generation
    def lines(self: Any, create: bool, extracted: Any, **kwargs: Any) -> None:
        for position in range(1, (extracted or 1) + 1):
            OrderLineFactory(order=self, position=position)


class OrderLineFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = OrderLine

    order = factory.SubFactory(OrderFactory)
    position = 1
    title = "胡桃木书桌 120 cm"
    amount = Decimal("199.00")


class ComplaintFactory(factory.django.DjangoModelFactory):
    """A bare row, without history or clocks; for lists and constraints. Use `complaint_in` for a living case."""

    class Meta:
        model = Complaint

    number = factory.Sequence(lambda n: f"A20261101-{n:05d}")
    shop = factory.SubFactory(ShopFactory)
    title = "书桌桌面划痕"
    channel = Channel.PLATFORM_CHAT
    received_at = NOW
    round_started_at = NOW
    created_at = NOW
    next_due_at = NOW + timedelta(hours=2)

    class Params:
        overdue = factory.Trait(next_due_at=NOW - timedelta(minutes=1))
        without_clock = factory.Trait(next_due_at=None)
        executing = factory.Trait(state=State.EXECUTING)
        awaiting_followup = factory.Trait(state=State.AWAITING_FOLLOWUP, resolved_at=NOW)
        closed = factory.Trait(state=State.CLOSED, resolved_at=NOW, closed_at=NOW, next_due_at=None)
        withdrawn = factory.Trait(state=State.WITHDRAWN, closed_at=NOW, next_due_at=None)


class ContactFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Contact

    complaint = factory.SubFactory(ComplaintFactory)
    direction = Contact.Direction.IN
    channel = Channel.PLATFORM_CHAT
    body = "什么时候处理？"
    at = NOW

    class Params:
        reply = factory.Trait(direction=Contact.Direction.OUT, body="我们正在核实。")
        acknowledgement = factory.Trait(direction=Contact.Direction.OUT, body="已收到您的反馈。", automatic=True)
        internal = factory.Trait(direction=Contact.Direction.INTERNAL, channel="", body="仓库说是包装问题")


class PromiseFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Promise

    complaint = factory.SubFactory(ComplaintFactory)
    text = "今天 18 点前回复"
    made_at = NOW
    due_at = NOW + timedelta(hours=4)


class EvidenceFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Evidence

    complaint = factory.SubFactory(ComplaintFactory)
    reference = "QC-2026-0815"
    at = NOW


class LiabilityShareFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = LiabilityShare

    complaint = factory.SubFactory(ComplaintFactory)
    party = LiabilityShare.Party.CARRIER
    percent = 100


class RemedyFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Remedy

    complaint = factory.SubFactory(ComplaintFactory)
    round = factory.SelfAttribute("complaint.round")
    label = factory.Sequence(lambda n: "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[n % 26])
    kind = Remedy.Kind.COUPON
    text = "20 元无门槛优惠券"
    estimated_cost = Decimal("10.00")
    approval_level = "L0"

    class Params:
        offered = factory.Trait(status=Remedy.Status.OFFERED)
        chosen = factory.Trait(status=Remedy.Status.CHOSEN, chosen_at=NOW)
        large = factory.Trait(estimated_cost=Decimal("800.00"), approval_level="L3", kind=Remedy.Kind.REFUND)


class DeadlineFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Deadline

    complaint = factory.SubFactory(ComplaintFactory)
    kind = Deadline.Kind.FIRST_RESPONSE
    priority = "P3"
    started_at = NOW
    due_at = NOW + timedelta(hours=2)
    budget = factory.LazyAttribute(lambda clock: clock.due_at - clock.started_at)
    levels = factory.LazyAttribute(
        lambda clock: [
            [level, (clock.started_at + (clock.due_at - clock.started_at) * level / 100).isoformat(), list(audience)]
            for level, audience in sla.LEVELS
        ]
    )
    next_alert_at = NOW + timedelta(hours=1)

    class Params:
        met = factory.Trait(met_at=NOW + timedelta(minutes=30), next_alert_at=None)
        stopped = factory.Trait(stopped_at=NOW + timedelta(minutes=30), next_alert_at=None)
        overdue = factory.Trait(started_at=NOW - timedelta(hours=3), due_at=NOW - timedelta(hours=1))


class AlertFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Alert

    complaint = factory.SubFactory(ComplaintFactory)
    kind = Deadline.Kind.FIRST_RESPONSE
    level = 100
    due_at = NOW
    dedup_key = factory.Sequence(lambda n: f"alert:{n}")
    created_at = NOW

    class Params:
        seen = factory.Trait(seen_at=NOW)


class OutboxMessageFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = OutboxMessage

    complaint = factory.SubFactory(ComplaintFactory)
    audience = OutboxMessage.Audience.CUSTOMER
    address = "buyer@mail.example"
    subject = "关于您的投诉"
    body = "您好，我们正在核实。"
    dedup_key = factory.Sequence(lambda n: f"message:{n}")
    message_id = factory.Sequence(lambda n: f"<{n}@desk.example>")
    next_attempt_at = NOW
    created_at = NOW

    class Params:
        dead = factory.Trait(status=OutboxMessage.Status.DEAD, attempt=6, last_error="550 no such user")
        maybe_sent = factory.Trait(status=OutboxMessage.Status.UNCERTAIN, attempt=1)
        sent = factory.Trait(status=OutboxMessage.Status.SENT, attempt=1, sent_at=NOW)


# ---------------------------------------------------------------- a living case

PROMISE = timedelta(hours=4)
OPTIONS = (
    {"kind": "reship", "text": "补发一张新桌面，48 小时内寄出", "cost": Decimal("15.00")},
    {"kind": "partial_refund", "text": "部分退款 20 元，桌面留用", "cost": Decimal("20.00")},
)
CARRIED_OUT = {
    "reship": {"courier": "顺丰", "tracking_number": "SF1234567890", "eta": (NOW + timedelta(days=2)).date()},
    "partial_refund": {"actual_cost": Decimal("20.00"), "reference": "ALI-2026-77"},
}


def registration(shop: Shop, **values: Any) -> Registration:
    """A complete template about a matter of its own: nothing of it blocks acceptance. Keyword values override."""
    if "order" not in values:
        values["order"] = OrderFactory(shop=shop, customer__platform=shop.platform)
    code = values.pop("issue_code", "LOGI-03")
    complete: dict[str, Any] = {
        "title": "书桌桌面划痕",
        "channel": Channel.PLATFORM_CHAT,
        "description": "收到的桌子桌面有两道划痕，要求处理。",
        "demand": "换一张新的桌面",
        "person": Person(),
        "issue_type": IssueType.objects.filter(code=code).select_related("parent").first(),
        "separate": True,
    }
    return Registration(shop=shop, **complete | values)


def registered(shop: Shop, *, actor: Any, now: datetime = NOW, **values: Any) -> Complaint:
    """A new complaint, registered by the operation."""
    values.setdefault("assignee", actor)
    return intake.register(registration(shop, **values), actor=actor, now=now)


def accept(case: Complaint, who: dict[str, Any]) -> Any:
    promise = Promised(text="今天内给您方案", due_at=who["now"] + PROMISE)
    return progress.accept(case.pk, body="非常抱歉，我们马上核实。", channel="platform_chat", promise=promise, **who)


def establish(case: Complaint, who: dict[str, Any]) -> None:
    """Evidence, liability and root cause: everything that the conclusion asks for."""
    verification.add_evidence(case.pk, kind="photo", reference="IMG-1", actor=who["actor"], now=who["now"])
    verification.settle_liability(case.pk, [("carrier", 100, "外箱破损")], root_cause="运输途中挤压", **who)


def prepare_options(case: Complaint, who: dict[str, Any]) -> list[Remedy]:
    """Two options of the lowest level."""
    return [remedies.prepare(case.pk, **option, **_now_at(case, who)) for option in OPTIONS]


def carry_out(case: Complaint, who: dict[str, Any]) -> Remedy:
    """Write down the facts of the chosen option."""
    chosen = Remedy.objects.get(complaint=case, round=current(case).round, status="chosen")
    return remedies.execute(case.pk, chosen.pk, CARRIED_OUT[chosen.kind], **_now_at(case, who))


def _verify(case: Complaint, who: dict[str, Any]) -> Any:
    establish(case, who)
    return progress.conclude_verification(case.pk, **_now_at(case, who))


def _offer(case: Complaint, who: dict[str, Any]) -> Any:
    prepare_options(case, who)
    return progress.offer(case.pk, **_now_at(case, who))


def _agree(case: Complaint, who: dict[str, Any]) -> Any:
    return progress.agree(case.pk, label="A", words="那就补发吧", channel="platform_chat", **who)


def _resolve(case: Complaint, who: dict[str, Any]) -> Any:
    carry_out(case, who)
    return progress.resolve(case.pk, **_now_at(case, who))


def _rate(case: Complaint, who: dict[str, Any]) -> Any:
    return callback.record_rating(case.pk, satisfaction=5, comment="很满意", channel="phone", **who)


def _withdraw(case: Complaint, who: dict[str, Any]) -> Any:
    return progress.withdraw(case.pk, reason="客户自行解决", words="不用处理了", channel="phone", **who)


def _unfounded(case: Complaint, who: dict[str, Any]) -> Any:
    return progress.find_unfounded(
        case.pk,
        reason="签收完好",
        body="签收照片显示外箱完好，如有异议可申请平台介入。",
        channel="platform_chat",
        **who,
    )


def _merge(case: Complaint, who: dict[str, Any]) -> Any:
    target = registered(case.shop, actor=who["actor"], now=who["now"], order=case.order)
    return merging.merge(case.pk, target.pk, reason="同一件事", **who)


_ROAD: tuple[tuple[State, Callable[[Complaint, dict[str, Any]], Any]], ...] = (
    (State.ACCEPTED, accept),
    (State.VERIFYING, lambda case, who: progress.start_verification(case.pk, **who)),
    (State.PROPOSING, _verify),
    (State.NEGOTIATING, _offer),
    (State.EXECUTING, _agree),
    (State.AWAITING_FOLLOWUP, _resolve),
    (State.CLOSED, _rate),
)
_EXITS: dict[State, tuple[State, Callable[[Complaint, dict[str, Any]], Any]]] = {
    State.WITHDRAWN: (State.NEW, _withdraw),
    State.UNFOUNDED: (State.VERIFYING, _unfounded),
    State.MERGED: (State.NEW, _merge),
}


def complaint_in(state: str, shop: Shop, *, actor: Any, now: datetime = NOW, **values: Any) -> Complaint:
    """A complaint in this state, brought there by the operations that bring it there in life, all at `now`.

    Keyword values go into the registration (see `registration`). A withdrawn or merged one left from `new`.
    """
    return bring(registered(shop, actor=actor, now=now, **values), state, actor=actor, now=now)


def bring(case: Complaint, state: str, *, actor: Any, now: datetime = NOW) -> Complaint:
    """Take a complaint on from where it stands; side exits leave from their usual stage."""
    goal = State(state)
    last, leave = _EXITS.get(goal, (goal, None))
    places = [place for place, _step in _ROAD]
    case = current(case)
    begin = places.index(State(case.state)) + 1 if case.state in places else 0
    for place, step in _ROAD[begin:]:
        if case.state == last:
            break
        step(case, {"actor": actor, "version": current(case).version, "now": now})
        case = current(case)
        assert case.state == place
    if leave:
        leave(case, {"actor": actor, "version": case.version, "now": now})
    return current(case)


def current(case: Complaint) -> Complaint:
    """The complaint as it stands in the database, with nothing cached."""
    return Complaint.objects.get(pk=case.pk)


def _now_at(case: Complaint, who: dict[str, Any]) -> dict[str, Any]:
    return who | {"version": current(case).version}
