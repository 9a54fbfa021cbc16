"""Reply quality through its pages: who sees and may what, the way from drawing to averages, two at once, budgets."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from complaints.models import Complaint, Customer, ReplyReview, ReviewEvent, SampleDraw, ScriptUse, Shop
from complaints.operations import merging, reviews
from complaints.queries import quality
from complaints.roles import ROLES
from knowledge.models import CriterionVersion, ReplyScript, ScriptVersion
from tests.factories.complaints import NOW, ComplaintFactory, ContactFactory, registered
from tests.factories.quality import IN_WEEK, MONDAY, drawn, full, replies, scored

pytestmark = pytest.mark.usefixtures("frozen")

LIST = "admin:complaints_replyreview_changelist"
READERS = {"agent", "team_lead", "supervisor", "shop_manager", "quality_inspector", "auditor"}
INSPECTORS = {"quality_inspector"}
OF_OTHERS = READERS - {"agent"}


def page(name: str, *args: Any) -> str:
    return reverse(f"admin:complaints_replyreview_{name}", args=args)


@pytest.fixture
def complaint(shop: Shop) -> Complaint:
    return ComplaintFactory(shop=shop)


@pytest.fixture
def inspector(user_with: Callable[..., Any]) -> Any:
    return user_with("quality_inspector", shops=[])


@pytest.fixture
def desk(inspector: Any, client_for: Callable[[Any], Client]) -> Client:
    """The inspector's browser."""
    return client_for(inspector)


def fields(version: int = 1, *, comment: str = "", **lost: int) -> dict[str, Any]:
    return {"version": version, "comment": comment} | {f"c{pk}": points for pk, points in full(**lost).items()}


def rows_of(answer: Any) -> list[ReplyReview]:
    return [row for row, _week, _page in answer.context["rows"]]


# ---------------------------------------------------------------- who may


def test_pages_open_for_their_roles(
    complaint: Complaint, inspector: Any, staff: dict[str, Any], client_for: Callable[[Any], Client]
) -> None:
    review = scored(complaint, staff["agent"], inspector)
    expected = {
        page("changelist"): READERS, page("figures"): READERS, page("draw"): INSPECTORS,
        page("change", review.pk): READERS, page("history", review.pk): READERS,
    }  # fmt: skip
    for address, allowed in expected.items():
        for role, person in staff.items():
            answer = client_for(person).get(address, follow=True)
            assert answer.status_code == (200 if role in allowed else 403), (role, address)
        assert Client().get(address).status_code == 302


@pytest.mark.parametrize("role", sorted(ROLES))
def test_a_forged_form_does_nothing(
    role: str, complaint: Complaint, agent: Any, user_with: Callable[..., Any], client_for: Callable[[Any], Client]
) -> None:
    """Of everybody who is neither inspector nor who wrote the reply."""
    waiting = drawn(complaint, agent)
    done = scored(complaint, agent, user_with("quality_inspector"))
    client = client_for(user_with(role))
    before = list(ReplyReview.objects.order_by("pk").values())
    steps = {"score", "correct", "skip", "respond", "answer", "see"} - (
        {"score", "correct", "skip", "respond"} if role in INSPECTORS else set()
    )
    sent = fields(2, time=1) | {"reason": "x", "text": "x"}
    for review in (waiting, done):
        for step in steps:
            status = client.post(page("do", review.pk, step), sent).status_code
            assert status in (403, 404) or (status, step) in ((422, "answer"), (422, "see")), (role, step)
    if role not in INSPECTORS:
        assert client.post(page("draw"), {"week": MONDAY, "per_agent": 3}).status_code == 403
    for address in (page("add"), page("delete", done.pk), page("change", done.pk)):
        assert client.post(address, sent | {"post": "yes"}).status_code == 403
    assert list(ReplyReview.objects.order_by("pk").values()) == before
    assert not SampleDraw.objects.exists()


