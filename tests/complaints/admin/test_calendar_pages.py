"""The work calendar through its pages: who may, what is typed, what is stored, what is refused."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from complaints.models import CalendarDay, SettingChange, Shop, WorkCalendar
from complaints.operations import calendars, recomputing
from tests.factories.auth import StaffFactory
from tests.factories.complaints import NOW, ComplaintFactory, DeadlineFactory

pytestmark = pytest.mark.usefixtures("frozen")

LOGIN = reverse("admin:login")
LIST = reverse("admin:complaints_workcalendar_changelist")
ADD = reverse("admin:complaints_workcalendar_add")

WEEK = {f"day_{day}": "09:00-12:00 13:00-18:00" for day in range(5)} | {"day_5": "", "day_6": ""}


def page(name: str, calendar: WorkCalendar, *more: Any) -> str:
    return reverse(f"admin:complaints_workcalendar_{name}", args=[calendar.pk, *more])


def settings_of(**values: str) -> dict[str, str]:
    return {"name": "客服日历", "time_zone": "Asia/Shanghai", "region": "CN"} | WEEK | values


def ics(*events: str) -> SimpleUploadedFile:
    """A calendar file of events, each "20270101 20270104 元旦"."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:test"]
    for event in events:
        first, after, name = event.split(" ")
        lines += ["BEGIN:VEVENT", f"DTSTART;VALUE=DATE:{first}", f"DTEND;VALUE=DATE:{after}", f"SUMMARY:{name}"]
        lines.append("END:VEVENT")
    return SimpleUploadedFile("a.ics", "\r\n".join([*lines, "END:VCALENDAR", ""]).encode())


def token_of(answer: Any) -> str:
    return answer.context["token"]


@pytest.fixture
def calendar(content: None) -> WorkCalendar:
    made = calendars.create_default(now=NOW)
    assert made
    recomputing.recompute_requested(now=NOW)
    made.refresh_from_db()
    return made


@pytest.fixture
def manager(user_with: Callable[..., Any], client_for: Callable[[Any], Client]) -> Client:
    client = client_for(user_with("shop_manager"))
    client.get(LIST)
    return client


# ---------------------------------------------------------------- who may


def test_supervisors_look_and_shop_managers_change(
    calendar: WorkCalendar, staff: dict[str, Any], client_for: Callable[[Any], Client]
) -> None:
    day = page("day", calendar, "2026-12-24")
    pages = {
        LIST: {"supervisor", "shop_manager"},
        page("change", calendar): {"supervisor", "shop_manager"},
        ADD: {"shop_manager"},
        page("settings", calendar): {"shop_manager"},
        page("copy", calendar): {"shop_manager"},
        page("import", calendar): {"shop_manager"},
        day: {"shop_manager"},
    }
    for address, allowed in pages.items():
        answers = {role: client_for(person).get(address).status_code for role, person in staff.items()}
        assert {role for role, code in answers.items() if code == 200} == allowed, address
        assert {code for role, code in answers.items() if role not in allowed} == {403}, address
        assert Client().get(address)["Location"].startswith(LOGIN)


def test_forged_posts_change_nothing(
    calendar: WorkCalendar, staff: dict[str, Any], client_for: Callable[[Any], Client]
) -> None:
    posts = [
        (page("day", calendar, "2026-12-24"), {"kind": "closing", "hours": "", "name": ""}),
        (page("day", calendar, "2026-10-01"), {"clear": "1"}),
        (page("settings", calendar), settings_of()),
        (page("copy", calendar), {"name": "复制"}),
        (page("load", calendar), {"year": "2028"}),
        (page("confirm", calendar), {"year": "2027"}),
        (page("import", calendar), {"days": "x"}),
        (ADD, settings_of()),
    ]
    before = everything()
    for role in set(staff) - {"shop_manager"}:
        for address, fields in posts:
            assert client_for(staff[role]).post(address, fields).status_code == 403, (role, address)
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(staff["shop_manager"], backend="django.contrib.auth.backends.ModelBackend")
    for address, fields in posts:
        assert strict.post(address, fields).status_code == 403
        assert Client().post(address, fields)["Location"].startswith(LOGIN)
    assert everything() == before


