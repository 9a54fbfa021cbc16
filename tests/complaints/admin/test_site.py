"""The frame of every page: who has no session, odd addresses, and people who have nothing to see yet."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from complaints.models import Complaint
from complaints.roles import ROLES

pytestmark = pytest.mark.usefixtures("frozen")

HTMX = {"HX-Request": "true"}


def test_a_part_of_a_page_is_never_the_login(case: Callable[..., Any]) -> None:
    complaint: Complaint = case("new")
    lookup = reverse("admin:complaints_complaint_order_lookup")
    script = reverse("admin:complaints_complaint_script", args=[complaint.pk])
    for answer in (Client().get(lookup, headers=HTMX), Client().post(script, {"body": "您好"}, headers=HTMX)):
        assert answer.status_code == 401
        assert answer.content == b""
    assert Client().get(lookup).status_code == 302


def test_the_boxes_for_choosing_many_have_all_their_words(agent: Any, client_for: Callable[[Any], Client]) -> None:
    """Django has some of them in English only; a page in Chinese would be half in English."""
    script = client_for(agent).get(reverse("admin:jsi18n")).content.decode()
    for verb in ("Choose all %s", "Choose selected %s", "Remove all %s", "Remove selected %s"):
        assert f'"{verb}": ' in script


def test_every_page_holds_the_words_for_that(agent: Any, client_for: Callable[[Any], Client]) -> None:
    page = client_for(agent).get(reverse("admin:complaints_complaint_add")).content.decode()
    assert 'data-notice="login" role="alert" hidden' in page


@pytest.mark.parametrize(
    "address",
    [
        "complaint/?q=%00",
        "complaint/order-lookup/?order_number=%001&shop=%00",
        "complaint/order-lookup/?order_number=1&shop=" + "9" * 5000,
        "outboxmessage/?status__exact=%00",
        "order/?q=%00",
        "customer/?q=a%00",
        "complaint/?after=" + "W" * 3000,
    ],
)
def test_an_address_with_what_no_database_holds_is_read_without_it(
    address: str, user_with: Callable[..., Any], client_for: Callable[[Any], Client]
) -> None:
    answer = client_for(user_with("shop_manager")).get(f"/admin/complaints/{address}")
    assert answer.status_code in (200, 302)


def test_a_department_hears_what_will_come(user_with: Callable[..., Any], client_for: Callable[[Any], Client]) -> None:
    page = client_for(user_with("department")).get(reverse("admin:index"), follow=True).content.decode()
    assert "权限" not in page
    assert "发给你部门的协查" in page


def test_the_search_stands_for_those_who_may_find_something(
    staff: dict[str, Any], client_for: Callable[[Any], Client]
) -> None:
    searching = {
        role for role in ROLES if "topsearch" in client_for(staff[role]).get("/admin/", follow=True).content.decode()
    }
    assert searching == set(ROLES) - {"department", "knowledge_manager"}
