"""The status page: the customer's side of a case, and nothing else of it."""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.contrib.staticfiles import finders
from django.test import Client
from django.urls import reverse

from complaints.models import (
    Complaint,
    ComplaintEvent,
    Contact,
    Customer,
    CustomerLink,
    Department,
    Evidence,
    Inquiry,
    LiabilityShare,
    Remedy,
    Shop,
    StagedUpload,
    WebSubmission,
)
from complaints.operations import conversation, customer_links, inquiries, merging, reviews
from complaints.operations.customers import Person
from complaints.operations.departments import load_departments
from complaints.operations.promises import Promised
from complaints.portal import visitors
from tests.complaints.portal.conftest import FORM, photo
from tests.factories.complaints import NOW, OrderFactory, complaint_in, current
from tests.factories.quality import scored

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen", "media")]


@pytest.fixture
def given(agent: Any) -> Callable[..., str]:
    """`given(complaint)`: the path of a link that the desk made for the customer."""

    def make(complaint: Complaint, at: Any = NOW) -> str:
        url = customer_links.issue(complaint, CustomerLink.Purpose.STATUS, actor=agent, now=at)
        return url[url.index("/c/") :]

    return make


TOLD = {"number", "file", "original_name", "state", "state_before_merge", "label", "currency", "answer"}
"""No free texts, or bound to others by a constraint."""


def free_texts(model: Any) -> list[str]:
    fields = [one for one in model._meta.concrete_fields if one.get_internal_type() in ("CharField", "TextField")]
    return [one.name for one in fields if not one.choices and one.name not in TOLD]


def test_the_page_tells_the_customers_side_and_nothing_internal(
    case: Callable[..., Any], user_with: Callable[..., Any], given: Callable[..., str], visitor: Client
) -> None:
    """Every text and every name that the desk writes for itself has the word in it."""
    word = "金丝雀"
    keeper = user_with("agent", first_name=f"{word}员工", last_name=word, username=f"{word}u")
    load_departments()
    complaint = case("executing", actor=keeper, title=f"{word}标题", description=f"{word}转述")
    who = {"actor": keeper, "now": NOW}
    conversation.note(complaint.pk, f"{word}便签", **who)
    inquiries.ask(complaint.pk, Department.objects.first(), f"{word}协查", **who)
    conversation.receive(complaint.pk, f"{word}记录", channel="phone", **who)
    conversation.reply(complaint.pk, f"{word}通话", channel="phone", **who)
    conversation.reply(complaint.pk, "明天给您寄出新桌面。", channel="platform_chat", **who)
    for model in (Complaint, Inquiry, LiabilityShare, Remedy, Evidence):
        rows = model.objects.filter(pk=complaint.pk) if model is Complaint else model.objects.all()
        assert rows.exists(), model
        rows.update(**dict.fromkeys(free_texts(model), word))
    complaint.promises.update(text=word, reason=word)
    review = scored(complaint, keeper, user_with("quality_inspector", first_name=word), comment=word)
    Contact.objects.filter(pk=review.contact_id).update(body="我们在跟进。")
    reviews.answer(review.pk, word, **who)
    Customer.objects.update(name=f"{word}客户")
    for event in ComplaintEvent.objects.filter(complaint=complaint):
        ComplaintEvent.objects.create(
            complaint=complaint, at=NOW, actor=keeper, kind=event.kind, reason=word, version=1, data={"x": word},
            from_state=event.from_state, to_state=event.to_state,
        )  # fmt: skip

    page = visitor.get(given(complaint)).content.decode()

    assert word not in page
    assert complaint.number in page
    assert "明天给您寄出新桌面。" in page
    assert "我们在跟进。" in page
    assert "中通" not in page
    assert "承运" not in page


def test_unknown_expired_revoked_and_foreign_links_are_one_404(
    case: Callable[..., Any], given: Callable[..., str], visitor: Client, django_assert_num_queries: Any
) -> None:
    complaint = case("accepted")
    live, revoked, expired = given(complaint), given(complaint), given(complaint)
    ids = list(CustomerLink.objects.order_by("pk").values_list("pk", flat=True))
    CustomerLink.objects.filter(pk=ids[1]).update(revoked_at=NOW)
    CustomerLink.objects.filter(pk=ids[2]).update(expires_at=NOW)
    pages = []
    for path in (revoked, expired, f"/c/{'A' * 32}", "/c/x", live[:-1], f"{live}0"):
        with django_assert_num_queries(1):
            answer = visitor.get(path)
        assert answer.status_code == 404, path
        assert visitor.post(path, {"text": "x"}).status_code == 404
        assert visitor.post(f"{path}/files", {}).status_code == 404
        pages.append((answer.content, sorted(answer.items())))
    assert all(page == pages[0] for page in pages)
    assert visitor.get(live).status_code == 200


