"""The rubric through its pages: who may change it, nothing typed is lost, old versions can be read."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from knowledge.models import Criterion, CriterionVersion
from knowledge.models.rubric import MOST_POINTS

pytestmark = pytest.mark.usefixtures("frozen", "content")

WRITERS = {"knowledge_manager", "shop_manager"}
READERS = WRITERS | {"quality_inspector"}


def page(name: str, *args: Any) -> str:
    return reverse(f"admin:knowledge_criterion_{name}", args=args)


def latest(code: str) -> CriterionVersion:
    return CriterionVersion.objects.as_now().get(criterion__code=code)


def form_of(version: CriterionVersion, **changed: Any) -> dict[str, Any]:
    """What the form sends when nothing else is touched."""
    sent = {
        "name": version.name, "name_en": version.name_en, "description": version.description,
        "description_en": version.description_en, "weight": version.weight, "position": version.position,
        "seen": version.number, "active": "on",
    }  # fmt: skip
    for points in range(MOST_POINTS + 1):
        zh, en = version.anchors[points] if points < len(version.anchors) else ("", "")
        sent |= {f"anchor{points}_zh": zh, f"anchor{points}_en": en}
    return {name: value for name, value in (sent | changed).items() if value is not None}


@pytest.fixture
def manager(user_with: Callable[..., Any], client_for: Callable[[Any], Client]) -> Client:
    return client_for(user_with("knowledge_manager"))


def test_pages_open_for_their_roles_and_forms_of_others_do_nothing(
    staff: dict[str, Any], client_for: Callable[[Any], Client]
) -> None:
    one = latest("time")
    for role, person in staff.items():
        client = client_for(person)
        for address in (page("changelist"), page("change", one.criterion_id)):
            assert client.get(address).status_code == (200 if role in READERS else 403), (role, address)
        assert client.get(page("history", one.criterion_id)).status_code == (302 if role in READERS else 403)
        assert client.get(page("add")).status_code == (200 if role in WRITERS else 403), role
        if role not in WRITERS:
            sent = form_of(one, name="改名", code="forged")
            assert client.post(page("change", one.criterion_id), sent).status_code == 403
            assert client.post(page("add"), sent).status_code == 403
        assert client.post(page("delete", one.criterion_id), {"post": "yes"}).status_code == 403
    assert CriterionVersion.objects.count() == 6


def test_who_only_reads_is_shown_no_form(user_with: Callable[..., Any], client_for: Callable[[Any], Client]) -> None:
    text = client_for(user_with("quality_inspector")).get(page("change", latest("time").criterion_id)).content.decode()
    assert "没有时间" in text
    assert "anchor0_zh" not in text


def test_a_criterion_is_changed_and_its_past_can_be_read(manager: Client) -> None:
    one = latest("time")
    answer = manager.post(
        page("change", one.criterion_id), form_of(one, name="时间", anchor3_zh="还主动提醒", anchor3_en="Also reminds")
    )
    assert answer["Location"] == page("changelist")
    new = latest("time")
    assert (new.name, new.number, new.most, new.anchors[3]) == ("时间", 2, 3, ["还主动提醒", "Also reminds"])
    assert "时限" in manager.get(page("change", one.criterion_id)).content.decode()


def test_a_criterion_is_added_and_switched_off(manager: Client) -> None:
    manager.post(page("add"), form_of(latest("time"), code="signed", name="署名"))
    one = latest("signed")
    assert (one.name, one.number) == ("署名", 1)
    manager.post(page("change", one.criterion_id), form_of(one, active=None))
    assert not latest("signed").active
    assert manager.post(page("add"), form_of(one, code="signed")).status_code == 422
    assert Criterion.objects.count() == 7


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""}, {"weight": "0"}, {"weight": "11"}, {"anchor0_zh": ""}, {"anchor2_en": ""},
        {"anchor4_zh": "隔了一级"},
        {"seen": "7"}, {"position": "x"},
    ],
)  # fmt: skip
def test_what_is_refused_stays_typed(wrong: dict[str, str], manager: Client) -> None:
    one = latest("time")
    answer = manager.post(page("change", one.criterion_id), form_of(one, description="我刚改的说明", **wrong))
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "我刚改的说明" in text
    assert "note is-breached" in text
    assert latest("time") == one


def test_of_two_managers_the_second_is_told(manager: Client) -> None:
    one = latest("time")
    manager.post(page("change", one.criterion_id), form_of(one, weight=5))
    answer = manager.post(page("change", one.criterion_id), form_of(one, weight=6))
    assert answer.status_code == 422
    assert 'name="seen" value="2"' in answer.content.decode()
    manager.post(page("change", one.criterion_id), form_of(one, weight=6, seen=2))
    assert latest("time").weight == 6


@pytest.mark.parametrize("key", ["0", "abc", "9" * 30, "9999"])
def test_a_strange_number_is_not_found(key: str, manager: Client) -> None:
    assert manager.get(f"/admin/knowledge/criterion/{key}/change/").status_code == 404


def test_the_rubric_takes_the_same_few_queries_however_long_it_is(manager: Client) -> None:
    def taken() -> int:
        with CaptureQueriesContext(connection) as captured:
            manager.get(page("changelist"))
        return len(captured)

    manager.get(page("changelist"))
    few = taken()
    for n in range(5):
        manager.post(page("add"), form_of(latest("time"), code=f"more{n}"))
    manager.get(page("changelist"))
    assert taken() == few <= 8
