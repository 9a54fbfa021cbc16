"""The pages about time policies, through HTTP: who may, what is refused, what stays typed, what a try says."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from complaints.models import Complaint, SettingChange, SlaPolicy
from complaints.operations import policies, reapplying
from complaints.queries.policy_drafts import draft_of
from complaints.roles import ROLES
from complaints.sla import CHAIN, Kind
from knowledge.models import IssueType
from tests.factories.complaints import NOW, ShopFactory, registered
from tests.factories.policies import PolicyFactory, quick, unwritten

pytestmark = pytest.mark.usefixtures("frozen")

LIST = reverse("admin:complaints_slapolicy_changelist")
ADD = reverse("admin:complaints_slapolicy_add")
CHANGES = reverse("admin:complaints_settingchange_changelist")
CHANGING, READING = {"shop_manager"}, {"shop_manager", "supervisor", "auditor"}
LIST_BUDGET, FORM_BUDGET = 14, 14


def page_of(policy: SlaPolicy, name: str = "change") -> str:
    return reverse(f"admin:complaints_slapolicy_{name}", args=[policy.pk])


@pytest.fixture
def manager(user_with: Callable[..., Any]) -> Any:
    return user_with("shop_manager")


@pytest.fixture
def desk(manager: Any, client_for: Callable[[Any], Client]) -> Client:
    """The manager's browser."""
    return client_for(manager)


def typed(**values: Any) -> dict[str, Any]:
    """The form as a browser sends it, filled in; keyword values override, None leaves a field out."""
    form: dict[str, Any] = {
        "name": "夜间投诉", "priority": "P2", "active": "on", "before": "last", "platform_case": "", "seen": "",
    }  # fmt: skip
    for kind in Kind:
        form |= {f"{kind}-{role}": "100" if role == "assignee" else "" for role in CHAIN}
        if kind is not Kind.PROMISE:
            form[f"{kind}-budget"] = "6 小时" if kind is Kind.PLATFORM else "2小时"
    form |= {"verification-pausable": "on", "proposal-pausable": "on", "execution-pausable": "on"}
    return {name: value for name, value in (form | values).items() if value is not None}


def as_shown(client: Client, policy: SlaPolicy) -> dict[str, Any]:
    """What the browser would send of the form as it is shown."""
    form = client.get(page_of(policy)).context["form"]
    sent: dict[str, Any] = {}
    for bound in [*form, *(field for line in form.lines for field in line)]:
        value = bound.value()
        if value is True:
            sent[bound.html_name] = "on"
        elif value not in (None, False):
            sent[bound.html_name] = bound.field.prepare_value(value)
    return sent


# ---------------------------------------------------------------- who may


def test_who_reads_and_who_changes(staff: dict[str, Any], client_for: Callable[[Any], Client]) -> None:
    assert set(staff) == set(ROLES)
    policy = PolicyFactory()
    for role, person in staff.items():
        client = client_for(person)
        read, write = 200 if role in READING else 403, 200 if role in CHANGING else 403
        assert client.get(LIST).status_code == read, role
        assert client.get(page_of(policy)).status_code == read, role
        assert client.get(page_of(policy, "history")).status_code == read, role
        assert client.get(ADD).status_code == write, role
        may_see_changes = 200 if role in {"shop_manager", "auditor"} else 403
        assert client.get(CHANGES).status_code == may_see_changes, role


def test_forged_posts_are_refused(staff: dict[str, Any], client_for: Callable[[Any], Client]) -> None:
    policy = PolicyFactory()
    with unwritten():
        for role in set(staff) - CHANGING:
            client = client_for(staff[role])
            for address, data in (
                (ADD, typed()),
                (page_of(policy), typed()),
                (page_of(policy), typed(preview="1")),
                (page_of(policy, "move"), {"way": "down"}),
                (page_of(policy, "switch"), {"to": "off"}),
                (page_of(policy, "copy"), {}),
                (page_of(policy, "delete"), {"post": "yes"}),
            ):
                assert client.post(address, data).status_code == 403, (role, address)


def test_nobody_deletes_a_policy(desk: Client) -> None:
    policy = PolicyFactory()
    assert desk.post(page_of(policy, "delete"), {"post": "yes"}).status_code == 403
    assert SlaPolicy.objects.exists()


