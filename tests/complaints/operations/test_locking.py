"""Who reads what has changed since, misses nothing that is written."""

from datetime import timedelta
from typing import Any

import pytest

from complaints.models import Complaint
from complaints.operations.locking import save_change

pytestmark = pytest.mark.django_db


def test_a_save_of_all_fields_does_not_write_the_moment_of_an_older_change_back(case: Any) -> None:
    read_before = case("new")
    later = read_before.changed_at + timedelta(hours=1)
    Complaint.objects.filter(pk=read_before.pk).update(changed_at=later)

    read_before.title = "另一个标题"
    save_change(read_before)

    stored = Complaint.objects.get(pk=read_before.pk)
    assert (stored.title, stored.changed_at) == ("另一个标题", later)
