"""Registering and correcting on the pages: sent twice is registered once, and one order has one open complaint."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from complaints.admin.registration_forms import RegistrationForm
from complaints.admin.signing import sign_version
from complaints.models import Complaint, Customer, Order, Shop
from complaints.operations import intake
from tests.complaints.admin.situations import page_of
from tests.factories.complaints import NOW, OrderFactory, current, registration
from tests.unchanged import nothing_written

pytestmark = pytest.mark.usefixtures("frozen")

REGISTER = reverse("admin:complaints_complaint_add")


@pytest.fixture
def client(agent: Any, client_for: Callable[[Any], Client]) -> Client:
    return client_for(agent)


def fields(shop: Shop, **changed: Any) -> dict[str, Any]:
    typed = {
        "shop": shop.pk, "channel": "phone", "title": "桌面划痕", "severity": "S2", "priority": "P3",
        "no_order_reason": "售前",
    }  # fmt: skip
    return typed | changed


def about(shop: Shop, order: Order, **changed: Any) -> dict[str, Any]:
    return fields(shop, no_order_reason="", order_number=order.number, **changed)


def token_of(client: Client) -> str:
    """The token of a form that was just opened, as the browser would send it."""
    answer = client.get(REGISTER)
    token = str(answer.context["form"]["token"].value())
    assert f'name="token" value="{token}"' in answer.content.decode()
    return token


def test_a_form_sent_again_leads_to_the_complaint_that_it_made(client: Client, shop: Shop) -> None:
    for typed in (fields(shop), about(shop, OrderFactory(shop=shop))):
        typed["token"] = token_of(client)
        first, again = (client.post(REGISTER, typed) for _ in range(2))
        assert (first.status_code, again.status_code) == (302, 302)
        assert first["Location"] == again["Location"]
    assert Complaint.objects.count() == 2


def test_a_form_that_was_changed_after_going_back_is_another_complaint(client: Client, shop: Shop) -> None:
    token = token_of(client)
    for title in ("桌面划痕", "少了一把椅子"):
        assert client.post(REGISTER, fields(shop, token=token, title=title)).status_code == 302
    assert set(Complaint.objects.values_list("title", flat=True)) == {"桌面划痕", "少了一把椅子"}


def test_every_form_has_a_token_of_its_own(client: Client, shop: Shop) -> None:
    one, other = token_of(client), token_of(client)
    assert one != other
    for token in (one, other):
        client.post(REGISTER, fields(shop, token=token))
    assert Complaint.objects.count() == 2


def test_who_comes_second_about_an_order_is_told_and_may_confirm(
    client: Client, shop: Shop, staff: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The colleague registers between this form's check and its writing."""
    order = OrderFactory(shop=shop)
    reading = RegistrationForm.registration
    colleague = registration(shop, order=order)

    def and_meanwhile(form: RegistrationForm) -> Any:
        if not Complaint.objects.exists():
            intake.register(colleague, actor=staff["team_lead"], now=NOW)
        return reading(form)

    monkeypatch.setattr(RegistrationForm, "registration", and_meanwhile)
    answer = client.post(REGISTER, about(shop, order))
    number = Complaint.objects.get().number
    assert answer.status_code == 422
    assert number in str(answer.context["form"].errors["order_number"])
    assert 'name="separate"' in answer.content.decode()
    assert client.post(REGISTER, about(shop, order, separate="on")).status_code == 302
    assert Complaint.objects.filter(order=order).count() == 2


# ---------------------------------------------------------------- corrections


def corrected(client: Client, complaint: Complaint, **changed: Any) -> Any:
    typed = {
        "title": complaint.title, "issue_type": complaint.issue_type_id, "demand": complaint.demand,
        "severity": complaint.severity, "priority": complaint.priority, "no_order_reason": complaint.no_order_reason,
    }  # fmt: skip
    address = reverse("admin:complaints_complaint_edit", args=[complaint.pk])
    return client.post(address, typed | {"version": sign_version(complaint)} | changed)


def test_an_order_that_is_linked_completes_the_registration(client: Client, case: Callable[..., Any]) -> None:
    complaint = case("new", order=None)
    order = OrderFactory(shop=complaint.shop)
    assert corrected(client, complaint, order_number=order.number).status_code == 302
    assert (current(complaint).customer, current(complaint).missing_fields) == (order.customer, [])
    assert Customer.objects.count() == 1


def test_an_order_and_a_reason_for_none_exclude_each_other(client: Client, case: Callable[..., Any]) -> None:
    complaint = case("new", order=None, no_order_reason="售前")
    order = OrderFactory(shop=complaint.shop)
    with nothing_written(complaint):
        answer = corrected(client, complaint, order_number=order.number)
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["no_order_reason"])
    assert corrected(client, complaint, order_number=order.number, no_order_reason="").status_code == 302


def test_linking_an_order_with_an_open_complaint_is_confirmed(client: Client, case: Callable[..., Any]) -> None:
    other, complaint = case("new"), case("new", order=None)
    with nothing_written(complaint):
        answer = corrected(client, complaint, order_number=other.order.number)
    assert answer.status_code == 422
    assert other.number in str(answer.context["form"].errors["order_number"])
    assert 'name="separate"' in answer.content.decode()
    assert corrected(client, complaint, order_number=other.order.number, separate="on").status_code == 302
    assert corrected(client, current(complaint), order_number=other.order.number, title="桌角").status_code == 302


# ---------------------------------------------------------------- a higher cost, on the case page


def test_the_case_page_offers_a_higher_cost_and_waits_for_its_signature(
    client: Client, case: Callable[..., Any], staff: dict[str, Any], client_for: Callable[[Any], Client]
) -> None:
    complaint = case("executing")
    page = client.get(page_of(complaint)).content.decode()
    assert page_of(complaint, "raise_cost") in page
    chosen = complaint.remedies.get(status="chosen")
    sent = {"remedy": chosen.pk, "cost": "25", "reason": "运费涨了", "version": sign_version(complaint)}
    assert client.post(page_of(complaint, "raise_cost"), sent).status_code == 302
    answer = client.get(page_of(complaint))
    assert answer.context["primary"].mode == "blocked"
    assert "ApprovalMissing" in {type(one).__name__ for one in answer.context["primary"].refusals}
    assert page_of(complaint, "execute") not in answer.content.decode()
    lead = client_for(staff["team_lead"])
    assert page_of(complaint, "approve") in lead.get(page_of(complaint)).content.decode()
    signed = {"remedy": chosen.pk, "version": sign_version(current(complaint))}
    assert lead.post(page_of(complaint, "approve"), signed).status_code == 302
    assert page_of(complaint, "execute") in client.get(page_of(complaint)).content.decode()
