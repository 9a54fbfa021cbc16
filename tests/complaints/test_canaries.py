"""What is internal stays internal: canary words in every internal field reach no script, page, mail, answer of the API
or webhook that a customer or another system reads (R4.7).
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from django.utils import translation

from complaints import notifications
from complaints.admin.reply_script import language_of, options_told
from complaints.intake.api import shown
from complaints.models import Complaint, Contact, CustomerLink, LiabilityShare, OutboxMessage, Remedy
from complaints.operations import customer_links
from complaints.operations.locking import record
from complaints.queries.case import reply_facts
from knowledge import rendering
from knowledge.models import ScriptVersion
from tests.factories.complaints import (
    NOW,
    ContactFactory,
    EvidenceFactory,
    LiabilityShareFactory,
    PromiseFactory,
    current,
)
from tests.factories.inquiries import InquiryFactory, RecoveryClaimFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen", "media")]

CANARY = "金丝雀"
STATES = ("accepted", "verifying", "proposing", "negotiating", "executing", "awaiting_followup", "closed")
INTERNAL = (
    "title", "description", "no_order_reason", "hold_reason", "platform_reference", "root_cause", "evidence_waiver",
    "single_option_reason",
)  # fmt: skip


@pytest.fixture(params=STATES)
def told(request: pytest.FixtureRequest, case: Callable[..., Complaint], agent: Any, now: datetime) -> Complaint:
    """A case with the word in everything that only colleagues read."""
    complaint = case(request.param)
    # The customer's own words come from a contact; the description here is what a clerk wrote down.
    Complaint.objects.filter(pk=complaint.pk).update(**dict.fromkeys(INTERNAL, CANARY), accused=agent)
    agent.first_name, agent.last_name = "小", "李"
    agent.save()
    ContactFactory(complaint=complaint, internal=True, body=CANARY)
    ContactFactory(complaint=complaint, direction="out", channel="phone", body=CANARY, author=agent)
    if not LiabilityShare.objects.filter(complaint=complaint).update(reason=CANARY):
        LiabilityShareFactory(complaint=complaint, reason=CANARY)
    InquiryFactory(complaint=complaint, question=CANARY, expected_reason=CANARY, answered=True, answer=CANARY)
    RecoveryClaimFactory(complaint=complaint, name=CANARY, note=CANARY, reference=CANARY)
    EvidenceFactory(complaint=complaint, note=CANARY, reference=CANARY, added_by=agent)
    PromiseFactory(complaint=complaint, text=CANARY)
    Remedy.objects.filter(complaint=complaint).update(execution_note=CANARY, inspection=CANARY)
    record(current(complaint), "noted", actor=agent, now=now, reason=CANARY, name=CANARY)
    return current(complaint)


def texts(complaint: Complaint, agent: Any, now: datetime) -> Iterator[tuple[str, str]]:
    """Everything that leaves the house about this case, each with a name."""
    for version in ScriptVersion.objects.in_force():
        with translation.override(language_of(version.script.language)):
            yield (
                version.script.code,
                rendering.render(version.text, reply_facts(complaint, agent_name="小李", now=NOW)),
            )
    yield "options", options_told(complaint)
    url = customer_links.issue(complaint, CustomerLink.Purpose.STATUS, actor=agent, now=now)
    for language in ("zh-hans", "en"):
        page = Client(HTTP_ACCEPT_LANGUAGE=language).get(url[url.index("/c/") :])
        assert page.status_code == 200
        yield f"status page {language}", page.content.decode()
    yield "API", str(shown.complaint(complaint))
    yield "API events", str(shown.events(shown.events_of(complaint)))
    yield "webhook", str(notifications.webhook.facts(complaint))
    for message in _mails(complaint, now):
        yield "mail", f"{message.subject} {message.body} {message.html}"


def _mails(complaint: Complaint, now: datetime) -> Iterator[OutboxMessage]:
    said = Contact(complaint=complaint, direction="out", channel="email", body="您好，今天18:00前补发。", at=now)
    said.pk = 1
    yield notifications.customer.reply_mail(said, now=now)
    yield notifications.customer.receipt_mail(complaint, "wang@mail.example", language="zh-hans", now=now)
    for remedy in complaint.remedies.filter(status__in=["chosen", "done"]):
        yield from notifications.customer.remedy_done_mails(remedy, now=now)


def test_no_word_of_ours_leaves_the_house(content: None, told: Complaint, agent: Any, now: datetime) -> None:
    leaving = list(texts(told, agent, now))
    assert len(leaving) > 20
    assert [name for name, text in leaving if CANARY in text] == []


def test_the_canary_would_be_seen(content: None, told: Complaint, agent: Any) -> None:
    """What the test above would find, were a fact of the wrong kind told."""
    facts = reply_facts(told, agent_name="小李", now=NOW) | {"issue_summary": told.title}
    rendered = [rendering.render(version.text, facts) for version in ScriptVersion.objects.in_force()]
    assert any(CANARY in text for text in rendered)
