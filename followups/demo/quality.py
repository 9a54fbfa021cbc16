"""What the demo's inspector has done: the replies of the last two weeks drawn, most of them scored, some answered."""

import re
from datetime import datetime, timedelta
from typing import Any

from complaints.models import ReplyReview
from complaints.operations import reviews, sampling
from knowledge.models import CriterionVersion

from .company import Company

DRAWN_BEFORE, SCORED_BEFORE, ANSWERED_BEFORE = timedelta(hours=8), timedelta(hours=6), timedelta(hours=2)
LEFT_TO_SCORE = 6
"""Replies that still wait, for whoever looks at the demo."""

_HOUR = re.compile(r"\d\s*(点|小时|:)")
_DAY = re.compile(r"今天|今日|明天|后天|\d天|[一二三两]天")
_FEELING = re.compile(r"抱歉|对不起|着急|辛苦|添麻烦|谢谢您")
NO_TIME = "没有写到什么时候有下文，客户还会再来问。"
ANSWER = "寄出时已经附了单号，客户当天没有再问时间。下次会写清楚几点前答复。"


def inspect(company: Company, *, now: datetime) -> None:
    """Draw, score and answer, through the operations that people use."""
    inspector = company.staff[company.roles["quality_inspector"][0]]
    for weeks in (1, 0):
        monday = sampling.last_week(now) - weeks * sampling.WEEK
        sampling.draw(monday, per_agent=sampling.USUAL, actor=inspector, now=now - DRAWN_BEFORE)
    waiting = list(ReplyReview.objects.waiting().exclude(author=inspector).select_related("contact", "author"))
    for review in waiting[LEFT_TO_SCORE:]:
        points = _points(review.contact.body)
        comment = NO_TIME if 0 in points.values() else ""
        reviews.score(review.pk, points, comment, version=review.version, actor=inspector, now=now - SCORED_BEFORE)
    without_time = ReplyReview.objects.scored().filter(comment=NO_TIME).select_related("author").order_by("pk")
    if answered := without_time.first():
        reviews.answer(answered.pk, ANSWER, actor=answered.author, now=now - ANSWERED_BEFORE)


def _points(text: str) -> dict[int, int]:
    """What an inspector who reads for times, feelings and choices would give; criteria of other kinds in full."""
    read: dict[str, Any] = {
        "time": 2 if _HOUR.search(text) else 1 if _DAY.search(text) else 0,
        "empathy": 2 if _FEELING.search(text) else 1,
        "choice": 2 if "B：" in text or "B:" in text else 1,
    }
    return {
        one.pk: min(read.get(one.criterion.code, one.most), one.most) for one in CriterionVersion.objects.in_force()
    }
