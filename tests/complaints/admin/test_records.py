"""Records are read in the order of their index."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.factories.complaints import OrderFactory


@pytest.mark.parametrize(
    "model",
    [
        "complaints_order",
        "complaints_customer",
        "complaints_complaintevent",
        "complaints_outboxmessage",
        "followups_followup",
    ],
)
def test_no_address_sorts_a_long_table(
    model: str, shop: Any, user_with: Callable[..., Any], client_for: Callable[[Any], Client]
) -> None:
    OrderFactory(shop=shop)
    with CaptureQueriesContext(connection) as queries:
        page = client_for(user_with("shop_manager")).get(reverse(f"admin:{model}_changelist"), {"o": "3.-1"})
    assert page.status_code == 200
    assert "sortable" not in page.content.decode()
    orders = {one["sql"].partition("ORDER BY")[2] for one in queries if f'FROM "{model}"' in one["sql"]}
    assert all('"id" DESC' in order for order in orders if order), orders
