"""Keys of matters: what is stored of them, and what the migration gives to the complaints of before."""

from importlib import import_module
from typing import Any

import pytest
from django.apps import apps

from complaints.models import Matter
from complaints.operations.matters import subject_of_complaint

give_keys = import_module("complaints.migrations.0008_matters_as_they_were").give_keys


@pytest.mark.parametrize("state", ["new", "closed"])
def test_complaints_of_before_get_the_keys_that_a_registration_gives(case: Any, state: str) -> None:
    complaint = case(state)
    known = set(complaint.matters.values_list("key", flat=True))
    Matter.objects.all().delete()

    give_keys(apps, None)

    assert known
    assert set(complaint.matters.values_list("key", flat=True)) == known == set(subject_of_complaint(complaint).keys)


def test_of_two_open_complaints_about_one_order_the_earlier_holds_the_matter(case: Any) -> None:
    first, second = case("new", title="一"), case("new", title="二")
    second.order = first.order
    second.save()
    Matter.objects.all().delete()

    give_keys(apps, None)

    key = subject_of_complaint(first).order_key
    assert Matter.objects.get(key=key).complaint == first
