"""The page that finds scripts and closed cases."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from complaints.models import Complaint, Shop
from knowledge.operations import indexing
from knowledge.script_documents import KIND as SCRIPT
from tests.factories.complaints import complaint_in
from tests.factories.knowledge import ReplyScriptFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen")]

PAGE = reverse("admin:search")
BUDGET = 20


@pytest.fixture
def script(content: None) -> Any:
    made = ReplyScriptFactory(name="青花瓷话术", text="您的青花瓷碗 <b>破损</b>，我们马上补发。")
    indexing.refresh(SCRIPT, [made.pk])
    return made


@pytest.fixture
def look(staff: dict[str, Any], client_for: Callable[[Any], Client]) -> Callable[..., Any]:
    def get(user: Any = None, *, part: bool = False, **asked: Any) -> Any:
        headers = {"HX-Request": "true"} if part else {}
        return client_for(user or staff["shop_manager"]).get(PAGE, asked, headers=headers)

    return get


def test_what_was_found_is_shown_by_kind_with_its_words_marked(
    script: Any, case: Callable[..., Any], look: Callable[..., Any]
) -> None:
    closed = case("closed", title="青花瓷碗碎裂")
    text = look(q="青花瓷").content.decode()
    assert f'href="{reverse("admin:knowledge_replyscript_change", args=[script.pk])}"' in text
    assert "<mark>青花瓷</mark>话术" in text
    assert "碗 &lt;b&gt;破损&lt;/b&gt;" in text
    cases = look(q="青花瓷", kind="case").content.decode()
    assert f'href="{reverse("admin:complaints_complaint_change", args=[closed.pk])}"' in cases
    assert "<mark>青花瓷</mark>碗碎裂" in cases


def test_without_a_kind_the_first_one_with_results_is_shown(
    script: Any, case: Callable[..., Any], look: Callable[..., Any]
) -> None:
    case("closed", title="琉璃盏碎裂")
    for asked, kind in (("琉璃盏", "case"), ("青花瓷", "script")):
        for given in ("", "nothing"):
            tabs = look(q=asked, kind=given).context["tabs"]
            assert [tab.source.kind for tab in tabs if tab.active] == [kind]


def test_htmx_gets_the_results_alone(script: Any, look: Callable[..., Any]) -> None:
    text = look(q="青花瓷", part=True).content.decode()
    assert text.lstrip().startswith('<div id="search-results">')
    assert "<mark>青花瓷</mark>" in text


@pytest.mark.parametrize("q", ["", "  ", "-青花瓷", "！！", '"', "没有这样的词"])
def test_an_empty_answer_says_what_to_do(q: str, script: Any, look: Callable[..., Any]) -> None:
    answer = look(q=q)
    assert answer.status_code == 200
    assert 'class="empty"' in answer.content.decode()


@pytest.mark.parametrize(
    "asked",
    [
        {"issue_type": "x"}, {"issue_type": "9" * 30}, {"shop": "-1"}, {"shop": "999999"}, {"language": "xx"},
        {"page": "0"}, {"page": "9" * 30}, {"page": "x"}, {"q": "青花瓷" * 500}, {"kind": "\0"},
    ],
)  # fmt: skip
def test_odd_addresses_are_answered(asked: dict[str, str], script: Any, look: Callable[..., Any]) -> None:
    assert look(**({"q": "青花瓷"} | asked)).status_code == 200


def test_nobody_finds_cases_of_a_shop_that_is_not_theirs_whatever_they_ask(
    staff: dict[str, Any], look: Callable[..., Any], now: datetime
) -> None:
    other = Shop.objects.create(code="jd", name="京东店", platform="jd")
    complaint_in("closed", other, actor=staff["shop_manager"], title="青花瓷碗碎裂", now=now)
    answer = look(staff["agent"], q="青花瓷", kind="case", shop=str(other.pk))
    assert (answer.context["rows"], [tab.count for tab in answer.context["tabs"]]) == ([], [0, 0, 0])
    assert "京东店" not in answer.content.decode()
    assert len(look(staff["supervisor"], q="青花瓷", kind="case").context["rows"]) == 1


def test_each_role_is_offered_the_kinds_that_it_may_see(staff: dict[str, Any], look: Callable[..., Any]) -> None:
    kinds = {
        role: [tab.source.kind for tab in answer.context["tabs"]]
        for role, person in staff.items()
        if (answer := look(person, q="青花瓷")).status_code == 200
    }
    assert kinds["agent"] == kinds["shop_manager"] == ["script", "policy", "case"]
    assert kinds["knowledge_manager"] == ["script", "policy"]
    assert kinds["auditor"] == ["script", "policy", "case"]
    assert kinds["finance"] == ["policy"], "how a case came about is liability"
    assert "department" not in kinds


def test_a_case_leads_to_closed_ones_like_it(
    case: Callable[..., Any], look: Callable[..., Any], staff: dict[str, Any], client_for: Callable[[Any], Client]
) -> None:
    opened, like, unlike = case("new", title="青花瓷碗碎了"), case("closed", title="青花瓷杯裂"), case("closed")
    address = f"{PAGE}?kind=case&amp;case={opened.pk}"
    page = reverse("admin:complaints_complaint_change", args=[opened.pk])
    assert address in client_for(staff["agent"]).get(page).content.decode()
    found = [row.hit.object_id for row in look(staff["agent"], kind="case", case=str(opened.pk)).context["rows"]]
    assert found == [like.pk]
    assert unlike.pk not in found


def test_a_closed_case_is_not_like_itself(case: Callable[..., Any], look: Callable[..., Any]) -> None:
    closed = case("closed", title="青花瓷碗碎裂")
    assert look(kind="case", case=str(closed.pk)).context["rows"] == []


def test_a_case_that_one_may_not_see_is_not_found(
    staff: dict[str, Any], look: Callable[..., Any], now: datetime
) -> None:
    other = Shop.objects.create(code="jd", name="京东店", platform="jd")
    hidden = complaint_in("new", other, actor=staff["shop_manager"], now=now)
    assert look(staff["agent"], case=str(hidden.pk)).status_code == 404
    assert look(staff["agent"], case="x").status_code == 404


def test_the_page_takes_a_fixed_number_of_queries(
    case: Callable[..., Any], staff: dict[str, Any], client_for: Callable[[Any], Client]
) -> None:
    client, taken = client_for(staff["shop_manager"]), set()
    for more in (1, 30):
        for _ in range(more):
            case("closed", title="青花瓷碗碎裂")
        client.get(PAGE, {"q": "青花瓷"})
        with CaptureQueriesContext(connection) as captured:
            answer = client.get(PAGE, {"q": "青花瓷", "kind": "case"})
        assert answer.context["rows"]
        taken.add(sum(one["sql"].startswith("SELECT") for one in captured))
    assert len(taken) == 1
    assert taken.pop() <= BUDGET


def test_pages_lead_on_and_back(case: Callable[..., Any], look: Callable[..., Any]) -> None:
    closed = case("closed")
    one = Complaint.objects.get(pk=closed.pk)
    names = [field.attname for field in Complaint._meta.concrete_fields if field.name != "id"]
    values = {name: getattr(one, name) for name in names} | {"title": "青花瓷碗碎裂"}
    copies = [Complaint(**values | {"number": f"A20260101-{n:04d}"}) for n in range(25)]
    Complaint.objects.bulk_create(copies)
    indexing.refresh("case", [copy.pk for copy in copies])
    first, second = (look(q="青花瓷", kind="case", page=str(n)) for n in (1, 2))
    assert [len(answer.context["rows"]) for answer in (first, second)] == [20, 5]
    assert 'rel="next"' in first.content.decode()
    assert 'rel="prev"' in second.content.decode()


def test_only_reading_is_answered(staff: dict[str, Any], client_for: Callable[[Any], Client]) -> None:
    assert client_for(staff["agent"]).post(PAGE, {"q": "青花瓷"}).status_code == 405
