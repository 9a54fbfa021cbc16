"""The reply as an agent composes it: remarks while typing, advice by a click, gaps and blocks, two at once."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from complaints.admin.signing import sign_version
from complaints.models import Complaint, Writing
from complaints.operations import conversation, writing
from knowledge.models import PhraseRule

pytestmark = pytest.mark.django_db

BLAME = "您好，这是快递的责任，今天18:00前补发。"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def supervisor(user_with: Callable[..., Any]) -> Any:
    return user_with("supervisor")


@pytest.fixture
def complaint(content: None, case: Callable[..., Complaint]) -> Complaint:
    return case("verifying")


@pytest.fixture
def client(agent: Any, client_for: Callable[[Any], Client], frozen: datetime) -> Client:
    return client_for(agent)


def url(name: str, complaint: Complaint, *more: str) -> str:
    return reverse(f"admin:complaints_complaint_{name}", args=[complaint.pk, *more])


def form(complaint: Complaint, body: str, **more: Any) -> dict[str, Any]:
    return {
        "version": sign_version(complaint),
        "body": body,
        "channel": "phone",
        "seen": writing.last_reply(complaint),
    } | more


def test_remarks_come_with_words_reason_and_advice(client: Client, complaint: Complaint) -> None:
    shown = client.post(url("wording", complaint), {"body": BLAME}, headers=HTMX)
    text = shown.content.decode()
    assert '<mark class="mark-block">这是快递的责任</mark>' in text
    assert 'data-blocks="1"' in text
    assert b"<html" not in shown.content
    assert "phrases_overruled" not in text
    assert client.post(url("wording", complaint), {"body": "您好，今天18:00前补发。"}).context["advice"] == []


def test_what_was_typed_comes_back_escaped(client: Client, complaint: Complaint) -> None:
    text = client.post(url("take", complaint), {"body": "<img src=x>尽快"}, headers=HTMX).content.decode()
    assert "<img src=x>" not in text


def test_a_look_costs_few_queries(
    client: Client, complaint: Complaint, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client.post(url("wording", complaint), {"body": BLAME})
    with django_assert_max_num_queries(12):
        client.post(url("wording", complaint), {"body": BLAME * 50})


def test_one_click_takes_the_advice_with_the_time_that_is_promised(client: Client, complaint: Complaint) -> None:
    rule = PhraseRule.objects.create(
        code="T-1", category="vague_time", level="warn", patterns="三五工夫", reason="不是时间",
        replacement="最晚{deadline}", updated_at=complaint.created_at,
    )  # fmt: skip
    body = "您好，三五工夫答复您。"
    advice = client.post(url("wording", complaint), {"body": body}).context["advice"]
    key = next(one.key for one in advice if one.finding.rule.code == rule.code)
    sent = {"body": body, "take": key, "promise_due": "2026-11-20T18:00"}
    assert client.post(url("take", complaint), sent, headers=HTMX).context["body"] == "您好，最晚11-20 18:00答复您。"
    late = client.post(url("take", complaint), sent | {"body": "改过了" + body}, headers=HTMX)
    assert late.context["body"] == "改过了" + body, "the place has moved: nothing is put elsewhere"
    page = client.post(url("take", complaint), sent)
    assert page.context["form"]["body"].value() == "您好，最晚11-20 18:00答复您。"


def test_a_blocked_reply_comes_back_whole_with_the_remarks(client: Client, complaint: Complaint) -> None:
    answer = client.post(url("do", complaint, "reply"), form(complaint, BLAME))
    text = answer.content.decode()
    assert answer.status_code == 422
    assert BLAME in text
    assert "mark-block" in text
    assert 'name="overrule"' not in text
    forged = client.post(url("do", complaint, "reply"), form(complaint, BLAME, overrule="我说可以"))
    assert forged.status_code == 422
    assert not complaint.contacts.filter(body=BLAME).exists()


def test_a_supervisor_sends_it_with_a_reason(
    complaint: Complaint, supervisor: Any, client_for: Callable[[Any], Client], frozen: datetime
) -> None:
    client = client_for(supervisor)
    asked = client.post(url("do", complaint, "reply"), form(complaint, BLAME))
    assert (asked.status_code, 'name="overrule"' in asked.content.decode()) == (422, True)
    client.post(url("do", complaint, "reply"), form(complaint, BLAME, overrule="客户要求书面说明"))
    assert complaint.contacts.filter(body=BLAME).exists()
    shown = client.get(url("change", complaint)).content.decode()
    assert "客户要求书面说明" in shown


def test_two_who_write_at_once_know_of_each_other(
    client: Client, complaint: Complaint, supervisor: Any, agent: Any, client_for: Callable[[Any], Client]
) -> None:
    assert client_for(supervisor).post(url("wording", complaint), {"body": "您"}).context["writers"] == []
    assert len(client.post(url("wording", complaint), {"body": "您"}).context["writers"]) == 1
    assert len(client.get(url("change", complaint)).context["writers"]) == 1
    assert Writing.objects.count() == 2


def test_who_was_overtaken_sees_the_other_reply_and_sends_again(
    client: Client, complaint: Complaint, supervisor: Any, now: datetime
) -> None:
    mine = form(complaint, "我们今天补发。")
    conversation.reply(complaint.pk, "主管已答复", channel="phone", actor=supervisor, now=now)
    answer = client.post(url("do", complaint, "reply"), mine)
    assert answer.status_code == 409
    assert "主管已答复" in answer.content.decode()
    assert answer.context["form"]["body"].value() == "我们今天补发。"
    again = mine | {"seen": answer.context["form"]["seen"].value(), "version": answer.context["version"]}
    assert client.post(url("do", complaint, "reply"), again).status_code == 302
    assert complaint.contacts.filter(body="我们今天补发。").count() == 1


@pytest.mark.parametrize("name", ["wording", "take"])
def test_strangers_and_readers_get_nothing(
    name: str, complaint: Complaint, user_with: Callable[..., Any], client_for: Callable[[Any], Client]
) -> None:
    assert client_for(user_with("auditor")).post(url(name, complaint), {"body": "x"}).status_code == 403
    assert client_for(user_with("agent", shops=[])).post(url(name, complaint), {"body": "x"}).status_code == 404
    assert client_for(user_with("agent", shops=[])).get(url(name, complaint)).status_code == 405


def test_the_options_are_inserted_once_they_may_be_told(
    client: Client, content: None, case: Callable[..., Complaint]
) -> None:
    complaint = case("negotiating")
    sent = client.post(url("script", complaint), {"body": "您好", "options": "1"}, headers=HTMX)
    labels = list(complaint.remedies.order_by("label").values_list("text", flat=True))
    assert sent.context["body"].splitlines()[0] == "您好"
    assert [line.split("：")[1] for line in sent.context["body"].splitlines()[1:]] == labels


def test_a_time_in_the_text_that_is_no_promise_is_pointed_out(client: Client, complaint: Complaint) -> None:
    body = "您好，最晚今天18:00前给您结果。"
    assert client.post(url("wording", complaint), {"body": body}).context["unpromised"]
    assert not client.post(url("wording", complaint), {"body": body, "promise_due": "2026-11-20T18:00"}).context[
        "unpromised"
    ]
    assert not client.post(url("wording", complaint), {"body": "您好，照片收到了。"}).context["unpromised"]


def test_a_script_names_the_time_that_is_being_promised(client: Client, complaint: Complaint) -> None:
    sent = {"script": "ETA-01", "promise_due": "2026-11-21T10:00"}
    assert "11-21 10:00" in client.post(url("script", complaint), sent, headers=HTMX).context["body"]


def test_more_than_a_reply_holds_is_refused_at_once_and_kept(client: Client, complaint: Complaint) -> None:
    answer = client.post(url("do", complaint, "reply"), form(complaint, BLAME * 300))
    assert answer.status_code == 422
    assert "overrule" not in answer.context["form"].fields
    assert str(len(BLAME * 300)) in str(answer.context["form"].errors)
