"""A company made up by chance: shops, people, calendars, policies, absences, and what its managers change meanwhile.

Everything is written to the desk and told to the expectation, each in its own words.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group

from complaints.models import Absence, CalendarDay, Complaint, Order, Shop, SlaPolicy, SlaTarget, WorkCalendar
from complaints.operations import calendar_days, calendars, reapplying, recomputing
from tests.factories.complaints import CustomerFactory
from tests.faults.simulation.expected import World
from tests.faults.simulation.hours import DAY, HOUR, MINUTE, Opening, moment, ticks
from tests.faults.simulation.records import LEVELS, STAGE_KINDS, Case, Levels, Line, Person, Policy

OFFICE = [[[540, 720], [780, 1080]]] * 5 + [[], []]
LONG = [[[480, 690], [810, 1260]]] * 6 + [[[600, 960]]]
BERLIN = [[[540, 745], [790, 1020]]] * 4 + [[[540, 840]], [], []]
NIGHT = [[0, 360], [1200, 1440]]
PLANS: tuple[Levels, ...] = (
    LEVELS,
    ((30, ("assignee",)), (90, ("assignee", "team_lead")), (100, ("assignee",)), (120, ("supervisor",)),
     (300, ("supervisor", "shop_manager"))),
    ((100, ("team_lead",)), (150, ("assignee", "shop_manager"))),
    ((50, ("assignee",)), (80, ("assignee",))),
)  # fmt: skip
CHANNELS = ("platform_chat", "phone", "api")
SEVERITIES = ("S1", "S2", "S3", "S4")
KINDS = (*sorted(STAGE_KINDS), "promise", "platform")
TAIL = 150 * DAY
"""So long after the end a budget may still be followed."""


class Company:
    """Needs the roles and the default content."""

    def __init__(self, dice: Random, begin: int, end: int) -> None:
        self.dice, self.begin, self.end = dice, begin, end
        self.world = World()
        self.calendars = [
            self._calendar("总部", "Asia/Shanghai", OFFICE, is_default=True),
            self._calendar("双休无忧", "Asia/Shanghai", LONG),
            self._calendar("柏林", "Europe/Berlin", BERLIN),
        ]
        self.shops = [self._shop(number, calendar) for number, calendar in enumerate((None, *self.calendars[1:]))]
        self._hire()
        self._absences()
        for position in range(10):
            self._policy(position)

    # -------------------------------------------------------------- calendars

    def _calendar(self, name: str, zone: str, week: Any, *, is_default: bool = False) -> WorkCalendar:
        calendar = WorkCalendar.objects.create(name=name, time_zone=zone, week=week, is_default=is_default)
        first, days = moment(self.begin).date(), (self.end - self.begin) // DAY
        for start in range(3, days + 20, 17):
            length = self.dice.choice([1, 2, 3, 7])
            for offset in range(length):
                self._day(calendar, first + timedelta(days=start + offset), "holiday", [])
            sunday = first + timedelta(days=start + length)
            sunday += timedelta(days=6 - sunday.weekday())
            self._day(calendar, sunday, "makeup", [[540, 720], [780, 1050]])
            self._day(calendar, sunday + timedelta(days=2), "special", self.dice.choice([[[540, 720]], NIGHT]))
        if zone == "Europe/Berlin":
            self._day(calendar, date(2026, 3, 29), "special", [[60, 420], [600, 900]])
        self._open(calendar)
        return calendar

    def _day(self, calendar: WorkCalendar, day: date, kind: str, hours: Any) -> None:
        CalendarDay.objects.update_or_create(calendar=calendar, day=day, defaults={"kind": kind, "hours": hours})

    def _open(self, calendar: WorkCalendar) -> None:
        days = {one.day: one.hours for one in calendar.days.all()}
        self.world.calendars[calendar.pk] = Opening(
            calendar.time_zone, calendar.week, days, self.begin - 10 * DAY, self.end + TAIL
        )

    # -------------------------------------------------------------- shops and people

    def _shop(self, number: int, calendar: WorkCalendar | None) -> Shop:
        platform = ("taobao", "jd", "own")[number]
        shop = Shop.objects.create(code=f"shop{number}", name=f"店铺{number}", platform=platform, calendar=calendar)
        self.world.calendar_of_shop[shop.pk] = (calendar or self.calendars[0]).pk
        return shop

    def _hire(self) -> None:
        self.agents: dict[int, list[Any]] = {}
        for shop in self.shops:
            self.agents[shop.pk] = [self._person("agent", shop) for _ in range(3)]
            self._person("team_lead", shop)
        for role in ("supervisor", "supervisor", "shop_manager"):
            self._person(role)
        self.boss = get_user_model().objects.create_superuser("owner", password=None)
        self.world.owners = [self.boss.pk]
        self.customers = {shop.pk: [CustomerFactory(platform=shop.platform) for _ in range(30)] for shop in self.shops}

    def _person(self, role: str, *shops: Shop) -> Any:
        name = f"{role}{len(self.world.people)}"
        user = get_user_model().objects.create_user(name, is_staff=True, password=None)
        user.groups.add(Group.objects.get(name=role))
        for shop in shops:
            shop.members.add(user)
        self.world.people.append(Person(user.pk, role, frozenset(shop.pk for shop in shops)))
        return user

    def _absences(self) -> None:
        for person in self.world.people:
            at = self.begin + self.dice.randrange(12 * DAY)
            while at < self.end:
                away = self.dice.choice([4 * HOUR, DAY, 3 * DAY, 7 * DAY])
                Absence.objects.create(user_id=person.pk, starts_at=moment(at), ends_at=moment(at + away))
                self.world.absences.append((person.pk, at, at + away))
                at += away + self.dice.randrange(2 * DAY, 30 * DAY, MINUTE)

    # -------------------------------------------------------------- policies

    def _policy(self, position: int) -> None:
        """Every priority is given by some policy; the last of them fits all."""
        choose, last = self.dice.choice, position == 9
        conditions: dict[str, Any] = {}
        if not last:
            name = choose(["shops", "channels", "severities", "amount_from", "platform_case"])
            conditions[name] = {
                "shops": [choose(self.shops).pk],
                "channels": [choose(CHANNELS)],
                "severities": self.dice.sample(SEVERITIES, 2),
                "amount_from": self.dice.randrange(50, 900),
                "platform_case": self.dice.random() < 0.8,
            }[name]
        priority = f"P{position % 4 + 1}"
        policy = Policy(0, position, priority, active=last or self.dice.random() < 0.9)
        shops = conditions.pop("shops", [])
        row = SlaPolicy.objects.create(
            name=f"策略{position}", position=position, priority=priority, active=policy.active, **conditions
        )
        row.shops.set(shops)
        plain = {key: frozenset(value) if isinstance(value, list) else value for key, value in conditions.items()}
        policy = replace(policy, pk=row.pk, shops=frozenset(shops), **plain)
        self.world.policies.append(policy)
        for kind in KINDS:
            # P4 has the whole table: what holds without a policy is in calendar time.
            if priority == "P4" or self.dice.random() < 0.7:
                self._line(policy, kind)

    def _line(self, policy: Policy, kind: str) -> None:
        choose = self.dice.choice
        budget = {
            "first_response": choose([15, 30, 120, 480, 7]),
            "promise": None,
            "platform": choose([None, 60, 360, 720]),
        }.get(kind, choose([241, 480, 720, 1440, 2880, 4320, 2400]))
        timed = kind not in ("promise", "platform")
        line = Line(
            None if budget is None else budget * MINUTE,
            working=timed and self.dice.random() < 0.5,
            pausable=self.dice.random() < 0.7 if timed else False,
            levels=choose(PLANS) if self.dice.random() < 0.5 else LEVELS,
        )
        policy.lines[kind] = line
        SlaTarget.objects.update_or_create(
            policy_id=policy.pk, kind=kind,
            defaults={
                "budget_minutes": budget, "working": line.working, "pausable": line.pausable,
                "levels": [[level, list(audience)] for level, audience in line.levels],
            },
        )  # fmt: skip

    # -------------------------------------------------------------- changes

    def change(self, now: int) -> str:
        """A manager changes something; then every open complaint is put under what holds now."""
        what = self.dice.choice(
            [self._another_line, self._another_line, self._another_order, self._another_day, self._another_week,
             self._another_calendar]
        )  # fmt: skip
        said = what(now)
        # Once for those that are there, once more for those that came while it went on.
        for then in (now, now + 3 * MINUTE):
            while reapplying.reapply(now=moment(then)) or recomputing.recompute_requested(now=moment(then)):
                pass
        return said

    def _another_line(self, now: int) -> str:
        policy, kind = self.dice.choice(self.world.policies), self.dice.choice(KINDS)
        self._line(policy, kind)
        reapplying.policies_changed([policy.pk], now=moment(now))
        self.world.policies_changed(now)
        return f"policy {policy.pk}: {kind} is {policy.lines[kind]}"

    def _another_order(self, now: int) -> str:
        one, other = self.dice.sample(self.world.policies[:-1], 2)
        one.position, other.position = other.position, one.position
        one.active = one.priority == "P4" or not one.active
        for policy in (one, other):
            SlaPolicy.objects.filter(pk=policy.pk).update(position=policy.position, active=policy.active)
        reapplying.policies_changed([one.pk, other.pk], now=moment(now))
        self.world.policies_changed(now)
        return f"policies {one.pk} and {other.pk} change places; {one.pk} is {'on' if one.active else 'off'}"

    def _another_day(self, now: int) -> str:
        calendar = self.dice.choice(self.calendars)
        day = moment(now).date() + timedelta(days=self.dice.randrange(-2, 6))
        hours = self.dice.choice([[], [[600, 720]], NIGHT, [[480, 1320]]])
        calendar_days.set_day(
            calendar.pk, day, kind="special" if hours else "closing", hours=hours, name="", actor=self.boss,
            now=moment(now),
        )  # fmt: skip
        self._open(calendar)
        self.world.calendar_changed(now, calendar.pk)
        return f"calendar {calendar.pk}: {day} is {hours}"

    def _another_week(self, now: int) -> str:
        calendar, week = self.dice.choice(self.calendars), self.dice.choice([OFFICE, LONG, BERLIN])
        calendars.configure(calendar.pk, {"week": week}, actor=self.boss, now=moment(now))
        calendar.refresh_from_db()
        self._open(calendar)
        self.world.calendar_changed(now, calendar.pk)
        return f"calendar {calendar.pk}: the week is {week}"

    def _another_calendar(self, now: int) -> str:
        shop, calendar = self.dice.choice(self.shops), self.dice.choice(self.calendars)
        before, shop.calendar = shop.calendar_id, calendar
        shop.save(update_fields=["calendar"])
        calendars.shop_changed_calendar(shop, before=before, actor=self.boss, now=moment(now))
        left = self.world.calendar_of_shop[shop.pk]
        self.world.calendar_of_shop[shop.pk] = calendar.pk
        self.world.calendar_changed(now, left)
        return f"shop {shop.pk} has calendar {calendar.pk}"

    # -------------------------------------------------------------- complaints

    def order(self, shop: Shop, amount: int, now: int) -> Order:
        customer = self.dice.choice(self.customers[shop.pk])
        return Order.objects.create(
            shop=shop, number=f"{shop.pk}-{len(self.world.cases)}-{now}", customer=customer,
            paid_amount=Decimal(amount), source=Order.Source.TYPED, updated_at=moment(now),
        )  # fmt: skip


def case_of(row: Complaint, amount: int | None) -> Case:
    return Case(
        row.pk, row.shop_id, row.channel, row.severity, amount, row.assignee_id, ticks(row.received_at),
    )  # fmt: skip