def test_steps_are_posts_and_known_ones(complaint: Complaint, agent: Any, desk: Client) -> None:
    review = drawn(complaint, agent)
    assert desk.get(page("do", review.pk, "score")).status_code == 405
    assert desk.post(page("do", review.pk, "delete")).status_code == 404
    assert desk.post(page("do", 999999, "score"), fields()).status_code == 404
    for key in ("0", "-1", "abc", "9" * 30, "１"):
        assert desk.get(f"/admin/complaints/replyreview/{key}/change/").status_code == 404


def test_everybody_sees_only_what_is_theirs(
    complaint: Complaint, agent: Any, inspector: Any, user_with: Callable[..., Any], client_for: Callable[[Any], Client]
) -> None:
    colleague = user_with("agent")
    elsewhere = Shop.objects.create(code="jd", name="别家店", platform="jd")
    waiting, own = drawn(complaint, agent), scored(complaint, agent, inspector)
    theirs, foreign = (
        scored(complaint, colleague, inspector),
        scored(ComplaintFactory(shop=elsewhere), agent, inspector),
    )
    sees = {
        agent: [own], colleague: [theirs], user_with("team_lead"): [own, theirs],
        user_with("supervisor"): [own, theirs, foreign], user_with("auditor"): [own, theirs, foreign],
        inspector: [waiting, own, theirs, foreign], user_with("finance"): [], user_with("department"): [],
        user_with("agent", shops=[elsewhere]): [],
    }  # fmt: skip
    for person, expected in sees.items():
        client = client_for(person)
        assert set(ReplyReview.objects.visible_to(person)) == set(expected)
        for review in (waiting, own, theirs, foreign):
            answer = client.get(page("change", review.pk))
            assert (answer.status_code == 200) == (review in expected), (person, review)
        if person.has_perm("complaints.view_replyreview"):
            listed = rows_of(client.get(f"{page('changelist')}?tab=scored"))
            assert set(listed) == {review for review in expected if review.status == "scored"}


def test_an_inspector_who_also_replies_sees_the_own_score_when_it_is_given(
    complaint: Complaint, inspector: Any, desk: Client, user_with: Callable[..., Any]
) -> None:
    own = drawn(complaint, inspector)
    assert desk.get(page("change", own.pk)).status_code == 404
    assert desk.post(page("do", own.pk, "score"), fields()).status_code == 404
    reviews.score(own.pk, full(), "", version=1, actor=user_with("quality_inspector"), now=NOW)
    answer = desk.get(page("change", own.pk))
    assert (answer.status_code, answer.context["inspects"]) == (200, False)
    assert desk.post(page("do", own.pk, "correct"), fields(2, time=1) | {"reason": "x"}).status_code == 422


# ---------------------------------------------------------------- the way through


def test_from_drawing_to_the_averages(
    complaint: Complaint, agent: Any, inspector: Any, desk: Client, client_for: Callable[[Any], Client]
) -> None:
    ContactFactory(complaint=complaint, body="桌面有划痕", at=IN_WEEK - timedelta(hours=1))
    replies(complaint, agent, 4)
    answer = desk.post(page("draw"), {"week": MONDAY.isoformat(), "per_agent": 2, "shop": ""}, follow=True)
    first, second = rows_of(answer)
    assert "桌面有划痕" in desk.get(page("change", first.pk)).content.decode()

    answer = desk.post(page("do", first.pk, "score"), fields(time=0, comment="没有时间"))
    assert answer["Location"].startswith(page("change", second.pk))
    answer = desk.post(page("do", second.pk, "skip"), {"version": 1, "reason": "只是确认收到"}, follow=True)
    assert "tab=waiting" in answer.redirect_chain[-1][0]
    assert rows_of(answer) == []

    mine = client_for(agent)
    assert (quality.news(agent), quality.news(inspector)) == (1, 0)
    assert rows_of(mine.get(page("changelist"))) == [first]
    shown = mine.get(page("change", first.pk)).content.decode()
    assert "没有时间" in shown
    assert "80 %" in shown
    mine.post(page("do", first.pk, "see"))
    mine.post(page("do", first.pk, "answer"), {"text": "写了今天内"})
    assert (quality.news(agent), quality.news(inspector)) == (0, 1)

    assert rows_of(desk.get(f"{page('changelist')}?tab=answers")) == [first]
    sent = fields(3, time=1, comment="有大致时间") | {"reason": "看漏了"}
    desk.post(page("do", first.pk, "correct"), sent)
    assert (quality.news(agent), quality.news(inspector)) == (1, 0)
    assert [event.kind for event in ReviewEvent.objects.filter(review=first)] == [
        "scored",
        "seen",
        "answered",
        "corrected",
    ]

    figures = desk.get(page("figures"))
    assert (figures.context["total"].now.n, figures.context["total"].now.percent) == (1, 90)
    assert figures.context["total"].now.few