@pytest.mark.django_db
def test_who_is_not_logged_in_sees_the_login(client: Client) -> None:
    policy = PolicyFactory()
    for address in (LIST, ADD, page_of(policy), page_of(policy, "history")):
        assert client.get(address).status_code == 302


def test_a_post_without_the_token_is_refused(manager: Any) -> None:
    policy = PolicyFactory()
    client = Client(enforce_csrf_checks=True)
    client.force_login(manager, backend="django.contrib.auth.backends.ModelBackend")
    with unwritten():
        assert client.post(page_of(policy, "switch"), {"to": "off"}).status_code == 403
        assert client.post(ADD, typed()).status_code == 403


def test_reading_changes_nothing(desk: Client) -> None:
    policy = PolicyFactory()
    with unwritten():
        for name in ("move", "switch", "copy"):
            assert desk.get(page_of(policy, name)).status_code == 405
        desk.get(LIST)
        desk.get(page_of(policy))


@pytest.mark.parametrize(
    ("name", "data"),
    [("move", {}), ("move", {"way": "sideways"}), ("switch", {"to": "maybe"}), ("switch", {})],
)
def test_a_button_that_the_page_does_not_have_is_not_found(name: str, data: dict[str, str], desk: Client) -> None:
    policy = PolicyFactory()
    with unwritten():
        assert desk.post(page_of(policy, name), data).status_code == 404


def test_a_policy_that_is_not_there_is_not_found(desk: Client) -> None:
    for name in ("change", "history"):
        assert desk.get(reverse(f"admin:complaints_slapolicy_{name}", args=[4711])).status_code == 404
    assert desk.get(f"{LIST}{'9' * 40}/change/").status_code == 404
    assert desk.post(reverse("admin:complaints_slapolicy_move", args=[4711]), {"way": "up"}).status_code == 404


def test_the_menus_lead_there(desk: Client, user_with: Callable[..., Any], client_for: Callable[[Any], Client]) -> None:
    page = desk.get(LIST).content.decode()
    assert f'href="{LIST}"' in page
    assert f'href="{CHANGES}"' in page
    agents = client_for(user_with("agent")).get(reverse("admin:complaints_complaint_changelist")).content.decode()
    assert LIST not in agents
    assert CHANGES not in agents


# ---------------------------------------------------------------- the list


def test_the_list_says_the_conditions_and_what_is_odd(desk: Client, shop: Any) -> None:
    PolicyFactory(name="高额", position=1, shops=[shop], severities=["S3", "S4"], amount_from=1000, priority="P1")
    PolicyFactory(name="严重", position=2, severities=["S3"], priority="P2")
    PolicyFactory(name="其他", position=3)
    PolicyFactory(name="多余", position=4, platforms=["jd"])
    high, serious, rest, spare = desk.get(LIST).context["rows"]
    assert [text for _label, text in high.conditions] == ["晴木家居天猫店", "S3、S4", "≥ ¥1,000"]
    assert rest.conditions == []
    assert [row.is_unreachable for row in (high, serious, rest, spare)] == [False, False, False, True]
    assert spare.covered_by == ["其他"]
    (shared,) = serious.shared
    assert (shared.name, shared.example) == ("高额", "晴木家居天猫店 · S3 · 实付 ¥1,000")
    assert rest.shared == []


def test_moving_switching_and_copying_come_back_to_the_line(desk: Client) -> None:
    first, second = PolicyFactory(name="甲", position=1), PolicyFactory(name="乙", position=2)
    answer = desk.post(page_of(second, "move"), {"way": "up"})
    assert answer["Location"] == f"{LIST}#policy-{second.pk}"
    assert [row.policy.name for row in desk.get(LIST).context["rows"]] == ["乙", "甲"]
    desk.post(page_of(first, "switch"), {"to": "off"})
    assert not SlaPolicy.objects.get(pk=first.pk).active
    answer = desk.post(page_of(first, "copy"))
    copied = SlaPolicy.objects.get(name="甲 2")
    assert answer["Location"] == page_of(copied)


