"""What the desk shows, beside the least that would do: pages through the whole web stack, and their first query."""

import re
from collections.abc import Callable
from html import unescape
from typing import Any

from django.contrib.auth import get_user_model
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from benchmarks.bare import SITES
from benchmarks.filling.people import facts
from benchmarks.measure import page, visitor
from complaints.identity import Fact
from complaints.models import Complaint
from complaints.models.complaint import OPEN_STATES
from complaints.queries import worklist
from complaints.queries.worklist import Wanted

LIST = "admin:complaints_complaint_changelist"
CASE = "admin:complaints_complaint_change"
_NEXT = re.compile(r'href="(\?[^"]*after=[^"]*)"')

_BARE_QUERY = f"""
    SELECT c.id, c.number, c.title, c.state, c.priority, c.next_due_at, c.last_contact_at, k.name, s.name, u.username
    FROM complaints_complaint c JOIN complaints_shop s ON s.id = c.shop_id
    LEFT JOIN complaints_customer k ON k.id = c.customer_id LEFT JOIN auth_user u ON u.id = c.assignee_id
    WHERE c.state IN ({", ".join(f"'{state}'" for state in OPEN_STATES)})
    ORDER BY c.next_due_at, c.id LIMIT 51"""

Run = Callable[[], Any]


class Reading:
    """Pages and queries as a supervisor sees them, who sees all shops, and an agent, who sees the own."""

    def __init__(self) -> None:
        users = get_user_model().objects
        self.supervisor = users.get(username="supervisor01")
        self.all, self.own = visitor(self.supervisor), visitor(users.get(username="agent01"))
        self.list = reverse(LIST)
        self.case = Complaint.objects.filter(state="executing", order__isnull=False).earliest("pk")

    def pages(self) -> dict[str, Run]:
        """Our pages by name."""
        first = page(self.all, f"{self.list}?tab=open")
        following = unescape(_NEXT.search(first())[1])
        return {
            "list: all open, 50 rows": first,
            "list: all open, second page": page(self.all, self.list + following),
            "list: open in the own shop, 50 rows": page(self.own, f"{self.list}?tab=open"),
            "list: ended, 50 rows": page(self.all, f"{self.list}?tab=ended"),
            "search: number": page(self.all, f"{self.list}?q={self.case.number}"),
            "search: order": page(self.all, f"{self.list}?q={self.case.order.number}"),
            "search: phone": page(self.all, f"{self.list}?q={facts(140)[Fact.PHONE]}"),
            "case page": page(self.all, reverse(CASE, args=[self.case.pk])),
        }

    def bare_pages(self) -> dict[str, Run]:
        """Lists of 50 rows by the Django admin alone."""
        return {site: page(self.all, reverse(f"{site}:complaints_complaint_changelist")) for site in SITES}

    def first_rows(self) -> None:
        """The rows of the list's first page, as objects."""
        worklist.page(self.supervisor, Wanted(tab="open"), now=timezone.now())

    def bare_rows(self) -> None:
        """The same rows by one statement on the index, as tuples."""
        with connection.cursor() as cursor:
            cursor.execute(_BARE_QUERY)
            cursor.fetchall()