def test_the_same_draw_again_says_that_nothing_was_missing(complaint: Complaint, agent: Any, desk: Client) -> None:
    replies(complaint, agent, 3)
    for expected in (3, 0):
        desk.post(page("draw"), {"week": MONDAY.isoformat(), "per_agent": 5})
        assert SampleDraw.objects.latest("pk").added == expected


@pytest.mark.parametrize(
    "sent", [{"week": "2026-11-16"}, {"week": "x"}, {"per_agent": 0}, {"per_agent": "99"}, {"shop": "7"}]
)
def test_a_draw_that_is_refused_keeps_what_was_typed(sent: dict[str, Any], desk: Client) -> None:
    answer = desk.post(page("draw"), {"week": MONDAY.isoformat(), "per_agent": "4"} | sent)
    assert answer.status_code == 422
    assert f'value="{sent.get("per_agent", 4)}"' in answer.content.decode()
    assert not SampleDraw.objects.exists()


@pytest.mark.parametrize("comment", ["", "只写了一半"])
def test_a_refused_score_keeps_points_and_words(comment: str, complaint: Complaint, agent: Any, desk: Client) -> None:
    """The first one lacks a comment, the second one the points of a criterion."""
    review = drawn(complaint, agent)
    sent = fields(time=0, comment=comment)
    if comment:
        del sent[f"c{CriterionVersion.objects.in_force().last().pk}"]
    answer = desk.post(page("do", review.pk, "score"), sent)
    assert answer.status_code == 422
    chosen = [choice for row in answer.context["score_form"].rows for choice in row.choices if choice.chosen]
    assert len(chosen) == len(sent) - 2
    assert f"{comment}</textarea>" in answer.content.decode()
    assert ReplyReview.objects.get().status == "waiting"


def test_inspectors_take_the_replies_in_orders_of_their_own(
    complaint: Complaint, agent: Any, user_with: Callable[..., Any]
) -> None:
    waiting = [drawn(complaint, agent) for _ in range(12)]
    people = [user_with("quality_inspector") for _ in range(4)]
    wanted = quality.Wanted(tab="waiting")
    following = [[quality.following(person, review, wanted) for review in waiting] for person in people]
    assert len(set(map(tuple, following))) == len(people)
    assert all(after != review.pk for each in following for review, after in zip(waiting, each, strict=True))


def test_to_have_seen_a_score_drops_no_answer_half_typed(
    complaint: Complaint, agent: Any, inspector: Any, client_for: Callable[[Any], Client]
) -> None:
    review, client = scored(complaint, agent, inspector), client_for(agent)
    assert "data-draft-clear" not in client.post(page("do", review.pk, "see"), follow=True).content.decode()
    answer = client.post(page("do", review.pk, "answer"), {"text": "好"}, follow=True).content.decode()
    assert f'data-draft-clear="review-answer:{agent.pk}:{review.pk}"' in answer


