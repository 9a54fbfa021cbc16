"""A script goes into the reply by POST; what was typed stands in no address, and nobody is revealed by it."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from complaints.models import Complaint
from knowledge.models import ReplyScript
from tests.complaints.admin.situations import send
from tests.factories.knowledge import ReplyScriptFactory

pytestmark = pytest.mark.usefixtures("frozen")

LONG = "非常抱歉给您添了麻烦，" * 200


@pytest.fixture
def client(agent: Any, client_for: Callable[[Any], Client]) -> Client:
    return client_for(agent)


def script(text: str, **values: Any) -> ReplyScript:
    return ReplyScriptFactory(code="X-01", name="试", stage="accept", text=text, **values)


def address(case: Complaint) -> str:
    return reverse("admin:complaints_complaint_script", args=[case.pk])


def test_a_long_text_keeps_its_place_before_the_script(case: Callable[..., Any], client: Client) -> None:
    complaint = case("new")
    script("受理号 {case_no}")
    answer = client.post(address(complaint), {"script": "X-01", "body": LONG}, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert f"{LONG}\n受理号 {complaint.number}</textarea>" in answer.content.decode()
    assert "<html" not in answer.content.decode()


def test_a_first_reply_cannot_go_without_a_time_by_whichever_form(case: Callable[..., Any], client: Client) -> None:
    complaint, typed = case("new"), {"body": "您好，我们正在核实。", "channel": "platform_chat"}
    answer = send(client, complaint, "reply", typed)
    assert answer.status_code == 422
    assert "promise_due" in answer.context["form"].errors
    assert "您好，我们正在核实。</textarea>" in answer.content.decode()
    assert not complaint.contacts.filter(direction="out").exists()
    assert send(client, complaint, "reply", typed | {"promise_due": "2026-11-20T11:00"}).status_code == 302
    assert complaint.promises.count() == 1
    # From then on the customer has a time.
    complaint.refresh_from_db()
    again = {"seen": complaint.contacts.get(direction="out").pk, "body": "已经联系仓库核对。"}
    assert send(client, complaint, "reply", typed | again).status_code == 302


def test_without_scripts_in_the_browser_the_reply_comes_on_its_own_page(case: Any, client: Client) -> None:
    complaint = case("new")
    script("受理号 {case_no}")
    typed = {"body": LONG, "channel": "email", "promise_text": "今天答复", "promise_due": "2026-11-20T18:00"}
    answer = client.post(address(complaint), {"script": "X-01"} | typed)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert f"{LONG}\n受理号 {complaint.number}</textarea>" in page
    assert '<option value="email" selected>' in page
    assert 'value="今天答复"' in page
    assert 'value="2026-11-20T18:00"' in page
    assert reverse("admin:complaints_complaint_do", args=[complaint.pk, "accept"]) in page


def test_where_acceptance_is_blocked_the_page_is_the_reply(case: Callable[..., Any], client: Client) -> None:
    complaint = case("new", demand="")
    page = client.post(address(complaint), {"body": "您好"}).content.decode()
    assert f'action="{reverse("admin:complaints_complaint_do", args=[complaint.pk, "reply"])}"' in page
    assert "disabled data-blocked" not in page


def test_no_address_carries_a_text(case: Callable[..., Any], client: Client) -> None:
    complaint = case("new")
    assert client.get(address(complaint), {"script": "X-01", "body": "您好"}).status_code == 405
    do = reverse("admin:complaints_complaint_do", args=[complaint.pk, "accept"])
    assert "别人的话" not in client.get(do, {"body": "别人的话"}).content.decode()


@pytest.mark.parametrize("code", ["NONE", "X\0", "'"])
def test_an_unknown_script_is_not_found(code: str, case: Callable[..., Any], client: Client) -> None:
    assert client.post(address(case("new")), {"script": code}).status_code == 404


def test_nobody_learns_the_name_from_a_script(
    case: Callable[..., Any], user_with: Callable[..., Any], client_for: Callable[[Any], Client]
) -> None:
    complaint = case("new")
    script("{customer_name}您好")
    for role in ("agent", "supervisor", "shop_manager"):
        answer = client_for(user_with(role)).post(address(complaint), {"script": "X-01"})
        assert complaint.customer.name not in answer.content.decode()
    assert not complaint.events.filter(kind="contact_revealed").exists()


def test_a_script_speaks_its_own_language(case: Callable[..., Any], client: Client) -> None:
    complaint = case("new")
    script("Dear {customer_name}, about: {issue_summary}", language="en")
    page = client.post(address(complaint), {"script": "X-01"}).content.decode()
    assert f"Dear customer, about: {complaint.issue_type.name_en}" in page


def test_a_script_in_an_unknown_language_is_filled_all_the_same(case: Callable[..., Any], client: Client) -> None:
    script("{issue_summary}", language="xx")
    assert client.post(address(case("new")), {"script": "X-01"}).status_code == 200
