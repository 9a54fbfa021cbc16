"""A shop's web form: what was typed is kept, whatever is wrong says so at its field, nothing is taken in twice."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from complaints.models import Complaint, Contact, CustomerLink, OutboxMessage, StagedUpload, WebSubmission
from complaints.portal import seals, visitors
from complaints.portal.forms import ComplainForm
from tests.complaints.portal.conftest import FORM, photo
from tests.factories.complaints import NOW, ShopFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen", "media")]

Filled = Callable[..., dict[str, Any]]


def test_the_form_registers_a_complaint_and_leads_to_its_status_page(visitor: Client, filled: Filled) -> None:
    answer = visitor.post(FORM, filled(wish_text="补一个", name="王小明"), follow=True)

    complaint = Complaint.objects.get()
    page = answer.content.decode()
    assert complaint.number in page
    assert answer.redirect_chain[0][0].startswith("/c/")
    assert "http://" in page
    assert complaint.channel == "web_form"
    assert complaint.demand.endswith(" · 补一个")
    assert complaint.contacts.get().submission.status == "taken"
    assert complaint.order.number == "2026112000000000001"


def test_what_is_wrong_says_so_at_its_field_and_what_was_typed_stays(
    visitor: Client, shop: Any, filled: Filled
) -> None:
    fields = filled(order_number="订单在哪", phone="12", email="a@", wish="", text="碎了")
    answer = visitor.post(FORM, fields)

    page = answer.content.decode()
    assert answer.status_code == 422
    for name in ("order_number", "phone", "email", "wish"):
        assert f'id="id_{name}_error"' in page, name
    assert 'id="id_text_error"' not in page
    for typed in ("订单在哪", "碎了", 'value="a@"'):
        assert typed in page
    assert not WebSubmission.objects.exists()


def test_no_contact_and_no_order_are_asked_for(shop: Any) -> None:
    form = ComplainForm({"text": "碎了", "wish": "other"})
    assert {"order_number", "phone", "wish_text"} == set(form.errors)
    assert not ComplainForm({"text": "碎了", "wish": "refund", "no_order": "on", "email": "a@b.example"}).errors


def test_a_copied_order_number_loses_its_spaces_and_wide_digits(shop: Any, filled: Filled) -> None:
    form = ComplainForm(filled(order_number=" ２０２６ 1120\u30000001 "))
    assert form.is_valid()
    assert form.cleaned_data["order_number"] == "202611200001"


@hypothesis(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=st.dictionaries(st.sampled_from(list(ComplainForm.base_fields)), st.text(max_size=60)))
def test_whatever_is_typed_is_checked_and_never_breaks(values: dict[str, str]) -> None:
    form = ComplainForm(values)
    if form.is_valid():
        assert form.person.phone or form.person.email
        assert form.demand


def test_the_same_form_sent_twice_is_one_complaint(visitor: Client, filled: Filled) -> None:
    fields = filled()
    first, second = visitor.post(FORM, fields, follow=True), visitor.post(FORM, fields, follow=True)

    number = Complaint.objects.get().number
    assert number in first.content.decode()
    assert number in second.content.decode()
    assert Contact.objects.count() == WebSubmission.objects.count() == 1


def test_files_are_kept_when_the_form_comes_back_and_become_evidence(visitor: Client, filled: Filled) -> None:
    fields = filled(text="")
    answer = visitor.post(FORM, fields | {"files": [photo(), photo("PNG")]})
    assert answer.status_code == 422
    assert StagedUpload.objects.count() == 2
    assert answer.content.decode().count('name="remove"') == 2

    visitor.post(FORM, fields | {"remove": StagedUpload.objects.first().key})
    visitor.post(FORM, fields | {"text": "碎了"})

    contact = Contact.objects.get()
    assert [one.content_type for one in contact.files.all()] == ["image/png"]
    assert not StagedUpload.objects.exists()


def test_a_bad_file_says_why_and_nothing_is_sent(visitor: Client, filled: Filled) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    svg = SimpleUploadedFile("a.svg", b"<svg onload=alert(1)>")
    answer = visitor.post(FORM, filled() | {"files": svg})
    assert answer.status_code == 422
    assert "a.svg" in answer.content.decode()
    assert not Complaint.objects.exists()


def test_a_form_from_elsewhere_takes_nothing_in_and_keeps_what_was_typed(shop: Any, filled: Filled) -> None:
    strict = Client(enforce_csrf_checks=True)
    answer = strict.post(FORM, filled(text="杯子碎了"))
    assert answer.status_code == 422
    assert "杯子碎了" in answer.content.decode()
    assert not WebSubmission.objects.exists()

    token = strict.get(FORM).cookies[settings.CSRF_COOKIE_NAME].value
    assert strict.post(FORM, filled(csrfmiddlewaretoken=token)).status_code == 302
    assert strict.post(f"{FORM}/files", {"form": filled()["form"], "file": photo()}).status_code == 422


def test_an_old_form_is_renewed_with_what_was_typed(visitor: Client, shop: Any, filled: Filled) -> None:
    old = seals.new(f"shop:{shop.pk}", now=NOW - timedelta(hours=13))
    for seal in (str(old), "forged", str(seals.new("shop:0", now=NOW))):
        answer = visitor.post(FORM, filled(form=seal, text="还是碎的"))
        assert answer.status_code == 422
        assert "还是碎的" in answer.content.decode()
    renewed = visitor.post(FORM, filled(form=str(old))).context["seal"]
    assert (renewed.token, renewed.made_at) == (old.token, NOW)
    assert not WebSubmission.objects.exists()


@pytest.mark.parametrize(
    ("odd", "doubt"),
    [
        ({"website": "http://x.example"}, "trap"),
        ({"text": "https://a.example https://b.example www.c.example"}, "links"),
        ({"text": "啊" * 40}, "repeated"),
        ({"fast": True}, "fast"),
    ],
)
def test_what_looks_like_spam_is_held_back_and_answered_like_any_other(
    odd: dict[str, Any], doubt: str, visitor: Client, shop: Any, filled: Filled
) -> None:
    if odd.pop("fast", False):
        odd["form"] = str(seals.new(f"shop:{shop.pk}", now=NOW))
    answer = visitor.post(FORM, filled(**odd) | {"files": photo()}, follow=True)

    submission = WebSubmission.objects.get()
    assert (submission.status, submission.doubts) == ("held", [doubt])
    assert submission.reference in answer.content.decode()
    assert submission.files.count() == 1
    assert not Complaint.objects.exists()


def test_too_many_from_one_address_are_asked_to_wait_and_lose_nothing(
    visitor: Client, filled: Filled, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(visitors, "SENDING", "4/hour")
    for _n in range(4):
        assert visitor.post(FORM, filled()).status_code == 302
    answer = visitor.post(FORM, filled(text="第五次"))
    assert answer.status_code == 429
    assert int(answer["Retry-After"]) > 0
    assert "第五次" in answer.content.decode()
    assert visitor.post(FORM, filled(), REMOTE_ADDR="198.51.100.7").status_code == 302
    assert [one.doubts for one in WebSubmission.objects.filter(status="held")] == [["many"]]


def test_an_address_is_believed_as_far_as_the_proxies_are(rf: Any, settings: Any) -> None:
    request = rf.get("/", REMOTE_ADDR="10.0.0.1", HTTP_X_FORWARDED_FOR="6.6.6.6, 198.51.100.7, 10.0.0.2")
    settings.AMENDS_TRUSTED_PROXIES = 0
    assert visitors.address_of(request) == "10.0.0.1"
    settings.AMENDS_TRUSTED_PROXIES = 2
    assert visitors.address_of(request) == "198.51.100.7"
    assert "198.51" not in visitors.caller(request)
    one, other = (rf.get("/", REMOTE_ADDR=f"2001:db8::{n}") for n in (1, 2))
    settings.AMENDS_TRUSTED_PROXIES = 0
    assert visitors.caller(one) == visitors.caller(other)


def test_unknown_closed_and_formless_shops_are_one_404(visitor: Client, shop: Any) -> None:
    ShopFactory(code="gone", active=False)
    ShopFactory(code="quiet", web_form=False)
    pages = [visitor.get(f"/{code}/complain") for code in ("nobody", "gone", "quiet")]
    assert {page.status_code for page in pages} == {404}
    assert len({page.content for page in pages}) == 1
    assert visitor.post("/quiet/complain", {}).status_code == 404


def test_the_language_is_switched_without_losing_what_was_typed(visitor: Client, shop: Any, filled: Filled) -> None:
    shop.greeting_zh, shop.greeting_en = "您好", "Good day"
    shop.save()
    assert "您好" in visitor.get(FORM).content.decode()
    page = visitor.post(FORM, filled(text="碎了", switch="en")).content.decode()
    assert '<html lang="en">' in page
    assert "Good day" in page
    assert "碎了" in page
    sent = visitor.post(FORM, filled(language="en", text=""))
    assert "Write in a sentence or two what happened." in sent.content.decode()
    assert WebSubmission.objects.count() == 0


def test_too_much_is_refused_before_it_is_read(visitor: Client, shop: Any) -> None:
    answer = visitor.generic("POST", FORM, b"x", content_type="multipart/form-data; boundary=x", CONTENT_LENGTH=10**9)
    assert answer.status_code == 413


def test_the_link_is_mailed_once_in_the_language_of_the_form_and_repeats_nothing(
    visitor: Client, filled: Filled
) -> None:
    for _n in range(2):
        visitor.post(FORM, filled(email="guest@mail.example", language="en", text="Buy at evil.example"))
    mail = OutboxMessage.objects.get()
    assert mail.address == "guest@mail.example"
    assert "/c/" in mail.body
    assert "evil.example" not in mail.body
    assert "has received your complaint" in mail.body
    token = mail.body.partition("/c/")[2].split()[0]
    assert not CustomerLink.objects.filter(token_hash__contains=token).exists()


def test_no_address_gets_many_mails(visitor: Client, filled: Filled) -> None:
    for n in range(4):
        fields = filled(order_number=f"20261120{n:04d}", email="victim@mail.example")
        visitor.post(FORM, fields, REMOTE_ADDR=f"198.51.100.{n}")
    assert Complaint.objects.count() == 4
    assert OutboxMessage.objects.count() == 3


def test_the_page_asks_the_database_little_and_is_not_stored(
    visitor: Client, shop: Any, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(2):
        answer = visitor.get(FORM)
    assert answer["Cache-Control"] == "no-store"
    assert answer["Referrer-Policy"] == "same-origin"
    assert "script-src 'self'" in answer["Content-Security-Policy"]