def test_reading_changes_nothing_and_nothing_is_ever_deleted(
    calendar: WorkCalendar, client_for: Callable[[Any], Client]
) -> None:
    owner = client_for(StaffFactory(is_superuser=True))
    before = everything()
    for name in ("load", "confirm"):
        assert owner.get(page(name, calendar), {"year": "2028"}).status_code == 405
    assert owner.post(page("change", calendar), settings_of()).status_code == 405
    assert owner.post(page("delete", calendar), {"post": "yes"}).status_code == 403
    owner.post(LIST, {"action": "delete_selected", "_selected_action": [calendar.pk], "post": "yes"})
    assert owner.get(page("history", calendar))["Location"] == page("change", calendar)
    assert everything() == before


@pytest.mark.parametrize("pk", ["0", "999999", "9" * 40, "x", "%00"])
def test_a_calendar_that_does_not_exist_is_not_found(manager: Client, pk: str) -> None:
    for tail in ("change/", "settings/", "copy/", "import/", "day/2026-12-24/"):
        assert manager.get(f"{LIST}{pk}/{tail}").status_code == 404


@pytest.mark.parametrize("day", ["2026-02-30", "x", "1999-12-31", "2101-01-01", "20261224x", "0000-00-00"])
def test_a_day_that_does_not_exist_is_not_found(manager: Client, calendar: WorkCalendar, day: str) -> None:
    assert manager.get(page("day", calendar, day)).status_code == 404


# ---------------------------------------------------------------- the year


def test_the_year_says_each_day_in_words_and_by_a_letter(manager: Client, calendar: WorkCalendar) -> None:
    answer = manager.get(page("change", calendar), {"year": "2026"})
    cells = {cell.iso: cell for month in answer.context["months"] for week in month.weeks for cell in week if cell}
    assert len(cells) == 365
    assert (cells["2026-10-01"].kind, cells["2026-10-10"].kind) == ("holiday", "makeup")
    assert "国庆节" in cells["2026-10-01"].words
    assert "09:00-12:00 13:00-18:00" in cells["2026-10-10"].words
    assert (cells["2026-11-20"].kind, cells["2026-11-21"].kind) == ("open", "closed")
    assert cells["2026-11-20"].today
    # The State Council's arrangement for 2026 makes 248 workdays.
    assert answer.context["workdays"] == sum(month.workdays for month in answer.context["months"]) == 248
    assert [month.workdays for month in answer.context["months"]][9] == 18


@pytest.mark.parametrize("asked", ["", "x", "1999", "2101", "9" * 40, "-1"])
def test_an_odd_year_in_the_address_is_this_year(manager: Client, calendar: WorkCalendar, asked: str) -> None:
    assert manager.get(page("change", calendar), {"year": asked}).context["year"] == 2026


@pytest.mark.parametrize(("year", "previous", "following"), [("2000", None, 2001), ("2100", 2099, None)])
def test_the_years_end_somewhere(
    manager: Client, calendar: WorkCalendar, year: str, previous: int | None, following: int | None
) -> None:
    context = manager.get(page("change", calendar), {"year": year}).context
    assert (context["previous"], context["following"]) == (previous, following)


def test_the_year_takes_a_fixed_number_of_queries(manager: Client, calendar: WorkCalendar) -> None:
    def queries(year: int) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert manager.get(page("change", calendar), {"year": year}).status_code == 200
        return len(captured)

    assert queries(2026) == queries(2040) <= 12


def test_the_page_tells_that_clocks_still_follow(manager: Client, calendar: WorkCalendar, shop: Shop) -> None:
    for _ in range(3):
        running_clock(calendar, shop)
    assert manager.get(page("change", calendar)).context["recomputing"] == 0
    calendars.configure(calendar.pk, {"time_zone": "Europe/Berlin"}, actor=None, now=NOW)
    answer = manager.get(page("change", calendar))
    assert answer.context["recomputing"] == 3


