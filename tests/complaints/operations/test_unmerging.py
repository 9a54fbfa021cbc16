"""What came in since a merge, and to whom the matter belongs when two are two again."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from complaints.intake.api import shown
from complaints.models import Complaint, Contact, Evidence, Matter, Shop
from complaints.operations import conversation, inquiries, matters, merging, progress, receiving, verification
from complaints.operations.merging import NotSinceTheMerge
from complaints.operations.promises import Promised
from complaints.queries import merged
from complaints.queries.case import timeline
from tests.factories.complaints import NOW, bring, current, registered
from tests.factories.inquiries import DepartmentFactory
from tests.unchanged import nothing_written

LATER = NOW + timedelta(minutes=30)
SINCE = NOW + timedelta(hours=1)
MUCH_LATER = NOW + timedelta(hours=5)


@pytest.fixture
def lead(user_with: Callable[..., Any]) -> Any:
    return user_with("team_lead")


@pytest.fixture
def pair(case: Callable[..., Any], shop: Shop, agent: Any) -> tuple[Complaint, Complaint]:
    source = case("verifying")
    return source, registered(shop, actor=agent, order=source.order, title="同一张桌子")


def merge(source: Complaint, target: Complaint, lead: Any, now: Any = LATER) -> None:
    merging.merge(source.pk, target.pk, reason="同一件事", actor=lead, version=current(source).version, now=now)


def unmerge(source: Complaint, lead: Any, *back: str) -> None:
    who = {"actor": lead, "version": current(source).version, "now": MUCH_LATER}
    merging.unmerge(source.pk, reason="是两件事", back=back, **who)


def came_in_since(target: Complaint, agent: Any) -> dict[str, Any]:
    """One of each kind."""
    who = {"actor": agent, "now": SINCE}
    promise = Promised(text="明天寄出", due_at=SINCE + timedelta(hours=2))
    return {
        "contact": conversation.reply(target.pk, "明天给您寄", channel="phone", promise=promise, **who),
        "evidence": verification.add_evidence(target.pk, kind="photo", reference="IMG-NEW", **who),
        "inquiry": inquiries.ask(target.pk, DepartmentFactory(), "还有货吗？", **who),
    }


def test_what_came_in_since_the_merge_is_asked_about(pair: tuple[Complaint, Complaint], agent: Any, lead: Any) -> None:
    source, target = pair
    merge(source, target, lead)
    rows = came_in_since(target, agent)
    found = {one.key: one.to for one in merged.came_since(source)}
    assert found == {f"{kind}-{row.pk}": target.number for kind, row in rows.items()}


def test_what_is_chosen_goes_back_with_its_promise_and_clocks(
    pair: tuple[Complaint, Complaint], agent: Any, lead: Any
) -> None:
    source, target = pair
    merge(source, target, lead)
    rows = came_in_since(target, agent)
    unmerge(source, lead, *(f"{kind}-{row.pk}" for kind, row in rows.items()))
    for kind, row in rows.items():
        row.refresh_from_db()
        assert (row.complaint_id, row.origin_id) == (source.pk, None), kind
    promise = rows["contact"].promises.get()
    beside = source.deadlines.running().exclude(subject=0).values_list("kind", "subject")
    assert promise.complaint == source
    assert {("promise", promise.pk), ("inquiry", rows["inquiry"].pk)} <= set(beside)
    assert not target.deadlines.running().exclude(subject=0).exists()
    assert source.events.get(kind="unmerge").data == {"also": 3}
    assert current(source).last_contact_at == SINCE


def test_the_files_of_a_message_go_where_it_goes(pair: tuple[Complaint, Complaint], agent: Any, lead: Any) -> None:
    source, target = pair
    merge(source, target, lead)
    said = conversation.receive(target.pk, "见附件", channel="email", actor=agent, now=SINCE)
    piece = verification.add_evidence(target.pk, kind="photo", reference="IMG-7", actor=agent, now=SINCE)
    Evidence.objects.filter(pk=piece.pk).update(contact=said)
    assert [one.key for one in merged.came_since(source)] == [f"contact-{said.pk}"]
    unmerge(source, lead, f"contact-{said.pk}")
    piece.refresh_from_db()
    assert (piece.complaint, piece.origin) == (source, None)


def test_what_is_not_chosen_stays(pair: tuple[Complaint, Complaint], agent: Any, lead: Any) -> None:
    source, target = pair
    merge(source, target, lead)
    rows = came_in_since(target, agent)
    unmerge(source, lead, f"evidence-{rows['evidence'].pk}")
    for row in rows.values():
        row.refresh_from_db()
    assert [rows[kind].complaint for kind in ("contact", "evidence", "inquiry")] == [target, source, target]


def test_only_what_came_in_since_can_be_taken_along(pair: tuple[Complaint, Complaint], lead: Any) -> None:
    source, target = pair
    merge(source, target, lead)
    theirs = target.contacts.filter(origin=None).update(at=NOW - timedelta(days=1))
    assert theirs == 1
    before = target.contacts.get(origin=None)
    with nothing_written(source, target), pytest.raises(NotSinceTheMerge):
        unmerge(source, lead, f"contact-{before.pk}")


def test_in_a_chain_it_is_asked_about_everywhere_on_the_way(
    pair: tuple[Complaint, Complaint], shop: Shop, agent: Any, lead: Any
) -> None:
    source, between = pair
    last = registered(shop, actor=agent, order=source.order)
    merge(source, between, lead)
    first = conversation.receive(between.pk, "到中间的", channel="phone", actor=agent, now=LATER)
    merge(between, last, lead, now=SINCE)
    second = conversation.receive(last.pk, "到最后的", channel="phone", actor=agent, now=SINCE)
    found = {one.key: one.to for one in merged.came_since(source)}
    assert found == {f"contact-{first.pk}": between.number, f"contact-{second.pk}": last.number}
    unmerge(source, lead, f"contact-{first.pk}")
    unmerge(between, lead)
    first.refresh_from_db()
    assert (first.complaint, first.origin) == (source, None)


def test_the_choice_of_the_customer_stays_with_the_remedy(
    pair: tuple[Complaint, Complaint], agent: Any, lead: Any
) -> None:
    source, target = pair
    merge(source, target, lead)
    bring(target, "executing", actor=agent, now=SINCE)
    purposes = {one.row.purpose for one in merged.came_since(source) if one.kind == "contact"}
    assert target.contacts.filter(purpose="choice").exists()
    assert purposes == {"message"}


def test_undone_after_the_survivor_was_closed(pair: tuple[Complaint, Complaint], agent: Any, lead: Any) -> None:
    source, target = pair
    merge(source, target, lead)
    bring(target, "closed", actor=agent, now=SINCE)
    unmerge(source, lead)
    assert (current(source).state, current(target).state) == ("verifying", "closed")
    assert current(source).deadlines.running().of_stage().get().kind == "verification"
    assert current(target).next_due_at is None


# ---------------------------------------------------------------- keys of the matter


def holders() -> dict[str, int | None]:
    return dict(Matter.objects.values_list("key", "complaint"))


def test_each_has_the_keys_again_that_it_had(pair: tuple[Complaint, Complaint], lead: Any) -> None:
    """The source was first and holds the order; merged the other way round it is the target that was."""
    for source, target in (pair, pair[::-1]):
        before = holders()
        merge(source, target, lead)
        assert set(holders().values()) == {target.pk}
        unmerge(source, lead)
        assert holders() == before


def test_a_key_that_came_by_a_merge_leaves_with_it_though_it_was_used(
    pair: tuple[Complaint, Complaint], shop: Shop, agent: Any, lead: Any
) -> None:
    source, target = pair
    merge(source, target, lead)
    incoming = receiving.Incoming(shop=shop, channel="email", text="还没好吗", order_number=source.order.number)
    assert receiving.take_in(incoming, actor=None, now=SINCE).complaint == target
    unmerge(source, lead)
    assert receiving.take_in(incoming, actor=None, now=MUCH_LATER).complaint == source


def test_who_is_over_gives_the_keys_of_a_matter_that_is_open_again(
    pair: tuple[Complaint, Complaint], agent: Any, lead: Any
) -> None:
    first, second = pair
    merge(second, first, lead)
    bring(first, "closed", actor=agent, now=SINCE)
    unmerge(second, lead)
    subject = matters.subject_of_complaint(current(second))
    assert matters.holder(subject, now=MUCH_LATER) == second


# ---------------------------------------------------------------- what leads to the survivor


def test_what_comes_to_a_merged_number_joins_the_survivor(
    pair: tuple[Complaint, Complaint], shop: Shop, agent: Any, lead: Any
) -> None:
    source, target = pair
    last = registered(shop, actor=agent, order=source.order)
    merge(source, target, lead)
    merge(target, last, lead)
    by_desk = conversation.receive(source.pk, "怎么样了", channel="phone", actor=agent, now=SINCE)
    answer = receiving.Incoming(shop=shop, channel="email", text="见附件", about=source)
    by_mail = receiving.take_in(answer, actor=None, now=SINCE)
    assert (by_desk.complaint, by_mail.complaint) == (last, last)
    assert last.events.filter(kind="heard").count() == 2


def test_the_histories_of_both_are_read_together(
    pair: tuple[Complaint, Complaint], lead: Any, django_assert_num_queries: Any
) -> None:
    source, target = pair
    merge(source, target, lead)
    joined = merged.merged_numbers(target)
    goes_on = current(target)
    with CaptureQueriesContext(connection) as alone:
        timeline(goes_on)
    with django_assert_num_queries(len(alone)):
        entries = timeline(goes_on, joined).entries
    of_source = [entry.event.kind for entry in entries if entry.of == source.number]
    assert of_source[0] == "registered"
    assert "start_verification" in of_source
    assert [entry.event.kind for entry in entries if entry.event].count("merged_in") == 1
    said_there = {entry.contact.pk for entry in timeline(current(source)).entries if entry.contact}
    assert said_there == set(Contact.objects.filter(origin=source).values_list("pk", flat=True)) != set()


def test_a_merge_that_was_undone_is_read_on_its_own_again(pair: tuple[Complaint, Complaint], lead: Any) -> None:
    source, target = pair
    merge(source, target, lead)
    unmerge(source, lead)
    assert merged.merged_numbers(target) == {}
    assert not any(entry.of for entry in timeline(current(target)).entries)


def test_a_complaint_that_is_over_is_neither_merged_nor_merged_twice(
    pair: tuple[Complaint, Complaint], agent: Any, lead: Any
) -> None:
    source, target = pair
    merge(source, target, lead)
    version = current(source).version
    for _again in range(2):
        with nothing_written(source, target), pytest.raises(progress.NotPossibleNow):
            merging.merge(source.pk, target.pk, reason="再来", actor=lead, version=version, now=LATER)
    bring(target, "closed", actor=agent, now=SINCE)
    fresh = registered(target.shop, actor=agent, order=target.order, now=SINCE)
    with nothing_written(fresh, target), pytest.raises(progress.NotPossibleNow):
        merge(target, fresh, lead)


def test_whoever_follows_the_source_hears_of_the_messages_that_came_back(
    pair: tuple[Complaint, Complaint], agent: Any, lead: Any
) -> None:
    source, target = pair
    merge(source, target, lead)
    who = {"actor": agent, "now": SINCE}
    sent = conversation.reply(target.pk, "明天给您寄", channel="platform_chat", **who)
    come = receiving.Incoming(shop=target.shop, channel="api", text="还没收到", about=target, source="api:1:x")
    heard = receiving.take_in(come, **who).contact
    unmerge(source, lead, f"contact-{sent.pk}", f"contact-{heard.pk}")

    told = [(one["type"], one["text"]) for one in shown.events(shown.events_of(source)) if one["text"]]
    assert {("message_sent", "明天给您寄"), ("message_received", "还没收到")} <= set(told)
    texts = {one["text"] for one in shown.events(shown.events_of(target))}
    assert not texts & {"明天给您寄", "还没收到"}