@pytest.mark.parametrize("comment", ["x" * 2001])
def test_a_comment_that_is_too_long_stays_typed(comment: str, complaint: Complaint, agent: Any, desk: Client) -> None:
    answer = desk.post(page("do", drawn(complaint, agent).pk, "score"), fields(comment=comment))
    assert answer.status_code == 422
    assert comment in answer.content.decode()


def test_of_two_inspectors_the_second_is_told_and_keeps_what_was_typed(
    complaint: Complaint, agent: Any, desk: Client, user_with: Callable[..., Any], client_for: Callable[[Any], Client]
) -> None:
    review = drawn(complaint, agent)
    other = client_for(user_with("quality_inspector"))
    assert desk.post(page("do", review.pk, "score"), fields()).status_code == 302
    answer = other.post(page("do", review.pk, "score"), fields(time=0, comment="我觉得没有时间"))
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "我觉得没有时间" in text
    assert page("do", review.pk, "correct") in text
    assert ReplyReview.objects.get().percent == 100
    sent = fields(answer.context["review"].version, time=0, comment="我觉得没有时间") | {"reason": "不同意"}
    assert other.post(page("do", review.pk, "correct"), sent).status_code == 302
    assert ReplyReview.objects.get().percent == 80


def test_the_reply_is_shown_where_its_case_is_now(
    case: Callable[..., Any], shop: Shop, agent: Any, inspector: Any, desk: Client
) -> None:
    complaint = case("new")
    review = scored(complaint, agent, inspector)
    into = registered(shop, actor=agent, order=complaint.order)
    merging.merge(complaint.pk, into.pk, reason="同一件事", actor=agent, version=complaint.version, now=NOW)
    link = reverse("admin:complaints_complaint_change", args=[into.pk])
    assert link in desk.get(page("change", review.pk)).content.decode()
    assert into.number in desk.get(f"{page('changelist')}?tab=scored").content.decode()


def test_no_contact_data_stands_beside_a_reply(complaint: Complaint, agent: Any, desk: Client) -> None:
    customer = Customer.objects.create(
        platform="taobao", name="欧阳晓明", phone="13900001111", email="a@mail.example", buyer="tb_x", created_at=NOW
    )
    Complaint.objects.filter(pk=complaint.pk).update(customer=customer)
    review = drawn(complaint, agent)
    ContactFactory(complaint=complaint, at=IN_WEEK - timedelta(days=1))
    text = desk.get(page("change", review.pk)).content.decode()
    assert [fact for fact in ("欧阳晓明", "13900001111", "a@mail.example", "tb_x") if fact in text] == []


def test_scripts_show_what_was_changed(complaint: Complaint, agent: Any, desk: Client) -> None:
    version = ScriptVersion.objects.in_force().get(script__code="ETA-01")
    review = drawn(complaint, agent, body="完全不同的几句话")
    ScriptUse.objects.create(contact=review.contact, version=version, percent_edited=40)
    text = desk.get(page("change", review.pk)).content.decode()
    assert version.script.name in text
    assert "<del>" in text
    assert "<ins>" in text


# ---------------------------------------------------------------- averages


def means(lines: list[Any]) -> dict[str, tuple[int, float]]:
    return {line.name: (line.now.n, round(line.now.percent)) for line in lines}