def test_a_year_not_announced_is_a_warning_for_those_who_keep_the_calendar(
    manager: Client, calendar: WorkCalendar, staff: dict[str, Any], client_for: Callable[[Any], Client]
) -> None:
    for address in (page("change", calendar), LIST):
        assert [warning.year for warning in manager.get(address).context["warnings"]] == [2027]
        assert client_for(staff["supervisor"]).get(address).context["warnings"] == []
    manager.post(page("confirm", calendar), {"year": "2027"})
    assert manager.get(LIST).context["warnings"] == []


# ---------------------------------------------------------------- a day


@pytest.mark.parametrize(
    ("kind", "typed", "hours"),
    [
        ("closing", "09:00-12:00", []),
        ("holiday", "", []),
        ("special", "9:00-12:00", [[540, 720]]),
        ("makeup", "09：00～12：00，13：00－18：00", [[540, 720], [780, 1080]]),
    ],
)
def test_a_day_is_set(manager: Client, calendar: WorkCalendar, kind: str, typed: str, hours: list[list[int]]) -> None:
    answer = manager.post(page("day", calendar, "2026-12-24"), {"kind": kind, "hours": typed, "name": "盘点"})
    assert answer["Location"] == f"{page('change', calendar)}?year=2026#d2026-12-24"
    row = calendar.days.get(day=date(2026, 12, 24))
    assert (row.kind, row.hours, row.name, row.source) == (kind, hours, "盘点", "hand")
    change = SettingChange.objects.first()
    assert change is not None
    assert change.actor
    assert change.changes["2026-12-24"][0] is None


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "special", "hours": ""},
        {"kind": "makeup", "hours": "休息"},
        {"kind": "special", "hours": "12:00-09:00"},
        {"kind": "special", "hours": "09:00-12:00 11:00-13:00"},
        {"kind": "special", "hours": "09:00-09:00"},
        {"kind": "special", "hours": "09:00-25:00"},
        {"kind": "special", "hours": "9点到12点"},
        {"kind": "special", "hours": "09:00-12:00", "name": "长" * 81},
        {"kind": "plain"},
        {"kind": "nonsense"},
        {},
    ],
)
def test_what_no_day_can_be_comes_back_with_what_was_typed(
    manager: Client, calendar: WorkCalendar, fields: dict[str, str]
) -> None:
    before = everything()
    answer = manager.post(page("day", calendar, "2026-12-24"), fields)
    assert answer.status_code == 422
    assert answer.context["form"].errors
    assert fields.get("hours", "") in answer.content.decode()
    assert everything() == before


@pytest.mark.parametrize(("language", "words"), [("en", "For make-up workdays"), ("zh-hans", "例如 09:00")])
def test_the_help_about_a_day_is_in_the_language_of_who_reads_it(
    language: str, words: str, manager: Client, calendar: WorkCalendar
) -> None:
    manager.cookies["django_language"] = language
    assert words in manager.get(page("day", calendar, "2026-02-03")).content.decode()


def test_a_day_goes_back_to_its_weekday(manager: Client, calendar: WorkCalendar) -> None:
    manager.post(page("day", calendar, "2026-12-24"), {"kind": "closing", "hours": "", "name": ""})
    for day in ("2026-12-24", "2026-10-10"):
        assert manager.post(page("day", calendar, day), {"clear": "1"}).status_code == 302
        assert 'name="clear"' not in manager.get(page("day", calendar, day)).content.decode()
    assert not calendar.days.filter(day=date(2026, 12, 24)).exists()
    # It had been announced: that somebody wants it otherwise is kept.
    assert calendar.days.get(day=date(2026, 10, 10)).kind == CalendarDay.Kind.PLAIN
    assert not calendar.schedule().hours(date(2026, 10, 10))


# ---------------------------------------------------------------- settings, copy, shops


