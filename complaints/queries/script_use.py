"""How reply scripts are used, and what decides which of them fit a complaint."""

import re
from collections.abc import Mapping

from django.db.models import Count, Max, Q

from complaints.models import Complaint, Contact, ScriptUse
from knowledge.queries import Case, Worked

RECENT = 10_000
"""So many of the latest uses are counted: enough to compare by, and the same work however large the desk grows."""

EDITED_FROM = 10
"""Percent of a script's words that were changed, from which on the reply counts as edited."""

_CHINESE = re.compile(r"[\u3400-\u9fff]")


def floor() -> int:
    """The id above which the uses count."""
    return (ScriptUse.objects.aggregate(last=Max("pk"))["last"] or 0) - RECENT


def recent_uses(above: int) -> dict[int, tuple[int, int]]:
    """Id of the script -> how often it was used lately, and how often it was edited then."""
    rows = ScriptUse.objects.filter(pk__gt=above).values("version__script").order_by()
    counted = rows.annotate(n=Count("pk"), changed=Count("pk", filter=Q(percent_edited__gte=EDITED_FROM)))
    return {row["version__script"]: (row["n"], row["changed"]) for row in counted}


def fitting(complaint: Complaint, worked: Mapping[int, Worked], words: str) -> Case:
    """What scripts are ranked by for this complaint; `words` are the latest ones of the customer. No query."""
    issue = complaint.issue_type
    return Case(
        state=complaint.state,
        issue_type=issue.pk if issue else None,
        issue_types=frozenset(pk for pk in (issue.pk, issue.parent_id) if pk) if issue else frozenset(),
        channel=complaint.channel,
        language=language_of(words),
        worked=worked,
    )


def last_words(complaint: Complaint) -> str:
    """What the customer said last; empty when nothing was heard yet."""
    heard = complaint.contacts.filter(direction=Contact.Direction.IN).order_by("-at", "-pk")
    return heard.values_list("body", flat=True).first() or ""


def language_of(words: str) -> str:
    """English when the words have no Chinese character; Chinese when there are none."""
    return "en" if re.search("[A-Za-z]{2}", words) and not _CHINESE.search(words) else "zh-hans"