def test_averages_count_what_they_name(
    complaint: Complaint, agent: Any, inspector: Any, user_with: Callable[..., Any], desk: Client
) -> None:
    other = user_with("agent", first_name="另一人")
    script = ReplyScript.objects.get(code="ETA-01")
    for lost in (0, 1, 2):
        review = scored(complaint, agent, inspector, time=lost)
        version = ScriptVersion.objects.in_force().get(script=script)
        ScriptUse.objects.create(contact=review.contact, version=version, percent_edited=0)
    scored(complaint, other, inspector)
    earlier = [drawn(complaint, agent, monday=MONDAY - timedelta(days=7)) for _ in range(3)]
    for review in earlier:
        reviews.score(review.pk, full(time=0), "没有时间", version=1, actor=inspector, now=NOW)
    week = f"first={MONDAY}&last={MONDAY}"
    context = desk.get(f"{page('figures')}?{week}").context
    agents, criteria, scripts, weeks = (table["rows"] for table in context["tables"])
    assert means([row["line"] for row in agents]) == {agent.first_name: (3, 90), "另一人": (1, 100)}
    assert agents[0]["line"].change == 10
    assert agents[1]["line"].change is None
    assert means([row["line"] for row in criteria])["时限"] == (4, 62)
    assert means([row["line"] for row in scripts]) == {script.name: (3, 90)}
    assert [(row["line"].now.n, row["line"].before.n) for row in weeks][-2:] == [(3, 0), (4, 3)]
    assert (context["total"].now.n, context["total"].before.n) == (4, 3)
    for row, number in ((agents[0], 3), (scripts[0], 3), (weeks[-1], 4), (weeks[-2], 3)):
        assert len(rows_of(desk.get(row["url"]))) == number
    [time] = [row for row in criteria if row["line"].name == "时限"]
    assert len(rows_of(desk.get(time["url"]))) == 2


def test_the_own_averages_are_of_the_own_replies(
    complaint: Complaint, agent: Any, inspector: Any, user_with: Callable[..., Any], client_for: Callable[[Any], Client]
) -> None:
    scored(complaint, agent, inspector, time=1)
    scored(complaint, user_with("agent"), inspector)
    found = client_for(agent).get(page("figures")).context
    assert (found["total"].now.n, found["total"].now.percent) == (1, 90)
    assert [row["line"].name for row in found["tables"][0]["rows"]] == [agent.first_name]


@pytest.mark.parametrize(
    "asked", ["first=x&last=y", "first=2026-11-09", "first=1900-01-01&last=2200-01-01", "shop=x", "shop=%00"]
)
def test_strange_weeks_are_passed_over(
    asked: str, complaint: Complaint, agent: Any, inspector: Any, desk: Client
) -> None:
    scored(complaint, agent, inspector)
    assert desk.get(f"{page('figures')}?{asked}").context["total"].now.n == 1
    assert desk.get(f"{page('changelist')}?tab=nonsense&agent=x&after=-1&{asked}").status_code == 200


def test_pages_without_anything_say_so(desk: Client, agent: Any, client_for: Callable[[Any], Client]) -> None:
    for tab in ("waiting", "answers", "scored", "skipped", "mine"):
        assert 'class="empty"' in desk.get(f"{page('changelist')}?tab={tab}").content.decode()
    assert 'class="empty"' in client_for(agent).get(page("figures")).content.decode()


# ---------------------------------------------------------------- budgets


def taken(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


def test_pages_take_the_same_few_queries_however_much_there_is(
    complaint: Complaint, inspector: Any, desk: Client, user_with: Callable[..., Any]
) -> None:
    def more(number: int) -> None:
        for _ in range(number):
            person = user_with("agent")
            drawn(complaint, person)
            review = scored(complaint, person, inspector)
            version = ScriptVersion.objects.in_force()[number % 5]
            ScriptUse.objects.create(contact=review.contact, version=version, percent_edited=5)

    more(2)
    first = ReplyReview.objects.scored().first()
    addresses = {
        page("changelist"): 14, f"{page('changelist')}?tab=scored": 14, page("figures"): 18, page("draw"): 12,
        page("change", first.pk): 16,
    }  # fmt: skip
    desk.get(page("changelist"))
    few = {address: taken(desk, address) for address in addresses}
    more(10)
    assert {address: taken(desk, address) for address in addresses} == few
    assert {address: number for address, number in few.items() if number > addresses[address]} == {}


def test_a_long_list_goes_on_with_a_next_page(complaint: Complaint, agent: Any, desk: Client) -> None:
    for _ in range(quality.PAGE + 1):
        drawn(complaint, agent)
    answer = desk.get(page("changelist"))
    assert len(rows_of(answer)) == quality.PAGE
    assert len(rows_of(desk.get(answer.context["next"]))) == 1