def test_the_list_tells_how_many_complaints_are_still_to_come(desk: Client, shop: Any, agent: Any) -> None:
    policy = PolicyFactory()
    for _n in range(3):
        registered(shop, actor=agent)
    desk.post(page_of(policy, "switch"), {"to": "off"})
    assert desk.get(LIST).context["waiting"] == 3
    reapplying.reapply(now=NOW)
    assert desk.get(LIST).context["waiting"] == 0


# ---------------------------------------------------------------- the form


def test_a_new_policy_is_stored_as_it_was_typed(desk: Client, shop: Any) -> None:
    rest = PolicyFactory(name="其他")
    fire = IssueType.objects.get(code="SAFE-03")
    answer = desk.post(
        ADD,
        typed(
            before=str(rest.pk), shops=[shop.pk], platforms=["taobao", "jd"], channels=["phone"], severities=["S4"],
            issue_types=[fire.pk], amount_from="100", amount_below="5000.50", platform_case="no",
            **{
                "first_response-budget": "90分钟",
                "verification-budget": "8 工作小时",
                "proposal-budget": "1天4小时",
                "execution-budget": "5天",
                "execution-working": "on",
                "callback-budget": "1 d 30 min",
                "inquiry-budget": "1.5 h",
                "recovery-budget": "７天",
                "verification-assignee": "50、80 100%",
                "verification-team_lead": "100",
                "verification-supervisor": "150",
            },
        ),
    )  # fmt: skip
    assert answer.status_code == 302, [line.errors for line in answer.context["form"].lines]
    stored = draft_of(SlaPolicy.objects.get(name="夜间投诉"))
    assert [one.name for one in SlaPolicy.objects.all()] == ["夜间投诉", "其他"]
    assert (stored.shops, stored.issue_types, stored.platform_case) == ((shop,), (fire,), False)
    assert (stored.platforms, stored.channels, stored.severities) == (("taobao", "jd"), ("phone",), ("S4",))
    spans = {kind: (line.budget_minutes, line.working) for kind, line in stored.lines.items()}
    assert spans == {
        "first_response": (90, False), "verification": (480, True), "proposal": (1680, False),
        "execution": (2400, True), "callback": (1470, False), "inquiry": (90, False), "recovery": (10080, False),
        "promise": (None, False), "platform": (360, False),
    }  # fmt: skip
    assert stored.lines["verification"].levels == (
        (50, ("assignee",)), (80, ("assignee",)), (100, ("assignee", "team_lead")), (150, ("supervisor",)),
    )  # fmt: skip
    assert {kind for kind, line in stored.lines.items() if line.pausable} == {"verification", "proposal", "execution"}


def test_a_form_sent_back_as_it_was_shown_changes_nothing(desk: Client, shop: Any) -> None:
    working = {"execution": {"budget_minutes": 2400, "working": True}}
    policy = PolicyFactory(shops=[shop], severities=["S1"], amount_from=10, platform_case=True, lines=working)
    policies.move(policy.pk, steps=0, actor=None, now=NOW)
    with unwritten():
        assert desk.post(page_of(policy), as_shown(desk, policy)).status_code == 302


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("name", "", "必填"),
        ("name", "字" * 61, "60"),
        ("priority", "P9", "P9"),
        ("before", "4711", "4711"),
        ("severities", ["S9"], "S9"),
        ("shops", ["4711"], "4711"),
        ("issue_types", ["x"], "x"),
        ("amount_from", "viel", ""),
        ("amount_from", "-1", ""),
        ("amount_below", "5", ""),
        ("first_response-budget", "", ""),
        ("first_response-budget", "bald", "bald"),
        ("first_response-budget", "90", "90"),
        ("first_response-budget", "0 小时", ""),
        ("first_response-budget", "400天", ""),
        ("first_response-budget", "99999999999999999999小时", ""),
        ("platform-budget", "8 工作小时", ""),
        ("proposal-assignee", "50", "100"),
        ("proposal-assignee", "", "100"),
        ("proposal-team_lead", "abc", "50 80 100"),
        ("proposal-team_lead", "0 100", "50 80 100"),
        ("proposal-team_lead", "99999999999999", "50 80 100"),
        ("proposal-team_lead", "0000150", "50 80 100"),
        ("proposal-team_lead", "00001" + "9" * 5000, "50 80 100"),
        ("proposal-assignee", " ".join(str(n) for n in range(88, 101)), "12"),
    ],
)
def test_what_is_typed_wrong_is_said_in_place_and_stays(field: str, value: Any, words: str, desk: Client) -> None:
    PolicyFactory(name="其他")
    amounts = {"amount_from": "10"} if field == "amount_below" else {}
    sent = typed(**amounts, **{field: value}, description="x")
    with unwritten():
        answer = desk.post(ADD, sent)
    assert answer.status_code == 200
    form = answer.context["form"]
    kind, _dash, name = field.partition("-")
    owner = next(line for line in form.lines if line.kind == kind) if name else form
    bound = owner[name or field]
    assert any(words in error for error in bound.errors), bound.errors
    assert bound.value() == value
    page = answer.content.decode()
    assert f'id="{bound.auto_id}_error"' in page
    assert "夜间投诉" in page or field == "name"
    for cell in (cell for line in form.lines for cell in line if cell.widget_type != "checkbox"):
        assert cell.value() == sent[cell.html_name], cell.html_name
    for line in form.lines:
        assert [name for name in line.fields if line[name].value() is True] == (
            ["pausable"] if line.kind in ("verification", "proposal", "execution") else []
        )