def test_a_closed_case_is_told_for_as_long_as_it_can_be_reopened(
    case: Callable[..., Any], given: Callable[..., str], visitor: Client
) -> None:
    path = given(case("executing"))
    complaint = Complaint.objects.get()
    from tests.factories.complaints import bring

    bring(complaint, "closed", actor=complaint.assignee)
    page = visitor.get(path).content.decode()
    assert "已结案" in page or "closed" in page
    with time_machine.travel(NOW + timedelta(days=14), tick=False):
        fresh = visitor.get(path)
        sent = visitor.post(path, {"form": fresh.context["seal"], "text": "又裂了", "files": photo()})
        assert sent.status_code == 302
    complaint = current(complaint)
    assert complaint.reopen_asked_at
    assert complaint.contacts.get(body="又裂了").files.count() == 1
    with time_machine.travel(NOW + timedelta(days=15, minutes=1), tick=False):
        assert visitor.get(path).status_code == 404


def test_looking_changes_nothing(case: Callable[..., Any], given: Callable[..., str], visitor: Client) -> None:
    path = given(case("accepted"))
    stored = [list(model.objects.values()) for model in (CustomerLink, Complaint, ComplaintEvent, Contact)]
    for _n in range(2):
        answer = visitor.get(path)
    assert stored == [list(model.objects.values()) for model in (CustomerLink, Complaint, ComplaintEvent, Contact)]
    assert answer["Referrer-Policy"] == "no-referrer"
    assert answer["Cache-Control"] == "no-store"
    assert "noindex" in answer["X-Robots-Tag"]


def says(page: str, at: Any) -> bool:
    """Whether the page names the moment, in Shanghai, in whatever language its sentence is."""
    local = at + timedelta(hours=8)
    return re.search(rf"{local.month}月{local.day}日,? {local:%H:%M}", page) is not None


def test_the_next_time_is_the_promise_and_a_broken_one_is_not_hidden(
    case: Callable[..., Any], given: Callable[..., str], visitor: Client, agent: Any
) -> None:
    complaint = case("accepted")
    path = given(complaint)
    promise = complaint.promises.get()
    page = visitor.get(path).content.decode()
    assert says(page, promise.due_at)
    internal = [clock.due_at for clock in complaint.deadlines.exclude(kind="promise")]
    assert internal
    assert not any(says(page, due) for due in internal)
    with time_machine.travel(promise.due_at + timedelta(hours=1), tick=False):
        assert "is-late" in visitor.get(path).content.decode()
    conversation.reply(
        complaint.pk, "桌面已寄出", channel="phone", promise=Promised(text="", due_at=NOW + timedelta(hours=9)),
        actor=agent, now=NOW,
    )  # fmt: skip
    assert not says(visitor.get(path).content.decode(), promise.due_at)


def test_words_and_files_are_added_once(case: Callable[..., Any], given: Callable[..., str], visitor: Client) -> None:
    complaint = case("verifying")
    path = given(complaint)
    seal = visitor.get(path).context["seal"]
    kept = visitor.post(f"{path}/files", {"form": seal, "file": photo()})
    assert kept.status_code == 200
    fields = {"form": seal, "text": "桌腿也歪了"}
    answers = [visitor.post(path, fields), visitor.post(path, fields)]

    assert [answer.status_code for answer in answers] == [302, 302]
    assert answers[0]["Location"].startswith(path)
    contact = complaint.contacts.get(body="桌腿也歪了")
    assert (contact.channel, contact.direction) == ("web_form", "in")
    assert [file.kind for file in contact.files.all()] == ["photo"]
    assert CustomerLink.objects.get().last_seen_at == NOW
    assert complaint.events.filter(kind="heard").count() == 1
    assert "桌腿也歪了" in visitor.get(path).content.decode()

    only_files = {"form": visitor.get(path).context["seal"], "text": "", "files": photo()}
    assert visitor.post(path, only_files).status_code == 302
    assert visitor.post(path, {"form": visitor.get(path).context["seal"], "text": " "}).status_code == 422


def test_what_is_refused_stands_beside_no_word_of_success(
    case: Callable[..., Any], given: Callable[..., str], visitor: Client
) -> None:
    path = given(case("verifying"))
    added = f"{path}?added=1"
    shown = visitor.get(added)
    assert shown.context["added"]
    refused = visitor.post(added, {"form": shown.context["seal"], "text": " "})
    assert refused.status_code == 422
    assert not refused.context["added"]
    assert not refused.context["sent"]


