"""Changes of the list of policies: what is written, recorded, and marked for the open complaints."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import call_command

from complaints.models import SettingChange, SlaPolicy
from complaints.operations import policies
from complaints.operations.bootstrap import load_policies
from complaints.operations.policies import NameTaken, PolicyChanged
from complaints.policy_analysis import Universe, findings
from complaints.queries.policies import active_rules
from complaints.queries.policy_drafts import draft_of, listed, usual_lines
from knowledge.models import IssueType
from tests.factories.complaints import NOW
from tests.factories.policies import PolicyFactory, draft, unwritten

LATER = NOW + timedelta(hours=1)


@pytest.fixture
def manager(user_with: Any) -> Any:
    return user_with("shop_manager")


@pytest.fixture
def who(manager: Any) -> dict[str, Any]:
    return {"actor": manager, "now": NOW}


def names() -> list[str]:
    return [policy.name for policy in SlaPolicy.objects.order_by("position", "pk")]


def three() -> list[SlaPolicy]:
    return [PolicyFactory(name=name, position=place) for place, name in enumerate("甲乙丙", start=1)]


def test_a_new_policy_stands_where_it_was_put_with_all_that_was_said(shop: Any, who: dict[str, Any]) -> None:
    _first, second, _third = three()
    fire = IssueType.objects.get(code="SAFE-03")
    wanted = draft(
        name="夜间", shops=(shop,), issue_types=(fire,), severities=("S3",), amount_from=Decimal("100.00"),
        platform_case=False,
    )  # fmt: skip
    policy = policies.create(wanted, before=second.pk, **who)
    assert names() == ["甲", "夜间", "乙", "丙"]
    assert [one.position for one in listed()] == [1, 2, 3, 4]
    stored = SlaPolicy.objects.get(pk=policy.pk)
    assert draft_of(stored) == wanted
    assert stored.recompute_requested_at == NOW
    change = SettingChange.objects.get()
    assert (change.actor, change.at, change.subject, change.subject_id) == (who["actor"], NOW, "slapolicy", policy.pk)
    assert change.changes["shops"] == [None, ["tmall"]]
    assert change.changes["issue_types"] == [None, ["SAFE-03"]]
    assert change.changes["amount_from"] == [None, "100.00"]
    assert change.changes["first_response.budget_minutes"] == [None, 30]
    assert "channels" not in change.changes


def test_a_change_records_old_and_new_of_what_differs_and_of_nothing_else(who: dict[str, Any]) -> None:
    policy = PolicyFactory(priority="P2", severities=["S3"])
    stored = draft_of(policy)
    lines = stored.lines | {"proposal": replace(stored.lines["proposal"], budget_minutes=600, working=True)}
    wanted = replace(stored, priority="P1", severities=("S3", "S4"), lines=lines)
    policies.change(policy.pk, wanted, before=None, seen=stored.fingerprint(), **who)
    assert SettingChange.objects.get().changes == {
        "priority": ["P2", "P1"],
        "severities": [["S3"], ["S3", "S4"]],
        "proposal.budget_minutes": [1440, 600],
        "proposal.working": [False, True],
    }
    assert draft_of(SlaPolicy.objects.get()) == wanted


def test_a_form_that_changes_nothing_writes_nothing(who: dict[str, Any]) -> None:
    first, *_others = three()
    stored = draft_of(first)
    with unwritten():
        assert policies.change(first.pk, stored, before=first.pk, seen=stored.fingerprint(), **who) == {}


def test_who_was_faster_is_not_written_over(who: dict[str, Any]) -> None:
    policy = PolicyFactory()
    seen = draft_of(policy).fingerprint()
    policies.activate(policy.pk, active=False, **who)
    with unwritten(), pytest.raises(PolicyChanged):
        policies.change(policy.pk, draft(), before=None, seen=seen, **who)


def test_two_policies_have_two_names(who: dict[str, Any]) -> None:
    first, second, _third = three()
    seen = draft_of(second).fingerprint()
    with unwritten():
        with pytest.raises(NameTaken):
            policies.create(draft(name="甲"), before=None, **who)
        with pytest.raises(NameTaken):
            policies.change(second.pk, replace(draft_of(second), name=first.name), before=None, seen=seen, **who)


@pytest.mark.parametrize(
    ("place", "steps", "expected"),
    [(0, 1, "乙甲丙"), (0, 2, "乙丙甲"), (1, -1, "乙甲丙"), (2, -1, "甲丙乙"), (2, -2, "丙甲乙")],
)
def test_a_policy_is_moved_up_and_down(place: int, steps: int, expected: str, who: dict[str, Any]) -> None:
    policy = three()[place]
    assert policies.move(policy.pk, steps=steps, **who)
    assert "".join(names()) == expected
    assert SettingChange.objects.get().changes == {"position": [place + 1, place + 1 + steps]}
    assert SlaPolicy.objects.get(pk=policy.pk).recompute_requested_at == NOW


@pytest.mark.parametrize(("place", "steps"), [(0, -1), (2, 1)])
def test_the_first_moves_no_further_up_and_the_last_no_further_down(
    place: int, steps: int, who: dict[str, Any]
) -> None:
    policy = three()[place]
    with unwritten():
        assert not policies.move(policy.pk, steps=steps, **who)


def test_a_policy_is_switched_off_and_on(who: dict[str, Any]) -> None:
    policy = PolicyFactory()
    assert policies.activate(policy.pk, active=False, **who)
    assert not policies.activate(policy.pk, active=False, **who)
    assert policies.activate(policy.pk, active=True, **who | {"now": LATER})
    assert [change.changes for change in SettingChange.objects.order_by("pk")] == [
        {"active": [True, False]},
        {"active": [False, True]},
    ]
    assert SlaPolicy.objects.get().recompute_requested_at == LATER


def test_a_copy_stands_behind_its_original_and_decides_nothing_yet(who: dict[str, Any]) -> None:
    original, *_others = three()
    copied = policies.copy(original.pk, **who)
    again = policies.copy(original.pk, **who)
    assert names() == ["甲", "甲 3", "甲 2", "乙", "丙"]
    assert not copied.active
    assert not again.active
    assert draft_of(SlaPolicy.objects.get(pk=copied.pk)).lines == draft_of(original).lines
    assert not SlaPolicy.objects.filter(recompute_requested_at__isnull=False).exists()


def test_a_policy_that_is_switched_off_bothers_no_complaint(who: dict[str, Any]) -> None:
    policy = PolicyFactory(switched_off=True)
    stored = draft_of(policy)
    policies.change(policy.pk, replace(stored, priority="P1"), before=None, seen=stored.fingerprint(), **who)
    assert SlaPolicy.objects.get().recompute_requested_at is None


# ---------------------------------------------------------------- what comes with the desk


def test_the_default_policies_give_the_budgets_of_the_table(content: None) -> None:
    assert load_policies() == 9
    minutes = {
        policy.priority: [policy.targets.get(kind=kind).budget_minutes for kind in FIVE] for policy in listed()
    }  # fmt: skip
    assert minutes == {
        "P1": [15, 240, 720, 1440, 1440],
        "P2": [30, 720, 1440, 2880, 1440],
        "P3": [120, 1440, 2160, 4320, 1440],
        "P4": [480, 2880, 4320, 2400, 1440],
    }
    for policy in listed():
        lines = draft_of(policy).lines
        assert len(lines) == 9
        assert {kind for kind, line in lines.items() if line.pausable} == {"verification", "proposal", "execution"}
        working = {kind for kind, line in lines.items() if line.working}
        assert working == ({"first_response", "execution"} if policy.priority == "P4" else set())
        usual = usual_lines(policy.priority)
        assert all(lines[kind].levels == usual[kind].levels for kind in lines)
        assert lines["platform"] == usual["platform"]


FIVE = ("first_response", "verification", "proposal", "execution", "callback")


def test_the_default_policies_are_all_reached(content: None) -> None:
    load_policies()
    universe = Universe(
        shops={},
        issue_types=dict(IssueType.objects.values_list("pk", "parent")),
        platforms=("taobao", "jd"),
        channels=("phone",),
        severities=("S1", "S2", "S3", "S4"),
    )
    assert findings(active_rules(), universe).unreachable == ()


def test_bootstrap_loads_them_once_and_never_beside_own_ones(content: None, capsys: Any) -> None:
    call_command("bootstrap")
    assert "9 time policies" in capsys.readouterr().out
    SlaPolicy.objects.exclude(name="其他投诉").delete()
    call_command("bootstrap")
    assert names() == ["其他投诉"]
    assert capsys.readouterr().out == ""
