"""Words that must not go to a customer do not, unless a supervisor says why; two do not answer at once (R1.3)."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from complaints.models import Complaint, Contact, OutboxMessage, Writing
from complaints.operations import conversation, progress, remedies, scripted, wording, writing
from complaints.operations.scripted import Composed
from complaints.operations.wording import PhraseBlocked
from complaints.operations.writing import RepliedMeanwhile
from complaints.refusals import ReasonMissing

pytestmark = pytest.mark.django_db

BLAME = "您好，这是快递的责任，我们今天18:00前补发。"
SOUND = "您好，包裹在路上受损了，我们今天18:00前补发。"
How = dict[str, Any]


@pytest.fixture
def supervisor(user_with: Callable[..., Any]) -> Any:
    return user_with("supervisor")


@pytest.fixture
def how(content: None, agent: Any, now: datetime) -> How:
    return {"channel": "email", "actor": agent, "now": now}


def test_a_reply_that_names_who_is_at_fault_is_not_sent(case: Callable[..., Complaint], how: How) -> None:
    complaint = case("verifying")
    with pytest.raises(PhraseBlocked) as refused:
        conversation.reply(complaint.pk, BLAME, **how)
    assert "这是快递的责任" in refused.value.text
    assert not complaint.contacts.filter(body=BLAME).exists()
    assert conversation.reply(complaint.pk, SOUND, **how).body == SOUND


@pytest.mark.parametrize("path", ["accept", "unfounded", "option"])
def test_no_other_way_to_the_customer_is_open_either(
    path: str, case: Callable[..., Complaint], how: How, supervisor: Any
) -> None:
    complaint = case({"accept": "new", "unfounded": "verifying", "option": "proposing"}[path])
    who = {"actor": supervisor, "now": how["now"], "version": complaint.version}
    acts: dict[str, Callable[[], Any]] = {
        "accept": lambda: progress.accept(complaint.pk, body=BLAME, channel="email", **who),
        "unfounded": lambda: progress.find_unfounded(complaint.pk, reason="x", body=BLAME, channel="email", **who),
        "option": lambda: remedies.prepare(complaint.pk, kind="reship", text=BLAME, cost=Decimal(1), **who),
    }
    with pytest.raises(PhraseBlocked):
        acts[path]()
    complaint.refresh_from_db()
    assert complaint.version == who["version"]


def test_a_supervisor_lets_exactly_this_text_pass_and_the_history_says_why(
    case: Callable[..., Complaint], how: How, supervisor: Any
) -> None:
    complaint = case("verifying")
    with pytest.raises(ReasonMissing):
        wording.overrule(complaint.pk, BLAME, reason=" ", actor=supervisor, now=how["now"])
    scripted.reply(complaint.pk, BLAME, composed=Composed(overrule="客户要求书面说明"), **how | {"actor": supervisor})

    event = complaint.events.get(kind="phrases_overruled")
    assert (event.actor, event.reason) == (supervisor, "客户要求书面说明")
    assert event.data["rules"]
    assert BLAME not in str(event.data), "the history holds no words to customers"
    assert OutboxMessage.objects.filter(complaint=complaint).exists()
    with pytest.raises(PhraseBlocked):
        conversation.reply(complaint.pk, BLAME + "抱歉。", **how)


def test_nothing_blocked_is_nothing_to_let_pass(case: Callable[..., Complaint], how: How) -> None:
    complaint = case("verifying")
    scripted.reply(complaint.pk, SOUND, composed=Composed(overrule="多余的理由"), **how)
    assert not complaint.events.filter(kind="phrases_overruled").exists()


def test_who_was_overtaken_reads_the_other_reply_first(
    case: Callable[..., Complaint], how: How, supervisor: Any
) -> None:
    complaint = case("verifying")
    seen = writing.last_reply(complaint)
    conversation.reply(complaint.pk, "主管已经联系您了", **how | {"actor": supervisor})
    with pytest.raises(RepliedMeanwhile) as refused:
        scripted.reply(complaint.pk, SOUND, composed=Composed(seen=seen), **how)
    assert "主管已经联系您了" in refused.value.text
    assert not complaint.contacts.filter(body=SOUND).exists()
    scripted.reply(complaint.pk, SOUND, composed=Composed(seen=writing.last_reply(complaint)), **how)


def test_own_replies_and_automatic_ones_overtake_nobody(
    case: Callable[..., Complaint], how: How, now: datetime
) -> None:
    complaint = case("verifying")
    seen = writing.last_reply(complaint)
    conversation.reply(complaint.pk, "第一条", **how)
    Contact.objects.create(complaint=complaint, direction="out", channel="email", body="自动", automatic=True, at=now)
    scripted.reply(complaint.pk, SOUND, composed=Composed(seen=seen), **how)


def test_who_writes_is_noted_seldom_and_forgotten(
    case: Callable[..., Complaint], how: How, supervisor: Any, now: datetime, django_assert_num_queries: Any
) -> None:
    complaint, agent = case("verifying"), how["actor"]
    writing.note(complaint.pk, user=supervisor, now=now - timedelta(hours=2))
    writing.note(complaint.pk, user=agent, now=now)
    assert list(Writing.objects.values_list("user", flat=True)) == [agent.pk], "what is long over went along"
    with CaptureQueriesContext(connection) as captured:
        writing.note(complaint.pk, user=agent, now=now + timedelta(seconds=5))
    assert len(captured) == 1, "a keystroke that writes nothing waits for nobody who writes"
    assert Writing.objects.get().at == now
    writing.note(complaint.pk, user=agent, now=now + timedelta(seconds=30))
    assert Writing.objects.get().at == now + timedelta(seconds=30)
    scripted.reply(complaint.pk, SOUND, composed=Composed(), **how)
    assert not Writing.objects.exists()