def test_a_file_belongs_to_its_form(case: Callable[..., Any], given: Callable[..., str], visitor: Client) -> None:
    path, other = given(case("verifying")), given(case("verifying"))
    seal, foreign = visitor.get(path).context["seal"], visitor.get(other).context["seal"]
    kept = visitor.post(f"{path}/files", {"form": seal, "file": photo()}).json()
    assert visitor.post(f"{path}/files", {"form": foreign, "file": photo()}).status_code == 422
    assert visitor.post(f"{other}/files", {"form": foreign, "remove": kept["key"]}).json() == {"removed": False}
    assert visitor.post(f"{path}/files", {"form": seal, "remove": kept["key"]}).json() == {"removed": True}
    assert not StagedUpload.objects.exists()


def test_a_message_from_elsewhere_is_refused_and_one_from_nowhere_taken(
    case: Callable[..., Any], given: Callable[..., str]
) -> None:
    """A page that sends no referrer sends its form with the origin "null"; browsers do so."""
    path, strict = given(case("verifying")), Client(enforce_csrf_checks=True)
    shown = strict.get(path)
    token = shown.cookies[settings.CSRF_COOKIE_NAME].value
    fields = {"form": shown.context["seal"], "text": "歪了"}
    assert strict.post(path, fields, headers={"origin": "null"}).status_code == 422
    fields["csrfmiddlewaretoken"] = token
    assert strict.post(path, fields, headers={"origin": "https://evil.example"}).status_code == 422
    assert strict.post(path, fields, headers={"origin": "null"}).status_code == 302