def test_a_name_that_is_taken_is_said_at_the_name(desk: Client) -> None:
    PolicyFactory(name="夜间投诉")
    with unwritten():
        answer = desk.post(ADD, typed())
    assert "夜间投诉" in answer.context["form"].errors["name"][0]


def test_a_change_by_somebody_else_is_shown_and_the_second_try_stands_on_it(desk: Client) -> None:
    policy = PolicyFactory(name="甲", severities=["S3"])
    sent = as_shown(desk, policy) | {"name": "乙"}
    policies.activate(policy.pk, active=False, actor=None, now=NOW)
    with unwritten():
        answer = desk.post(page_of(policy), sent)
    shown = {row.label: (row.old, row.new) for row in answer.context["differences"]}
    assert len(shown) == 2
    assert ("甲", "乙") in shown.values()
    sent["seen"] = answer.context["form"]["seen"].value()
    assert desk.post(page_of(policy), sent).status_code == 302
    assert SlaPolicy.objects.get().name == "乙"


# ---------------------------------------------------------------- trying out


def test_a_try_writes_nothing_and_says_what_comes(desk: Client, shop: Any, agent: Any) -> None:
    rest = PolicyFactory(name="其他")
    old = registered(shop, actor=agent, severity="S4", now=NOW - timedelta(hours=1))
    registered(shop, actor=agent)
    with unwritten():
        sent = typed(before=str(rest.pk), severities=["S4"], priority="P1", preview="1")
        answer = desk.post(ADD, sent | {"first_response-budget": "30分钟"})
    told = answer.context["preview"]
    assert (told.open, told.looked_at, told.changed, told.earlier, told.overdue_now) == (2, 2, 1, 1, 1)
    assert told.priorities == [("P3", "P1", 1)]
    (row,) = told.rows
    assert (row.number, row.new_due) == (old.number, NOW - timedelta(minutes=30))
    page = answer.content.decode()
    assert old.number in page
    assert 'value="30分钟"' in page
    assert Complaint.objects.get(pk=old.pk).priority == "P3"


def test_what_a_try_said_comes_with_saving(desk: Client, shop: Any, agent: Any) -> None:
    rest = PolicyFactory(name="其他")
    for severity in ("S2", "S3", "S4"):
        registered(shop, actor=agent, severity=severity)
    sent = typed(before=str(rest.pk), severities=["S3", "S4"], priority="P1")
    told = desk.post(ADD, sent | {"preview": "1"}).context["preview"]
    assert desk.post(ADD, sent).status_code == 302
    reapplying.reapply(now=NOW)
    due = {clock.number: clock.new_due for clock in told.rows}
    after = {case.number: case.deadlines.running().get().due_at for case in Complaint.objects.filter(priority="P1")}
    assert len(after) == 2
    assert due.items() <= after.items()


