"""What staff do about web forms: decide about those held back, give out status links, take contact data over."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from complaints import tasks
from complaints.models import Complaint, CustomerLink, OutboxMessage, Shop, StagedUpload, WebSubmission
from complaints.operations import staging, web_form
from complaints.operations.customers import Person
from complaints.queries import lookup
from tests.complaints.operations.test_uploads import picture
from tests.factories.complaints import NOW, ShopFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen", "media")]

WORK_LIST = reverse("admin:complaints_complaint_changelist")


@pytest.fixture
def send(shop: Shop) -> Callable[..., web_form.Answer]:
    """`send(doubts=["links"])`: a form that somebody sent, with a photo."""

    def make(**values: Any) -> web_form.Answer:
        token = values.pop("token", None) or uuid4()
        staging.stage(SimpleUploadedFile("a.jpg", picture()), token, now=NOW)
        person = Person(name="王小明", phone="13800001234", email="w@mail.example")
        fields: dict[str, Any] = {"shop": shop, "token": token, "text": "碎了", "demand": "补发", "person": person}
        return web_form.submit(web_form.Filled(**fields | values), now=NOW)

    return make


def page_of(submission: WebSubmission, what: str = "change") -> str:
    return reverse(f"admin:complaints_websubmission_{what}", args=[submission.pk])


def test_what_was_held_back_is_taken_in_by_a_person_and_its_link_leads_on(
    send: Callable[..., web_form.Answer], agent: Any, client_for: Callable[[Any], Client]
) -> None:
    answer, desk = send(doubts=["links"]), client_for(agent)
    path = answer.url[answer.url.index("/c/") :]
    held = Client().get(path)
    assert answer.submission.reference in held.content.decode()
    Client().post(path, {"form": held.context["seal"], "text": "还有一件事"})
    assert not OutboxMessage.objects.exists()
    assert page_of(answer.submission)[:30] in desk.get(WORK_LIST).content.decode().replace("?status__exact=held", "")
    shown = desk.get(page_of(answer.submission)).content.decode()
    assert "还有一件事" in shown
    assert "13800001234" not in shown

    assert desk.post(page_of(answer.submission, "accept")).status_code == 302

    complaint = Complaint.objects.get()
    submission = WebSubmission.objects.get()
    assert (submission.status, submission.decided_by, submission.contact.complaint) == ("taken", agent, complaint)
    assert complaint.contacts.get().body == "碎了\n\n还有一件事"
    assert complaint.evidence.count() == 1
    assert not StagedUpload.objects.exists()
    assert complaint.number in Client().get(path).content.decode()
    assert OutboxMessage.objects.get().address == "w@mail.example"
    assert desk.post(page_of(answer.submission, "discard")).status_code == 302
    assert WebSubmission.objects.get().status == "taken"


def test_what_is_discarded_loses_files_and_links_and_keeps_its_text(
    send: Callable[..., web_form.Answer], agent: Any, client_for: Callable[[Any], Client], media: Any
) -> None:
    answer = send(doubts=["trap"])
    path = answer.url[answer.url.index("/c/") :]
    assert client_for(agent).get(page_of(answer.submission, "discard")).status_code == 302
    assert WebSubmission.objects.get().status == "held"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("django.db.transaction.on_commit", lambda act, **_options: act())
        client_for(agent).post(page_of(answer.submission, "discard"))

    assert WebSubmission.objects.get().status == "discarded"
    assert not StagedUpload.objects.exists()
    assert [one for one in media.rglob("*") if one.is_file()] == []
    assert Client().get(path).status_code == 404
    assert "碎了" in client_for(agent).get(page_of(answer.submission)).content.decode()


def test_only_who_handles_complaints_of_the_shop_decides(
    send: Callable[..., web_form.Answer],
    staff: dict[str, Any],
    user_with: Callable[..., Any],
    client_for: Callable[[Any], Client],
) -> None:
    submission = send(doubts=["many"]).submission
    stranger = user_with("agent", shops=[ShopFactory()])
    deciding = {"agent", "team_lead", "supervisor", "shop_manager"}
    for role, person in {**staff, "stranger": stranger}.items():
        client = client_for(person)
        assert (client.get(page_of(submission)).status_code == 200) is (role in deciding), role
        if role not in deciding:
            assert client.post(page_of(submission, "accept")).status_code == 403, role
    assert WebSubmission.objects.get().status == "held"
    listed = client_for(staff["agent"]).get(reverse("admin:complaints_websubmission_changelist"))
    assert submission.reference in listed.content.decode()


def test_a_link_is_shown_once_recorded_and_revoked(
    case: Callable[..., Any], agent: Any, user_with: Callable[..., Any], client_for: Callable[[Any], Client]
) -> None:
    complaint, desk = case("verifying"), client_for(agent)
    page = reverse("admin:complaints_complaint_links", args=[complaint.pk])
    made = desk.post(page)
    path = made.context["address"][made.context["address"].index("/c/") :]
    assert path in made.content.decode()
    assert "no-store" in made["Cache-Control"]
    assert path not in desk.get(page).content.decode()
    assert Client().get(path).status_code == 200
    link = CustomerLink.objects.get()
    assert (link.created_by, len(link.token_hash)) == (agent, 64)
    assert path.rpartition("/")[2] not in str(complaint.events.values_list("data", flat=True))

    assert desk.post(page, {"revoke": link.pk}).status_code == 302
    assert Client().get(path).status_code == 404
    assert [event.kind for event in complaint.events.filter(kind__startswith="link_")] == [
        "link_issued", "link_revoked",
    ]  # fmt: skip
    auditor = client_for(user_with("auditor"))
    assert auditor.get(page).status_code == auditor.post(page).status_code == 403
    assert client_for(user_with("agent", shops=[])).post(page).status_code == 404
    assert Client(enforce_csrf_checks=True).post(page).status_code in (302, 403)
    assert CustomerLink.objects.count() == 1


def test_no_link_is_given_to_what_nobody_reads_any_more(
    case: Callable[..., Any], agent: Any, client_for: Callable[[Any], Client]
) -> None:
    merged = case("merged")
    page = reverse("admin:complaints_complaint_links", args=[merged.pk])
    assert merged.merged_into.number in client_for(agent).post(page).content.decode()
    assert not CustomerLink.objects.exists()


def test_the_case_page_shows_the_channel_the_files_and_the_data_that_nobody_has_confirmed(
    send: Callable[..., web_form.Answer], user_with: Callable[..., Any], client_for: Callable[[Any], Client]
) -> None:
    send(order_number="2026112000000000001")
    send(order_number="2026112000000000001", person=Person(phone="19900001111"))
    complaint, supervisor = Complaint.objects.get(), client_for(user_with("supervisor"))
    page = supervisor.get(reverse("admin:complaints_complaint_change", args=[complaint.pk])).content.decode()
    assert page.count('class="entry-files"') == 2
    assert "网页表单" in page
    assert "199****1111" in page
    assert page.count("/adopt/") == 1
    reveal = reverse("admin:complaints_complaint_reveal", args=[complaint.pk])
    assert "19900001111" in supervisor.post(reveal).content.decode()


def test_what_was_interrupted_is_finished_and_what_was_never_sent_goes(
    send: Callable[..., web_form.Answer], shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(*_args: Any, **_options: Any) -> None:
        raise KeyboardInterrupt

    for place, name in ((web_form, "take_in"), (staging, "attach")):
        with monkeypatch.context() as patch:
            patch.setattr(place, name, dies)
            with pytest.raises(KeyboardInterrupt):
                send(text=name, order_number="2026112000000000001")
    left = staging.stage(SimpleUploadedFile("b.jpg", picture()), uuid4(), now=NOW - timedelta(hours=25))
    kept = staging.stage(SimpleUploadedFile("c.jpg", picture()), uuid4(), now=NOW)
    assert web_form.finish(now=NOW) == 0
    WebSubmission.objects.update(received_at=NOW - timedelta(minutes=3))

    taken = web_form.take_in
    with monkeypatch.context() as patch:
        patch.setattr(web_form, "take_in", lambda one, **who: 1 / 0 if one.text == "take_in" else taken(one, **who))
        assert tasks.tidy_web_form() == 2, "the second one, and the file that was never sent"
    assert tasks.tidy_web_form() == 1

    assert Complaint.objects.get().contacts.count() == Complaint.objects.get().evidence.count() == 2
    assert set(StagedUpload.objects.values_list("pk", flat=True)) == {kept.pk}
    assert left.pk != kept.pk
    assert tasks.tidy_web_form() == 0


def test_the_shop_page_tells_the_address_of_the_form(
    shop: Shop, user_with: Callable[..., Any], client_for: Callable[[Any], Client]
) -> None:
    page = client_for(user_with("shop_manager")).get(reverse("admin:complaints_shop_change", args=[shop.pk]))
    assert "/tmall/complain" in page.content.decode()


def test_the_number_that_a_sender_reads_out_leads_to_the_complaint_or_to_what_is_held_back(
    send: Callable[..., web_form.Answer], agent: Any, staff: dict[str, Any], client_for: Callable[[Any], Client]
) -> None:
    desk, held = client_for(agent), send(doubts=["links"]).submission
    page = desk.get(WORK_LIST, {"q": held.reference.lower()})
    assert page_of(held) in page.content.decode()
    assert not lookup.look_up(agent, held.reference)

    desk.post(page_of(held, "accept"))

    number = Complaint.objects.get().number
    assert number in desk.get(WORK_LIST, {"q": held.reference}).content.decode()
    assert [one.number for one in lookup.look_up(agent, held.reference).open] == [number]
    other_day = held.reference.replace("W2026", "W2025")
    assert not lookup.look_up(agent, other_day)


def test_of_another_shop_the_number_of_a_web_form_tells_nothing(
    send: Callable[..., web_form.Answer], user_with: Callable[..., Any], client_for: Callable[[Any], Client]
) -> None:
    held, stranger = send(doubts=["links"]).submission, user_with("agent", shops=[ShopFactory()])
    page = client_for(stranger).get(WORK_LIST, {"q": held.reference}).content.decode()
    assert page_of(held) not in page


def test_what_is_added_in_the_moment_of_taking_in_comes_along(
    send: Callable[..., web_form.Answer], agent: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, take_in = send(doubts=["links"]).submission, web_form.take_in

    def meanwhile(incoming: Any, **how: Any) -> Any:
        if not incoming.source.endswith(":more"):
            WebSubmission.objects.filter(pk=held.pk).update(text=f"{held.text}\n\n还有划痕")
        return take_in(incoming, **how)

    monkeypatch.setattr(web_form, "take_in", meanwhile)
    web_form.accept(held.pk, actor=agent, now=NOW)
    said = Complaint.objects.get().contacts.filter(direction="in").order_by("pk").values_list("body", flat=True)
    assert list(said) == ["碎了", "还有划痕"]
