"""Counting that stops: no page and no rule needs to know that there are a hundred thousand."""

from django.db.models import Subquery


class CountUpTo(Subquery):
    """Number of rows of a sliced query: counting stops at the slice."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) AS counted)"
