"""Who is given new cases, as leads see and enter it; and why somebody was given one, in words."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from complaints.admin.displays import event_details, event_label
from complaints.models import Absence, DutyProfile, SettingChange, Shop
from complaints.operations import giving_out
from complaints.roles import ROLES
from knowledge.models import IssueType
from tests.complaints.admin.situations import page_of
from tests.factories.auth import StaffFactory
from tests.factories.complaints import NOW, ComplaintFactory, ShopFactory, current, registered

pytestmark = pytest.mark.usefixtures("frozen")

LIST = reverse("admin:complaints_dutyprofile_changelist")
LEADING = {"team_lead", "supervisor", "shop_manager"}
BUDGET = 20


def page(person: Any) -> str:
    return reverse("admin:complaints_dutyprofile_person", args=[person.pk])


def switch(shop: Shop) -> str:
    return reverse("admin:complaints_dutyprofile_switch", args=[shop.pk])


def typed(**values: Any) -> dict[str, Any]:
    days = {f"day_{day}": "" for day in range(7)}
    return {"takes_new_cases": "on", "limit": "12"} | days | values


def test_leaders_see_and_enter_it_and_nobody_else(
    staff: dict[str, Any], client_for: Callable[[Any], Client], agent: Any
) -> None:
    for role in ROLES:
        client = client_for(staff[role])
        answers = [client.get(LIST).status_code, client.get(page(agent)).status_code]
        answers.append(client.post(page(agent), typed()).status_code)
        assert answers == ([200, 200, 302] if role in LEADING else [403, 403, 403]), role
        assert DutyProfile.objects.count() == (role in LEADING), role
        DutyProfile.objects.all().delete()
    assert Client().get(LIST).status_code == 302


def test_a_lead_sees_and_changes_the_people_of_the_own_shops_only(
    staff: dict[str, Any], agent: Any, client_for: Callable[[Any], Client]
) -> None:
    elsewhere = ShopFactory(name="别家店")
    stranger = StaffFactory(role="agent", shops=[elsewhere], first_name="外人")
    lead, manager = client_for(staff["team_lead"]), client_for(staff["shop_manager"])
    assert "外人" not in lead.get(LIST).content.decode()
    assert "别家店" not in lead.get(LIST).content.decode()
    assert "外人" in manager.get(LIST).content.decode()
    for person in (stranger, staff["auditor"]):
        assert [lead.get(page(person)).status_code, lead.post(page(person), typed()).status_code] == [404, 404]
    assert manager.post(page(stranger), typed()).status_code == 302
    assert DutyProfile.objects.get().user == stranger


def test_what_is_entered_is_kept_and_who_changed_it_is_recorded(
    staff: dict[str, Any], agent: Any, client_for: Callable[[Any], Client]
) -> None:
    client = client_for(staff["team_lead"])
    quality = IssueType.objects.get(code="QUAL")
    values = typed(day_0="９：00－12：00、13:00至18:00", day_4="22:00-6:00", skills=[quality.pk])
    assert client.post(page(agent), values).status_code == 302
    profile = DutyProfile.objects.get(user=agent)
    assert (profile.takes_new_cases, profile.limit, list(profile.skills.all())) == (True, 12, [quality])
    assert (profile.week[0], profile.week[4]) == ([[540, 720], [780, 1080]], [[1320, 360]])
    change = SettingChange.objects.get(subject="dutyprofile")
    assert (change.actor, change.changes["skills"]) == (staff["team_lead"], [[], ["QUAL"]])
    record = client_for(staff["shop_manager"]).get(reverse("admin:complaints_settingchange_changelist"))
    assert "22:00-06:00" in record.content.decode()
    assert 'value="09:00-12:00 13:00-18:00"' in client.get(page(agent)).content.decode()
    client.post(page(agent), values)
    assert SettingChange.objects.filter(subject="dutyprofile").count() == 1


def test_shifts_that_nobody_can_work_and_forged_values_are_refused(
    staff: dict[str, Any], agent: Any, client_for: Callable[[Any], Client]
) -> None:
    client = client_for(staff["team_lead"])
    second_level = IssueType.objects.get(code="QUAL-01")
    for wrong in (
        {"day_1": "09:00-12:00 11:00-13:00"},
        {"day_6": "22:00-06:00", "day_0": "05:00-10:00"},
        {"day_2": "8 bis 5"},
        {"day_2": "09:00-09:00"},
        {"limit": "0"},
        {"limit": "100000"},
        {"skills": [second_level.pk]},
        {"skills": ["9" * 30]},
    ):
        assert client.post(page(agent), typed(**wrong)).status_code == 422, wrong
    assert not DutyProfile.objects.exists()


def test_a_shop_manager_switches_the_rule_on_and_what_waits_is_given_out(
    staff: dict[str, Any], shop: Shop, client_for: Callable[[Any], Client],
    django_capture_on_commit_callbacks: Any, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    woken: list[str] = []
    monkeypatch.setattr("complaints.waking.wake", woken.append)
    assert client_for(staff["team_lead"]).post(switch(shop), {"to": "on"}).status_code == 403
    manager = client_for(staff["shop_manager"])
    assert manager.get(switch(shop)).status_code == 405
    assert manager.post(switch(shop), {"to": "both"}).status_code == 404
    assert manager.post(switch(Shop(pk=shop.pk + 99)), {"to": "on"}).status_code == 404
    with django_capture_on_commit_callbacks(execute=True):
        assert manager.post(switch(shop), {"to": "on"}).status_code == 302
    shop.refresh_from_db()
    assert shop.allots_cases
    assert woken == ["complaints.tasks.give_out"]
    assert SettingChange.objects.get(subject="shop").changes == {"allots_cases": [False, True]}


def test_the_table_says_who_is_there_and_who_is_next(
    staff: dict[str, Any], shop: Shop, client_for: Callable[[Any], Client], user_with: Callable[..., Any]
) -> None:
    shop.allots_cases = True
    shop.save()
    free, away, late = (user_with("agent", first_name=name) for name in ("空闲", "出差", "晚班"))
    Absence.objects.create(user=away, starts_at=NOW, ends_at=NOW + timedelta(hours=3))
    DutyProfile.objects.create(user=late, week=[[[900, 1200]]] * 7)
    ComplaintFactory.create_batch(4, shop=shop, assignee=staff["agent"])
    rows = {row.user.pk: row for row in client_for(staff["team_lead"]).get(LIST).context["page"].object_list}
    assert set(rows) == {person.pk for person in (free, away, late)} | {
        staff[role].pk for role in ("agent", "team_lead", "supervisor")
    }
    assert rows[free.pk].next_in == [shop]
    assert [rows[one.pk].next_in for one in (away, late, staff["agent"])] == [[], [], []]
    assert rows[away.pk].away_until == NOW + timedelta(hours=3)
    assert (rows[late.pk].on_duty, rows[late.pk].today) == (False, ((900, 1200),))
    assert rows[late.pk].next_shift == NOW + timedelta(hours=5)
    assert (rows[staff["agent"].pk].load, rows[staff["team_lead"].pk].takes) == (4, False)
    shown = registered(shop, actor=None, assignee=None).assignee
    assert shown == free


def test_the_table_takes_the_same_queries_for_any_number_of_people(
    staff: dict[str, Any], shop: Shop, client_for: Callable[[Any], Client]
) -> None:
    client = client_for(staff["shop_manager"])

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(LIST).status_code == 200
        return len(captured)

    def hire(number: int) -> None:
        for _ in range(number):
            other = ShopFactory(allots_cases=True)
            profile = DutyProfile.objects.create(user=StaffFactory(role="agent", shops=[shop, other]))
            profile.skills.set(IssueType.objects.filter(code__in=["QUAL", "LOGI"]))
            ComplaintFactory.create_batch(2, shop=other, assignee=profile.user)

    hire(2)
    queries()  # what is remembered for a while is read now
    few = queries()
    hire(10)
    assert queries() == few <= BUDGET


def test_the_timeline_says_why(
    staff: dict[str, Any], shop: Shop, client_for: Callable[[Any], Client], user_with: Callable[..., Any]
) -> None:
    shop.allots_cases = True
    shop.save()
    DutyProfile.objects.create(user=staff["agent"], takes_new_cases=False)
    for limit, load in ((30, 12), (10, 5), (30, 15)):
        person = user_with("agent", first_name=f"{load}单")
        profile = DutyProfile.objects.create(user=person, limit=limit, week=[[[0, 1440]]] * 7)
        profile.skills.set(IssueType.objects.filter(code="LOGI"))
        ComplaintFactory.create_batch(load, shop=ShopFactory(), assignee=person)
    complaint = registered(shop, actor=None, assignee=None)
    logistics = IssueType.objects.get(code="LOGI")
    client = client_for(staff["team_lead"])
    client.cookies["django_language"] = "en"
    said = f"handles {logistics.name_en}, on duty, 12 of 30 cases in hand, the least to do of the 3 who could have it"
    shown = client.get(reverse("admin:complaints_complaint_change", args=[complaint.pk])).content.decode()
    assert "<b>12单</b>" in shown
    assert said in shown
    with translation.override("en"):
        assert event_details(complaint.events.get(kind="assigned"), False) == said


def test_the_timeline_says_why_nobody_has_it(shop: Shop, agent: Any) -> None:
    shop.allots_cases = True
    shop.save()
    DutyProfile.objects.create(user=agent, week=[[[0, 60]]] * 7)
    case = registered(shop, actor=None, assignee=None)
    with translation.override("en"):
        said = event_details(case.events.get(kind="registered"), False)
    assert said == "Given to nobody yet: nobody who could have it is on duty"


# ---------------------------------------------------------------- handed over


REASSIGN = reverse("admin:complaints_complaint_reassign")
ABSENCE = reverse("admin:complaints_absence_add")


def hand_over(client: Client, cases: list[Any], **values: Any) -> Any:
    form = client.get(REASSIGN, {"case": [case.pk for case in cases]}).context
    versions = {f"version_{case.pk}": version for case, version in form["rows"]}
    sent = {"case": [case.pk for case in cases], "reason": "生病", **versions} | values
    return client.post(REASSIGN, sent, follow=True)


def test_a_lead_hands_selected_cases_over(
    case: Callable[..., Any], staff: dict[str, Any], client_for: Callable[[Any], Client], user_with: Callable[..., Any]
) -> None:
    cases, colleague, client = [case("new"), case("verifying")], user_with("agent"), client_for(staff["team_lead"])
    hand_over(client, cases, assignee=colleague.pk)
    assert [current(one).assignee for one in cases] == [colleague] * 2
    assert cases[0].events.get(kind="passed_on").reason == "生病"
    assert client.post(REASSIGN, {"case": [cases[0].pk], "assignee": staff["agent"].pk}).status_code == 422


def test_one_that_somebody_changed_meanwhile_stays_and_the_others_go(
    case: Callable[..., Any], staff: dict[str, Any], client_for: Callable[[Any], Client], user_with: Callable[..., Any]
) -> None:
    stays, goes, colleague = case("new"), case("new"), user_with("agent")
    client = client_for(staff["team_lead"])
    form = client.get(REASSIGN, {"case": [stays.pk, goes.pk]}).context
    versions = {f"version_{one.pk}": version for one, version in form["rows"]}
    type(stays).objects.filter(pk=stays.pk).update(version=stays.version + 1)
    sent = {"case": [stays.pk, goes.pk], "assignee": colleague.pk, "reason": "生病"} | versions
    answer = client.post(REASSIGN, sent, follow=True).content.decode()
    assert [current(one).assignee == colleague for one in (stays, goes)] == [False, True]
    assert stays.number in answer


def test_nobody_hands_over_what_they_may_not(
    case: Callable[..., Any], staff: dict[str, Any], client_for: Callable[[Any], Client], user_with: Callable[..., Any]
) -> None:
    theirs, colleague = case("new", actor=staff["agent"]), user_with("agent")
    forged = {"case": [theirs.pk], "person": staff["agent"].pk, "assignee": colleague.pk, "reason": "生病"}
    outside = client_for(StaffFactory(role="team_lead", shops=[ShopFactory()]))
    for role in ROLES:
        if role not in LEADING | {"agent"}:
            assert client_for(staff[role]).post(REASSIGN, forged).status_code == 403, role
    assert client_for(colleague).post(REASSIGN, forged).status_code == 302
    assert outside.post(REASSIGN, forged).status_code == 302
    unticked = forged | {"case": []}
    assert client_for(staff["team_lead"]).post(REASSIGN, unticked).status_code == 302
    assert current(theirs).assignee == staff["agent"]


def test_after_an_absence_that_has_begun_the_open_cases_are_offered(
    case: Callable[..., Any], staff: dict[str, Any], shop: Shop, agent: Any,
    client_for: Callable[[Any], Client],
    user_with: Callable[..., Any],
) -> None:  # fmt: skip
    shop.allots_cases = True
    shop.save()
    person, colleague = staff["agent"], user_with("agent")
    mine, client = case("verifying", actor=person), client_for(staff["team_lead"])
    values = {"user": person.pk, "note": "发烧"}
    later = client.post(ABSENCE, values | {"starts_at": "2026-11-28T09:00", "ends_at": "2026-11-29T18:00"})
    assert later["Location"] == reverse("admin:complaints_absence_changelist")
    begun = client.post(ABSENCE, values | {"starts_at": "2026-11-20T09:00", "ends_at": "2026-11-20T18:00"})
    assert begun["Location"] == f"{REASSIGN}?person={person.pk}"
    assert [one for one, _version in client.get(begun["Location"]).context["rows"]] == [mine]
    hand_over(client, [mine])
    assert current(mine).assignee in (colleague, agent)
    assert event_label(mine.events.get(kind="passed_on"))
    assert giving_out.give_out(now=NOW) == 0


def test_an_agent_who_goes_is_offered_the_own_cases(
    case: Callable[..., Any], agent: Any, client_for: Callable[[Any], Client], user_with: Callable[..., Any]
) -> None:
    mine, client, colleague = case("verifying"), client_for(agent), user_with("agent")
    away = {"absence-starts_at": "2026-11-20T09:00", "absence-ends_at": "2026-11-20T18:00", "absence-note": ""}
    begun = client.post(reverse("admin:complaints_alert_absent"), away)
    assert begun["Location"] == f"{REASSIGN}?person={agent.pk}"
    hand_over(client, [mine], assignee=colleague.pk)
    assert current(mine).assignee == colleague


def test_boxes_to_select_are_for_those_who_assign(
    case: Callable[..., Any], staff: dict[str, Any], client_for: Callable[[Any], Client]
) -> None:
    case("new", actor=staff["agent"])
    address = reverse("admin:complaints_complaint_changelist")
    shown = {
        role
        for role in ROLES
        if "data-select-row" in client_for(staff[role]).get(address, {"tab": "open"}, follow=True).content.decode()
    }
    assert shown == LEADING


def test_a_choice_of_colleagues_says_how_many_cases_they_have_and_whether_they_are_there(
    case: Callable[..., Any], staff: dict[str, Any], client_for: Callable[[Any], Client], user_with: Callable[..., Any]
) -> None:
    complaint, busy = case("new", actor=staff["agent"]), user_with("agent", first_name="忙人")
    ComplaintFactory.create_batch(3, shop=complaint.shop, assignee=busy)
    Absence.objects.create(user=busy, starts_at=NOW, ends_at=NOW + timedelta(hours=3))
    client = client_for(staff["team_lead"])
    client.cookies["django_language"] = "en"
    for address in (page_of(complaint, "assign"), f"{REASSIGN}?case={complaint.pk}"):
        assert "忙人 · 3/30 · away" in client.get(address).content.decode()
