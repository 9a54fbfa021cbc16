"""What a complaint costs that comes by the API: each statement is felt where thousands come."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from complaints.operations.bootstrap import load_policies

pytestmark = pytest.mark.django_db

MOST = 27
"""Statements of a whole complaint about an order that nobody knew, without those of the transaction.

The key 1, issue type 1, kept answer 2, whose matter 2, order 3, its keys 4, customer 3, policies 4, number 1, the
complaint with contact, clock and event 4, and the key's last use.
"""


def body(number: int) -> dict[str, Any]:
    return {
        "text": "杯子到手就碎了", "demand": "补发", "issue_type": "LOGI-03", "order_number": f"D{number}",
        "product": f"马克杯 {number}", "amount": "59.90",
        "person": {"name": "王小明", "phone": f"13800{number:06d}", "email": f"b{number}@mail.example"},
    }  # fmt: skip


def test_a_complaint_costs_no_more_statements_than_it_needs(program: Any) -> None:
    load_policies()
    program.post("/complaints", body(1), idempotency_key="k1")
    with CaptureQueriesContext(connection) as captured:
        assert program.post("/complaints", body(2), idempotency_key="k2").status_code == 201

    work = [query["sql"] for query in captured.captured_queries if "SAVEPOINT" not in query["sql"]]
    assert len(work) <= MOST, "\n".join(sql[:160] for sql in work)


def test_a_message_that_joins_costs_the_same_whatever_was_said_before(program: Any) -> None:
    load_policies()
    counts = []
    for number in range(6):
        with CaptureQueriesContext(connection) as captured:
            program.post("/complaints", body(1) | {"text": f"第 {number} 次"}, idempotency_key=f"k{number}")
        counts.append(len(captured))
    assert counts[2] == counts[5], counts
