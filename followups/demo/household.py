"""How the demo company is organised: its calendars, who answers for a department, who is away today."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from complaints.models import Department
from complaints.operations import absences, calendars, duty, giving_out
from knowledge.models import IssueType

from .company import Company

ENTERED_BEFORE = timedelta(minutes=1)

OPENED_BEFORE = timedelta(days=60)
"""The calendars are there before the first order is."""


def furnish(record: Mapping[str, Any], company: Company, *, now: datetime) -> None:
    """Everything that the cases of the demo find ready. Needs the departments of `bootstrap`."""
    _keep_calendars(record, company, now=now - OPENED_BEFORE)
    _staff_departments(record, company)
    _enter_absence(record["absence"], company, now=now)


def share_out(record: Mapping[str, Any], company: Company, *, now: datetime) -> None:
    """The shop manager has just entered who handles what and when; two shops give out their new cases from now on.

    What waits there is given out: who gets it depends on the time of day at which the demo is loaded.
    """
    entered = record["duty"]
    who = {"actor": company.staff[entered["entered_by"]], "now": now - ENTERED_BEFORE}
    for entry in entered["people"]:
        skills = IssueType.objects.filter(parent=None, code__in=entry["skills"])
        values = {"limit": entry["limit"], "week": entry["week"], "skills": skills}
        takes = entry.get("takes_new_cases", True)
        duty.enter(company.staff[entry["username"]], takes_new_cases=takes, **values, **who)
    for code in entered["allot"]:
        duty.switch(company.shops[code].pk, on=True, **who)
    giving_out.give_out(now=now)


def _keep_calendars(record: Mapping[str, Any], company: Company, *, now: datetime) -> None:
    """The shop manager gives a shop working hours of its own; the others keep the default calendar."""
    manager = company.staff[company.roles["shop_manager"][0]]
    for entry in record["calendars"]:
        calendar = calendars.create(dict(entry["calendar"]), actor=manager, now=now)
        for shop in (company.shops[code] for code in entry["shops"]):
            shop.calendar = calendar
            shop.save(update_fields=["calendar"])
            calendars.shop_changed_calendar(shop, before=None, actor=manager, now=now)


def _staff_departments(record: Mapping[str, Any], company: Company) -> None:
    """The first name of each department is its head's."""
    for code, names in record["departments"].items():
        department = Department.objects.get(code=code)
        people = [company.staff[name] for name in names]
        department.members.set(people)
        department.lead = people[0]
        department.save(update_fields=["lead"])


def _enter_absence(entry: Mapping[str, Any], company: Company, *, now: datetime) -> None:
    begin, end = (now + timedelta(hours=entry[name]) for name in ("from_hours", "until_hours"))
    absences.enter(company.staff[entry["username"]], starts_at=begin, ends_at=end, note=entry["note"])