def test_messages_are_paced_and_lose_nothing(
    case: Callable[..., Any], given: Callable[..., str], visitor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(visitors, "SENDING", "1/hour")
    path = given(case("verifying"))
    seals = [visitor.get(path).context["seal"] for _n in range(2)]
    first, second = (visitor.post(path, {"form": seal, "text": "桌腿歪了"}) for seal in seals)
    assert first.status_code == 302
    assert second.status_code == 429
    assert int(second["Retry-After"]) > 0
    assert "桌腿歪了</textarea>" in second.content.decode()


def test_looking_is_paced_before_the_link_is_looked_up(
    visitor: Client, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    monkeypatch.setattr(visitors, "LOOKING", "2/minute")
    assert [visitor.get("/c/guess").status_code for _n in range(2)] == [404, 404]
    with django_assert_num_queries(0):
        assert visitor.get("/c/guess").status_code == 429


# ---------------------------------------------------------------- who is the customer


def test_whoever_knows_only_an_order_number_learns_nothing(
    order: Any, case: Callable[..., Any], link: Callable[..., str], visitor: Client, agent: Any
) -> None:
    """The page is the same whether there was a complaint about the order or not, but for its own number."""
    alone = visitor.get(link(phone="19900000000")).content.decode()
    stranger = WebSubmission.objects.get()
    registered = stranger.contact.complaint
    open_one = case("negotiating", order=OrderFactory(shop=order.shop, number="7777777", customer=order.customer))
    joined_path = link(phone="19900000000", order_number="7777777")
    conversation.reply(open_one.pk, "给王小明的答复", channel="platform_chat", actor=agent, now=NOW)
    joined = visitor.get(joined_path).content.decode()
    other = WebSubmission.objects.exclude(pk=stranger.pk).get()

    assert other.contact.complaint == open_one
    assert order.customer == registered.customer == open_one.customer
    for page in (alone, joined):
        assert registered.number not in page
        assert open_one.number not in page
        assert "给王小明的答复" not in page

    def neutral(page: str, submission: WebSubmission) -> list[str]:
        lines = page.replace(submission.reference, "N").splitlines()
        return [line for line in lines if 'name="form"' not in line and "csrf" not in line and "/files" not in line]

    assert neutral(alone, stranger) == neutral(joined, other)
    order.customer.refresh_from_db()
    assert (order.customer.phone, order.customer.email) == ("13800001234", "wang@mail.example")


def test_the_customer_who_writes_again_sees_all_of_it(
    order: Any, case: Callable[..., Any], link: Callable[..., str], visitor: Client, agent: Any
) -> None:
    complaint = case("accepted", order=order)
    conversation.reply(complaint.pk, "给您的答复", channel="platform_chat", actor=agent, now=NOW)
    page = visitor.get(link(phone="138 0000 1234")).content.decode()
    assert complaint.number in page
    assert "给您的答复" in page


def test_once_staff_take_the_contact_over_the_link_shows_all(
    order: Any, link: Callable[..., str], visitor: Client, agent: Any, client_for: Callable[[Any], Client]
) -> None:
    path = link(phone="19900000000", email="new@mail.example")
    submission = WebSubmission.objects.get()
    complaint = submission.contact.complaint
    conversation.reply(complaint.pk, "给您的答复", channel="platform_chat", actor=agent, now=NOW)
    desk = client_for(agent)
    page = desk.get(reverse("admin:complaints_complaint_change", args=[complaint.pk]))
    assert "199****0000" in page.content.decode()
    adopt = reverse("admin:complaints_complaint_adopt", args=[complaint.pk, submission.pk])
    assert "给您的答复" not in visitor.get(path).content.decode()

    desk.post(adopt, {"version": page.context["version"]})

    assert complaint.events.get(kind="corrected").data["personal"] == ["phone", "email"]
    assert "给您的答复" in visitor.get(path).content.decode()
    assert desk.post(adopt, {"version": "x"}).status_code == 404


def test_an_order_without_a_customer_gets_none_by_a_form(shop: Shop, link: Callable[..., str], visitor: Client) -> None:
    order = OrderFactory(shop=shop, number="2026112000000000001", of_nobody=True, customer=None)
    path = link()
    order.refresh_from_db()
    assert order.customer is None
    assert Complaint.objects.get().number in visitor.get(path).content.decode()


def test_the_link_of_a_merged_complaint_leads_on_for_the_same_customer_only(
    shop: Shop, agent: Any, given: Callable[..., str], visitor: Client
) -> None:
    order = OrderFactory(shop=shop, customer__platform=shop.platform)
    kin, survivor = (complaint_in("new", shop, actor=agent, order=order) for _n in range(2))
    somebody = Person(buyer="somebody_else", email="b@c.example")
    alien = complaint_in("new", shop, actor=agent, order=order, person=somebody)
    assert alien.customer != survivor.customer
    paths = {one.pk: given(one) for one in (kin, alien)}
    for one in (kin, alien):
        conversation.reply(one.pk, f"答复{one.pk}", channel="email", actor=agent, now=NOW)
        merging.merge(one.pk, survivor.pk, reason="同", actor=agent, version=current(one).version, now=NOW)
    conversation.reply(survivor.pk, "合并后的答复", channel="platform_chat", actor=agent, now=NOW)

    mine, theirs = (visitor.get(paths[one.pk]).content.decode() for one in (kin, alien))
    assert survivor.number in mine
    assert "合并后的答复" in mine
    assert alien.number in theirs
    for word in (survivor.number, "合并后的答复", f"答复{kin.pk}"):
        assert word not in theirs
    assert f"答复{alien.pk}" in theirs

    sent = visitor.post(paths[alien.pk], {"form": visitor.get(paths[alien.pk]).context["seal"], "text": "我的补充"})
    assert sent.status_code == 302
    assert survivor.contacts.filter(body="我的补充").exists()
    assert "我的补充" in visitor.get(paths[alien.pk]).content.decode()


# ---------------------------------------------------------------- weight and cost


def test_both_pages_with_all_that_they_load_stay_under_50_kb(
    case: Callable[..., Any], given: Callable[..., str], visitor: Client
) -> None:
    complaint = case("executing")
    for n in range(8):
        conversation.reply(complaint.pk, f"第{n}次答复。" * 30, channel="email", actor=complaint.assignee, now=NOW)
    assets = ("logo.svg", "css/tokens.css", "css/portal.css", "js/upload.js")
    loaded = sum(Path(str(finders.find(f"amends/{name}"))).stat().st_size for name in assets)
    for path in (FORM, given(complaint)):
        page = visitor.get(path).content
        assert page.count(b"amends/") == len(assets)
        assert len(page) + loaded < 50_000


def test_the_status_page_costs_the_same_for_any_history(
    case: Callable[..., Any], given: Callable[..., str], visitor: Client, django_assert_num_queries: Any
) -> None:
    complaint = case("verifying")
    path = given(complaint)
    with django_assert_num_queries(5):
        visitor.get(path)
    for n in range(12):
        intake_time = NOW + timedelta(minutes=n)
        conversation.reply(complaint.pk, f"第{n}次", channel="email", actor=complaint.assignee, now=intake_time)
    visitor.post(path, {"form": visitor.get(path).context["seal"], "text": "补充", "files": [photo(), photo()]})
    with django_assert_num_queries(5):
        visitor.get(path)