def test_a_try_looks_at_no_more_than_its_share_and_says_so(
    desk: Client, shop: Any, agent: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("complaints.admin.policies.LIMIT", 2)
    for _n in range(3):
        registered(shop, actor=agent)
    answer = desk.post(ADD, typed(preview="1", priority="P1"))
    told = answer.context["preview"]
    assert (told.open, told.looked_at, told.is_partial) == (3, 2, True)
    assert {row.number for row in told.rows} < set(Complaint.objects.values_list("number", flat=True))


def test_a_try_with_what_is_typed_wrong_says_so(desk: Client) -> None:
    answer = desk.post(ADD, typed(preview="1", name=""))
    assert "preview" not in answer.context or not answer.context["preview"]
    assert answer.context["form"].errors["name"]


# ---------------------------------------------------------------- the record


def test_the_history_says_in_words_who_changed_what(desk: Client, manager: Any, shop: Any) -> None:
    policy = PolicyFactory(priority="P3", position=1)
    sent = as_shown(desk, policy) | {"priority": "P1", "shops": [shop.pk], "first_response-budget": "15分钟"}
    assert desk.post(page_of(policy), sent).status_code == 302
    ((change, lines),) = desk.get(page_of(policy, "history")).context["changes"]
    assert change.actor == manager
    words = [(line.old, line.new) for line in lines]
    assert ("—", "晴木家居天猫店") in words
    assert any("P3" in old and "P1" in new for old, new in words)
    page = desk.get(CHANGES).content.decode()
    assert policy.name in page
    assert "晴木家居天猫店" in page


def test_the_record_of_other_settings_is_readable_too(desk: Client, manager: Any) -> None:
    SettingChange.objects.create(
        at=NOW, actor=None, subject="workcalendar", subject_id=1, name="门店日历",
        changes={"time_zone": ["Asia/Shanghai", "Europe/Berlin"], "what": [None, True]},
    )  # fmt: skip
    SettingChange.objects.create(at=NOW, actor=manager, subject="gone", subject_id=1, name="旧", changes={})
    page = desk.get(CHANGES).content.decode()
    assert "Europe/Berlin" in page
    assert "门店日历" in page


def test_the_record_is_not_written_by_hand(desk: Client, manager: Any) -> None:
    policy = PolicyFactory()
    policies.activate(policy.pk, active=False, actor=manager, now=NOW)
    change = SettingChange.objects.get()
    address = reverse("admin:complaints_settingchange_change", args=[change.pk])
    with unwritten():
        assert desk.get(address).status_code == 200
        assert desk.post(address, {"name": "x"}).status_code == 403
        assert desk.post(reverse("admin:complaints_settingchange_add"), {"name": "x"}).status_code == 403
        assert desk.post(f"{address.removesuffix('change/')}delete/", {"post": "yes"}).status_code == 403


# ---------------------------------------------------------------- queries


def queries(client: Client, address: str, data: Any = None) -> int:
    with CaptureQueriesContext(connection) as captured:
        answer = client.post(address, data) if data else client.get(address)
    assert answer.status_code == 200
    return len(captured)


def fill(shop: Any, agent: Any, number: int) -> None:
    types = list(IssueType.objects.filter(parent__isnull=False)[:3])
    for n in range(number):
        PolicyFactory(shops=[shop, ShopFactory()], issue_types=types, severities=["S3"], amount_from=n)
        registered(shop, actor=agent)


def test_the_pages_take_the_same_few_queries_with_much_to_show(desk: Client, shop: Any, agent: Any) -> None:
    policy = PolicyFactory(position=0, lines={kind: line.plain() for kind, line in quick(5).items()})
    desk.get(LIST)

    def taken() -> list[int]:
        history = page_of(policy, "history")
        return [
            queries(desk, LIST), queries(desk, page_of(policy)), queries(desk, ADD), queries(desk, history),
            queries(desk, CHANGES), queries(desk, page_of(policy), typed(preview="1", severities=["S2"])),
        ]  # fmt: skip

    fill(shop, agent, 2)
    policies.activate(policy.pk, active=False, actor=agent, now=NOW)
    few = taken()
    fill(shop, agent, 12)
    for n in range(10):
        policies.activate(policy.pk, active=n % 2 == 0, actor=agent, now=NOW)
    assert taken() == few
    assert few[0] <= LIST_BUDGET
    assert max(few[1:5]) <= FORM_BUDGET
    assert few[5] <= FORM_BUDGET + 6