def test_a_calendar_is_created_configured_and_copied(manager: Client, calendar: WorkCalendar) -> None:
    assert manager.post(ADD, settings_of(name="德国店", time_zone="Europe/Berlin", region="de")).status_code == 302
    german = WorkCalendar.objects.get(name="德国店")
    assert german.region == "DE"
    assert german.days.filter(day=date(2026, 10, 3), kind="holiday").exists()
    fields = settings_of(name="德国店铺", time_zone="Europe/Berlin", region="DE", day_5="10:00-14:00", is_default="on")
    assert manager.post(page("settings", german), fields).status_code == 302
    german.refresh_from_db()
    calendar.refresh_from_db()
    assert (german.name, german.week[5], german.is_default) == ("德国店铺", [[600, 840]], True)
    assert not calendar.is_default
    assert manager.post(page("copy", german), {"name": "第二家"}).status_code == 302
    second = WorkCalendar.objects.get(name="第二家")
    assert not second.is_default
    assert second.schedule() == german.schedule()


def test_of_two_who_change_the_settings_at_once_the_second_is_told(manager: Client, calendar: WorkCalendar) -> None:
    seen = manager.get(page("settings", calendar)).context["form"]["seen"].value()
    theirs = settings_of(name=calendar.name, is_default="on", day_5="10:00-14:00", seen=seen)
    assert manager.post(page("settings", calendar), theirs).status_code == 302
    mine = settings_of(name=calendar.name, is_default="on", day_6="10:00-12:00", seen=seen)
    answer = manager.post(page("settings", calendar), mine)
    assert answer.status_code == 422
    form = answer.context["form"]
    assert "10:00-14:00" in str(form.fields["day_5"].help_text)
    assert form["day_6"].value() == "10:00-12:00"
    calendar.refresh_from_db()
    assert calendar.week[6] == []
    again = manager.post(page("settings", calendar), mine | {"seen": form["seen"].value()})
    assert again.status_code == 302
    calendar.refresh_from_db()
    assert (calendar.week[5], calendar.week[6]) == ([], [[600, 720]])


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "标准工作日历"}, "name"),
        ({"time_zone": "Asia/Nowhere"}, "time_zone"),
        ({"region": "XX"}, "region"),
        ({"region": "中国"}, "region"),
        ({"day_0": "09:00-12:00 11:00-13:00"}, "day_0"),
        ({"day_6": "上午"}, "day_6"),
        ({f"day_{day}": "" for day in range(7)}, "__all__"),
    ],
)
def test_settings_that_no_calendar_can_have_are_said_beside_the_field(
    manager: Client, calendar: WorkCalendar, wrong: dict[str, str], field: str
) -> None:
    before = everything()
    answer = manager.post(ADD, settings_of(**wrong))
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert everything() == before


def test_the_default_stays_the_default_until_another_one_is(manager: Client, calendar: WorkCalendar) -> None:
    assert manager.post(page("settings", calendar), settings_of()).status_code == 302
    calendar.refresh_from_db()
    assert (calendar.name, calendar.is_default) == ("客服日历", True)


def test_the_same_settings_again_are_no_change(manager: Client, calendar: WorkCalendar) -> None:
    manager.post(page("settings", calendar), settings_of(name=calendar.name))
    assert SettingChange.objects.exclude(actor=None).count() == 0
    calendar.refresh_from_db()
    assert calendar.recompute_requested_at is None


def test_a_copy_needs_a_name_of_its_own(manager: Client, calendar: WorkCalendar) -> None:
    for name in ("", calendar.name, "长" * 61):
        answer = manager.post(page("copy", calendar), {"name": name})
        assert answer.status_code == 422
        assert answer.context["form"].errors["name"]
    assert WorkCalendar.objects.count() == 1


def test_a_shop_moves_to_another_calendar_and_its_clocks_follow(
    manager: Client, calendar: WorkCalendar, shop: Shop, user_with: Callable[..., Any]
) -> None:
    other = calendars.copy(calendar.pk, name="第二家", actor=None, now=NOW)
    fields = {
        "code": shop.code, "name": shop.name, "platform": shop.platform, "active": "on", "calendar": other.pk,
        "match_days": 30, "reopen_days": 15,
    }  # fmt: skip
    members = [member.pk for member in shop.members.all()]
    address = reverse("admin:complaints_shop_change", args=[shop.pk])
    assert manager.post(address, fields | {"members": members}).status_code == 302
    shop.refresh_from_db()
    calendar.refresh_from_db()
    assert shop.calendar == other
    assert calendar.recompute_requested_at == NOW
    change = SettingChange.objects.get(subject="shop")
    assert change.changes == {"calendar": [None, "第二家"]}


