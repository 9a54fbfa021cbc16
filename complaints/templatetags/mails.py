"""Words for times in messages, which are read later than they are written."""

from datetime import datetime

from django import template
from django.utils import timezone

from .amends import time_patterns, time_words

register = template.Library()


@register.filter
def lateness(due: datetime, now: datetime) -> str:
    """How much time is left, or how late it is: 42m left, 1h 5m over."""
    pattern = "over" if now > due else "left"
    return time_patterns()[pattern].format(t=time_words(due - now))


@register.filter
def written(at: datetime) -> str:
    """A point in time in full, in the desk's time zone: a mail may be read on another day."""
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M}"
