"""An alert about what one may no longer see is shown to nobody."""

from collections.abc import Callable
from typing import Any

from django.test import Client

from complaints.models import Alert
from tests.factories.complaints import AlertFactory


def test_alerts_end_with_the_right_to_see_their_complaint(
    case: Callable[..., Any], agent: Any, user_with: Callable[..., Any], client_for: Callable[[Any], Client], shop: Any
) -> None:
    complaint = case("new")
    supervisor = user_with("supervisor")
    for person in (agent, supervisor):
        AlertFactory(complaint=complaint, recipient=person)
    address, badge = "/admin/complaints/alert/", 'class="badge"'
    page = client_for(agent).get(address).content.decode()
    assert complaint.title in page
    assert badge in page
    shop.members.clear()
    page = client_for(agent).get(address).content.decode()
    assert complaint.title not in page
    assert badge not in page
    assert Alert.objects.visible_to(supervisor).count() == 1
