"""Replies that were drawn, scored or left out."""

from datetime import date, datetime, timedelta
from typing import Any

from complaints.models import Complaint, Contact, ReplyReview, SampleWeek
from complaints.operations import reviews
from knowledge.models import CriterionVersion
from tests.factories.complaints import NOW, ContactFactory

MONDAY = date(2026, 11, 9)
"""Of the week before `NOW`, which is over."""

IN_WEEK = NOW - timedelta(days=7)


def replies(complaint: Complaint, author: Any, number: int, *, at: datetime = IN_WEEK, **values: Any) -> list[Contact]:
    """So many human replies of this person, a minute apart."""
    return [
        ContactFactory(
            complaint=complaint,
            reply=True,
            author=author,
            at=at + timedelta(minutes=n),
            **{"body": f"答复{n}"} | values,
        )
        for n in range(number)
    ]


def drawn(complaint: Complaint, author: Any, *, monday: date = MONDAY, **values: Any) -> ReplyReview:
    """A reply that waits for an inspector."""
    week, _created = SampleWeek.objects.get_or_create(monday=monday, defaults={"seed": "5eed"})
    [contact] = replies(complaint, author, 1, at=NOW - timedelta(days=(date(2026, 11, 20) - monday).days - 3), **values)
    return ReplyReview.objects.create(contact=contact, week=week, author=author)


def full(**lost: int) -> dict[int, int]:
    """All points by the rubric in force; `empathy=0` gives so many for that criterion."""
    return {one.pk: lost.get(one.criterion.code, one.most) for one in CriterionVersion.objects.in_force()}


def scored(complaint: Complaint, author: Any, inspector: Any, *, comment: str = "清楚", **lost: int) -> ReplyReview:
    """A reply with a score."""
    review = drawn(complaint, author)
    return reviews.score(review.pk, full(**lost), comment, version=1, actor=inspector, now=NOW)
