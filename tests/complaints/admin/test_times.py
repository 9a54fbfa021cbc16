"""Moments that a clerk types."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError

from complaints.admin.forms import LocalDateTimeField


@pytest.mark.parametrize("typed", ["0001-01-01T00:00", "9999-12-31T23:59", "1990-01-01T00:00"])
def test_a_year_that_is_a_slip_of_the_pen_is_refused(typed: str) -> None:
    with pytest.raises(ValidationError):
        LocalDateTimeField().clean(typed)


def test_a_moment_is_read_in_the_desks_time_zone() -> None:
    moment = LocalDateTimeField().clean("2026-11-20T10:00")
    assert moment.utcoffset() == timedelta(hours=8)
