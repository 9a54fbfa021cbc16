"""Managers change the rubric; what was, stays, and somebody always has something to score by."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.utils import translation

from knowledge.models import Criterion, CriterionVersion
from knowledge.operations import rubric
from knowledge.operations.bootstrap import load_content
from tests.factories.complaints import NOW

ANCHORS = [["没有", "None"], ["有", "Some"]]
NEW: dict[str, Any] = {
    "name": "署名", "name_en": "Signed", "description": "写了谁在跟进", "description_en": "Says who takes care",
    "anchors": ANCHORS, "weight": 3, "position": 9, "active": True,
}  # fmt: skip

pytestmark = pytest.mark.usefixtures("content")


@pytest.fixture
def manager(user_with: Callable[..., Any]) -> Any:
    return user_with("knowledge_manager")


def latest(code: str) -> CriterionVersion:
    return CriterionVersion.objects.as_now().get(criterion__code=code)


def values_of(version: CriterionVersion) -> dict[str, Any]:
    return {name: getattr(version, name) for name in rubric.VALUES}


def test_the_default_rubric_is_whole_in_both_languages() -> None:
    found = list(CriterionVersion.objects.in_force())
    assert [one.criterion.code for one in found] == ["empathy", "facts", "time", "blame", "choice", "wording"]
    for one in found:
        assert one.most == len(one.anchors) - 1 == 2
        assert all(text for both in one.anchors for text in both)
        assert all((one.name, one.name_en, one.description, one.description_en))


def test_the_words_follow_the_reader() -> None:
    one = latest("time")
    with translation.override("en"):
        assert (one.label, one.anchor(0)) == ("Time named", "No time, or only “soon” or “later”")
    with translation.override("zh-hans"):
        assert (one.label, one.choices[0][1][:4]) == ("时限", "没有时间")
    assert one.anchor(3) == ""


def test_loading_again_leaves_what_managers_made_of_it(manager: Any) -> None:
    one = latest("time")
    rubric.change(one.criterion_id, values_of(one) | {"name": "时间"}, seen=1, actor=manager, now=NOW)
    assert load_content()["criteria"] == 0
    assert latest("time").name == "时间"


def test_a_criterion_is_added(manager: Any) -> None:
    rubric.add("signed", NEW, actor=manager, now=NOW)
    one = latest("signed")
    assert (one.number, one.most, one.weight, one.author, one.created_at) == (1, 1, 3, manager, NOW)
    with pytest.raises(rubric.CriterionTaken):
        rubric.add("signed", NEW, actor=manager, now=NOW)


def test_a_change_is_a_new_version_and_the_old_one_stays(manager: Any) -> None:
    old = latest("time")
    assert rubric.change(old.criterion_id, values_of(old) | {"weight": 5}, seen=1, actor=manager, now=NOW)
    new = latest("time")
    assert (new.number, new.weight, new.author) == (2, 5, manager)
    assert old.criterion.versions.count() == 2
    old.refresh_from_db()
    assert (old.weight, old.replaced_at) == (2, NOW)


def test_a_change_of_nothing_is_none(manager: Any) -> None:
    old = latest("time")
    assert not rubric.change(old.criterion_id, values_of(old), seen=1, actor=manager, now=NOW)
    assert old.criterion.versions.count() == 1


def test_two_managers_do_not_overwrite_each_other(manager: Any) -> None:
    old = latest("time")
    rubric.change(old.criterion_id, values_of(old) | {"weight": 5}, seen=1, actor=manager, now=NOW)
    with pytest.raises(rubric.CriterionChanged):
        rubric.change(old.criterion_id, values_of(old) | {"weight": 6}, seen=1, actor=manager, now=NOW)
    assert latest("time").weight == 5


@pytest.mark.parametrize("anchors", [[], ANCHORS[:1], [["没有", ""], ["有", "Some"]], ANCHORS * 3])
def test_points_have_their_meaning(anchors: Any, manager: Any) -> None:
    with pytest.raises(rubric.AnchorMissing):
        rubric.add("signed", NEW | {"anchors": anchors}, actor=manager, now=NOW)
    assert not Criterion.objects.filter(code="signed").exists()


def test_the_last_criterion_stays_on(manager: Any) -> None:
    for one in list(CriterionVersion.objects.in_force())[1:]:
        rubric.change(one.criterion_id, values_of(one) | {"active": False}, seen=1, actor=manager, now=NOW)
    last = CriterionVersion.objects.in_force().get()
    with pytest.raises(rubric.LastCriterion):
        rubric.change(last.criterion_id, values_of(last) | {"active": False}, seen=1, actor=manager, now=NOW)
    assert CriterionVersion.objects.in_force().get() == last


@pytest.mark.parametrize(
    "values",
    [
        {"name": "x"},
        {"anchors": []},
        {"weight": 9},
        {"most": 3},
        {"active": False},
        {"replaced_at": None},
        {"number": 7},
    ],
)
def test_the_database_keeps_a_version_as_it_is(values: dict[str, Any]) -> None:
    rows = CriterionVersion.objects.filter(pk=latest("time").pk)
    with pytest.raises(DatabaseError, match="fixed"), transaction.atomic():
        rows.update(**values)
    with pytest.raises(DatabaseError, match="fixed"), transaction.atomic():
        rows.delete()


def test_what_was_replaced_is_not_put_back(manager: Any) -> None:
    old = latest("time")
    rubric.change(old.criterion_id, values_of(old) | {"weight": 5}, seen=1, actor=manager, now=NOW)
    with pytest.raises(DatabaseError, match="fixed"), transaction.atomic():
        CriterionVersion.objects.filter(pk=old.pk).update(replaced_at=NOW)