# ---------------------------------------------------------------- holidays: loaded, from a file


def test_a_year_is_loaded_by_a_button(manager: Client, calendar: WorkCalendar) -> None:
    calendar.days.filter(day__year=2026).delete()
    answer = manager.post(page("load", calendar), {"year": "2026"})
    assert answer["Location"] == f"{page('change', calendar)}?year=2026"
    assert calendar.days.filter(day__year=2026, kind="makeup").count() == 6
    manager.post(page("load", calendar), {"year": "2050"})
    assert not calendar.days.filter(day__year=2050).filter(kind="makeup").exists()


def test_a_file_is_shown_first_and_taken_over_when_confirmed(manager: Client, calendar: WorkCalendar) -> None:
    manager.post(page("day", calendar, "2027-01-02"), {"kind": "special", "hours": "10-12", "name": ""})
    before = everything()
    address = page("import", calendar)
    shown = manager.post(address, {"file": ics("20270101 20270104 元旦", "20270110 20270111 元旦补班")})
    assert everything() == before
    assert [row[0] for row in shown.context["changes"]] == [date(2027, 1, 3), date(2027, 1, 10)]
    assert shown.context["kept"] == [date(2027, 1, 2)]
    assert shown.context["open_years"] == [2027]
    answer = manager.post(address, {"days": token_of(shown), "announced": "1"})
    assert answer["Location"] == f"{page('change', calendar)}?year=2027"
    days = {row.day: row for row in calendar.days.filter(day__range=("2027-01-01", "2027-01-10"))}
    assert (days[date(2027, 1, 3)].kind, days[date(2027, 1, 3)].source) == ("holiday", "file")
    assert (days[date(2027, 1, 10)].kind, days[date(2027, 1, 10)].hours) == ("makeup", [[540, 720], [780, 1080]])
    assert days[date(2027, 1, 2)].source == "hand"
    assert calendar.years.get(year=2027).announced


def test_a_preview_of_another_calendar_or_a_forged_one_is_refused(manager: Client, calendar: WorkCalendar) -> None:
    other = calendars.copy(calendar.pk, name="第二家", actor=None, now=NOW)
    shown = manager.post(page("import", other), {"file": ics("20270101 20270104 元旦")})
    before = everything()
    for token in (token_of(shown), token_of(shown)[:-1], "", "x:y"):
        assert manager.post(page("import", calendar), {"days": token}).status_code == 422
    assert everything() == before


@pytest.mark.parametrize(
    "upload",
    [
        SimpleUploadedFile("a.ics", b"hello"),
        SimpleUploadedFile("a.ics", b""),
        SimpleUploadedFile("a.ics", b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n"),
        SimpleUploadedFile("a.ics", b"BEGIN:VCALENDAR\r\n" + b" " * 1024 * 1024),
        None,
    ],
)
def test_a_file_that_is_none_says_what_to_do(
    manager: Client, calendar: WorkCalendar, upload: SimpleUploadedFile | None
) -> None:
    answer = manager.post(page("import", calendar), {"file": upload} if upload else {})
    assert answer.status_code == 422
    assert answer.context["form"].errors["file"]


# ---------------------------------------------------------------- helpers


def everything() -> list[Any]:
    """All rows about calendars as plain values."""
    rows: list[Any] = []
    for model in (WorkCalendar, CalendarDay, SettingChange, Shop):
        rows += model.objects.order_by("pk").values()
    return rows


def running_clock(calendar: WorkCalendar, shop: Shop) -> Any:
    return DeadlineFactory(
        complaint=ComplaintFactory(shop=shop), calendar=calendar, budget=timedelta(hours=2), started_at=NOW
    )  # fmt: skip
