"""The pages on which two complaints become one, one two, and a message a complaint of its own."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from complaints.admin.script_figures import worked_lately
from complaints.models import Complaint, Contact, Shop
from complaints.operations import conversation, merging, verification
from tests.complaints.admin.situations import page_of, send
from tests.factories.complaints import NOW, ContactFactory, EvidenceFactory, current, registered
from tests.unchanged import nothing_written

pytestmark = pytest.mark.usefixtures("frozen")

BEFORE = NOW - timedelta(hours=1)
LIST = reverse("admin:complaints_complaint_changelist")


@pytest.fixture
def lead(user_with: Callable[..., Any]) -> Any:
    return user_with("team_lead")


@pytest.fixture
def desk(lead: Any, client_for: Callable[[Any], Client]) -> Client:
    client = client_for(lead)
    client.get(LIST)
    return client


@pytest.fixture
def source(case: Callable[..., Any]) -> Complaint:
    """Came in an hour before the target, and was answered at once."""
    return case("verifying", now=BEFORE, title="先来的")


@pytest.fixture
def target(source: Complaint, agent: Any) -> Complaint:
    return registered(source.shop, actor=agent, order=source.order, title="后来的", channel="email")


def words(text: str) -> str:
    with translation.override("zh-hans"):
        return translation.gettext(text)


def merge(source: Complaint, target: Complaint, lead: Any) -> None:
    merging.merge(source.pk, target.pk, reason="同一件事", actor=lead, version=current(source).version, now=NOW)


# ---------------------------------------------------------------- merge


def test_the_page_shows_what_will_be_and_writes_nothing(source: Complaint, target: Complaint, desk: Client) -> None:
    verification.add_evidence(source.pk, kind="photo", reference="IMG-9", actor=source.assignee, now=BEFORE)
    with nothing_written(source, target):
        answer = desk.get(page_of(source, "merge"), {"target": target.pk})
    preview, text = answer.context["preview"], answer.content.decode()
    assert len(preview.contacts) == source.contacts.count() == 2
    assert ([one.reference for one in preview.evidence], len(preview.promises)) == (["IMG-9"], 1)
    assert preview.since == BEFORE
    assert all(words in text for words in (source.number, target.number, "先来的", "后来的", "IMG-9"))


def test_what_is_shown_is_what_comes(source: Complaint, target: Complaint, lead: Any, desk: Client) -> None:
    shown = desk.get(page_of(source, "merge"), {"target": target.pk}).context["preview"]
    before = {one.before.kind: one.before.due_at for one in shown.clocks if one.before}
    after = {(one.after.kind, one.after.due_at) for one in shown.clocks if one.after}
    assert before == {"first_response": NOW + timedelta(hours=2)}
    merge(source, target, lead)
    assert set(target.deadlines.running().values_list("kind", "due_at")) == after
    assert current(target).next_due_at == shown.next_due_at


def test_the_only_one_to_choose_is_chosen_and_of_several_none(
    source: Complaint, target: Complaint, agent: Any, desk: Client
) -> None:
    only = desk.get(page_of(source, "merge"))
    assert only.context["target"] == target
    assert f'<input type="hidden" name="target" value="{target.pk}"' in only.content.decode()
    registered(source.shop, actor=agent, order=source.order)
    answer = desk.get(page_of(source, "merge"))
    assert (answer.context["target"], answer.context["preview"], len(answer.context["targets"])) == (None, None, 2)


def test_a_number_chooses_and_a_merged_one_leads_to_where_it_went(
    source: Complaint, target: Complaint, agent: Any, lead: Any, desk: Client
) -> None:
    other = registered(source.shop, actor=agent, order=source.order)
    merge(other, target, lead)
    for number in (target.number, f" {target.number.lower()} ", other.number):
        assert desk.get(page_of(source, "merge"), {"number": number}).context["target"] == target


def test_the_number_of_another_matter_is_refused(
    source: Complaint, target: Complaint, case: Callable[..., Any], desk: Client
) -> None:
    other = case("new")
    for number in (other.number, source.number, "A20200101-0001", "x" * 30):
        answer = desk.get(page_of(source, "merge"), {"number": number})
        assert (answer.context["target"], answer.context["unknown_number"]) == (None, True)


def test_a_target_that_is_none_is_no_choice(source: Complaint, target: Complaint, desk: Client) -> None:
    for named in ("0", "-1", "x", "9" * 30, str(source.pk)):
        answer = desk.get(page_of(source, "merge"), {"target": named})
        assert (answer.status_code, answer.context["target"]) == (200, None)


def test_the_merge_leads_to_the_complaint_that_goes_on(source: Complaint, target: Complaint, desk: Client) -> None:
    answer = send(desk, source, "merge", {"target": target.pk, "reason": "同一件事"}, follow=True)
    assert answer.redirect_chain[-1][0] == page_of(target)
    assert source.number in answer.content.decode()
    assert current(source).merged_into == target


def test_a_refused_merge_keeps_the_preview_and_what_was_typed(
    source: Complaint, target: Complaint, desk: Client
) -> None:
    answer = send(desk, source, "merge", {"target": target.pk, "reason": ""})
    assert (answer.status_code, answer.context["target"]) == (422, target)
    assert answer.context["preview"] is not None


def test_the_preview_takes_the_same_queries_with_much_to_show(
    source: Complaint, target: Complaint, desk: Client
) -> None:
    few = _queries(desk, f"{page_of(source, 'merge')}?target={target.pk}")
    ContactFactory.create_batch(30, complaint=source)
    EvidenceFactory.create_batch(30, complaint=source)
    assert _queries(desk, f"{page_of(source, 'merge')}?target={target.pk}") == few <= 110


# ---------------------------------------------------------------- undo


def test_the_undoing_lists_what_came_in_and_takes_back_what_is_ticked(
    source: Complaint, target: Complaint, agent: Any, lead: Any, desk: Client
) -> None:
    merge(source, target, lead)
    Contact.objects.filter(complaint=target, origin=None).update(at=BEFORE)
    first, second = (
        conversation.receive(target.pk, words, channel="platform_chat", actor=agent, now=NOW)
        for words in ("划痕还在", "另外发票呢")
    )
    source = current(source)
    answer = desk.get(page_of(source, "unmerge"))
    assert [one.row for one in answer.context["came"]] == [first, second]
    assert answer.context["goes_back"]["contact"] == 2
    refused = send(desk, source, "unmerge", {"back": [f"contact-{first.pk}"], "reason": ""})
    assert (refused.status_code, refused.context["ticked"]) == (422, [f"contact-{first.pk}"])
    assert send(desk, source, "unmerge", {"back": ["contact-0"], "reason": "x"}).status_code == 422
    assert send(desk, source, "unmerge", {"back": [f"contact-{first.pk}"], "reason": "两件事"}).status_code == 302
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.complaint, second.complaint) == (source, target)


def test_the_list_of_what_came_in_takes_the_same_queries(
    source: Complaint, target: Complaint, agent: Any, lead: Any, desk: Client
) -> None:
    merge(source, target, lead)
    conversation.receive(target.pk, "还在吗", channel="phone", actor=agent, now=NOW)
    few = _queries(desk, page_of(source, "unmerge"))
    ContactFactory.create_batch(30, complaint=target, author=agent)
    EvidenceFactory.create_batch(30, complaint=target)
    assert _queries(desk, page_of(source, "unmerge")) == few <= 32


# ---------------------------------------------------------------- where a merged number leads


def test_a_merged_case_says_where_it_goes_on(
    source: Complaint, target: Complaint, agent: Any, lead: Any, desk: Client
) -> None:
    last = registered(source.shop, actor=agent, order=source.order)
    merge(source, target, lead)
    merge(target, last, lead)
    answer = desk.get(page_of(source))
    assert answer.context["survivor"] == last
    assert page_of(last) in answer.content.decode()
    assert "非常抱歉，我们马上核实。" in answer.content.decode()


def test_a_search_for_the_merged_number_shows_the_survivor_first(
    source: Complaint, target: Complaint, lead: Any, desk: Client
) -> None:
    Complaint.objects.filter(pk=target.pk).update(order=None, received_at=BEFORE - timedelta(days=9))
    Complaint.objects.filter(pk=source.pk).update(customer=None)
    target.refresh_from_db()
    Complaint.objects.filter(pk=source.pk).update(customer=target.customer)
    merge(source, target, lead)
    rows = desk.get(LIST, {"q": source.number}).context["rows"]
    assert [row["complaint"] for row in rows] == [target, source]
    assert [row["goes_on_as"] for row in rows] == ["", target.number]


def test_what_is_sent_to_a_merged_case_lands_where_it_goes_on(
    source: Complaint, target: Complaint, lead: Any, desk: Client
) -> None:
    old_page = current(source)
    merge(source, target, lead)
    answer = send(desk, old_page, "hear", {"body": "怎么样了", "channel": "phone"})
    assert answer.url == f"{page_of(target)}#reply"
    assert target.contacts.filter(body="怎么样了").exists()


def test_the_survivors_page_takes_one_query_more_for_each_level(
    source: Complaint, target: Complaint, agent: Any, lead: Any, desk: Client
) -> None:
    merge(source, target, lead)
    worked_lately()
    one = _queries(desk, page_of(target))
    for _ in range(4):
        merge(registered(source.shop, actor=agent, order=source.order), target, lead)
    assert _queries(desk, page_of(target)) == one


# ---------------------------------------------------------------- what belongs together


def test_the_facts_name_what_a_complaint_follows_and_what_follows_it(
    source: Complaint, target: Complaint, desk: Client
) -> None:
    Complaint.objects.filter(pk=target.pk).update(previous=source, repeated=True)
    here, there = desk.get(page_of(target)), desk.get(page_of(source))
    assert [(one.how, one.complaint) for one in here.context["linked"]] == [("previous", source)]
    assert [(one.how, one.complaint) for one in there.context["linked"]] == [("following", target)]
    assert words("Repeat complaint") in here.content.decode()
    assert words("Repeat complaint") not in there.content.decode()


def test_the_list_marks_repeats_without_a_query(source: Complaint, target: Complaint, desk: Client) -> None:
    plain = _queries(desk, f"{LIST}?tab=open")
    Complaint.objects.filter(pk=target.pk).update(previous=source, repeated=True)
    answer = desk.get(LIST, {"tab": "open"}).content.decode()
    assert words("There had been a complaint on this order before") in answer
    assert words("Follows a complaint that is over") in answer
    assert _queries(desk, f"{LIST}?tab=open") == plain


# ---------------------------------------------------------------- split off


def test_a_message_is_split_off_from_the_timeline(
    source: Complaint, agent: Any, desk: Client, client_for: Callable[[Any], Client]
) -> None:
    said = conversation.receive(source.pk, "椅子也坏了\n请处理", channel="email", actor=agent, now=NOW)
    came_with = verification.add_evidence(source.pk, kind="photo", reference="IMG-2", actor=agent, now=NOW)
    link = f"{page_of(source, 'split')}?contact={said.pk}"
    assert link in desk.get(page_of(source)).content.decode()
    assert "/do/split/" not in client_for(agent).get(page_of(source)).content.decode()
    form = desk.get(link).context["form"]
    assert form["title"].value() == "椅子也坏了"
    assert form["order_number"].value() == source.order.number
    assert form["evidence"].value() == [came_with.pk]
    fields = {"contact": said.pk, "title": "椅子坏了", "order_number": source.order.number, "same_customer": "on"}
    answer = send(desk, current(source), "split", fields | {"evidence": [came_with.pk]})
    fresh = Complaint.objects.get(split_from=source)
    assert answer.url == page_of(fresh)
    assert (fresh.order, fresh.customer, list(fresh.evidence.all())) == (source.order, source.customer, [came_with])
    here, there = desk.get(page_of(source)).context["linked"], desk.get(page_of(fresh)).context["linked"]
    assert [(one.how, one.complaint) for one in here] == [("split_off", fresh)]
    assert [(one.how, one.complaint) for one in there] == [("split_from", source)]


def test_an_order_that_the_shop_does_not_have_is_refused(source: Complaint, agent: Any, desk: Client) -> None:
    said = conversation.receive(source.pk, "椅子也坏了", channel="email", actor=agent, now=NOW)
    fields = {"contact": said.pk, "title": "椅子坏了", "order_number": "404"}
    answer = send(desk, current(source), "split", fields)
    assert answer.status_code == 422
    assert "order_number" in answer.context["form"].errors


def test_where_nothing_else_was_said_nothing_is_offered(source: Complaint, desk: Client, shop: Shop) -> None:
    assert "/do/split/" not in desk.get(page_of(source)).content.decode()


def _queries(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)
