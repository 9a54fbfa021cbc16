"""What managers do to the rubric: add a criterion, change it, switch it off. Each change is a new version."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from knowledge.models import Criterion, CriterionVersion
from knowledge.models.rubric import MOST_POINTS
from knowledge.refusals import Refused

VALUES = ("name", "name_en", "description", "description_en", "anchors", "weight", "position", "active")


class CriterionTaken(Refused):
    message = _("There is a criterion with this code already.")


class CriterionChanged(Refused):
    message = _("Somebody else has changed this criterion meanwhile. Yours is still in the form: compare, save again.")


class AnchorMissing(Refused):
    message = _("Say what each number of points means, from 0 on without a gap, in both languages.")


class LastCriterion(Refused):
    message = _("This is the last criterion that is switched on. Switch another one on first.")


def add(code: str, values: Mapping[str, Any], *, actor: Any, now: datetime) -> Criterion:
    """Add a criterion; replies that are scored from now on are scored by it. `values`: `VALUES`.

    Raises CriterionTaken, AnchorMissing.
    """
    _check(values)
    with transaction.atomic():
        criterion, created = Criterion.objects.get_or_create(code=code)
        if not created:
            raise CriterionTaken
        _write(criterion, 1, values, actor=actor, now=now)
    return criterion


def change(criterion_id: int, values: Mapping[str, Any], *, seen: int, actor: Any, now: datetime) -> bool:
    """Put new words or another weight in force; returns whether anything was different.

    `seen`: number of the version that the form was shown with. Raises CriterionChanged, AnchorMissing, LastCriterion.
    """
    _check(values)
    with _locked(criterion_id) as latest:
        if latest.number != seen:
            raise CriterionChanged
        if all(getattr(latest, name) == values[name] for name in VALUES):
            return False
        if latest.active and not values["active"]:
            _refuse_last(latest)
        CriterionVersion.objects.filter(pk=latest.pk).update(replaced_at=now)
        _write(latest.criterion, latest.number + 1, values, actor=actor, now=now)
    return True


@contextmanager
def _locked(criterion_id: int) -> Iterator[CriterionVersion]:
    """The latest version; the rubric is locked until the transaction ends, so that no two empty it together."""
    with transaction.atomic():
        list(Criterion.objects.select_for_update(no_key=True).order_by("pk").values_list("pk", flat=True))
        yield CriterionVersion.objects.as_now().get(criterion=criterion_id)


def _refuse_last(latest: CriterionVersion) -> None:
    if not CriterionVersion.objects.in_force().exclude(pk=latest.pk).exists():
        raise LastCriterion


def _write(criterion: Criterion, number: int, values: Mapping[str, Any], *, actor: Any, now: datetime) -> None:
    CriterionVersion.objects.create(
        criterion=criterion, number=number, most=len(values["anchors"]) - 1, author=actor, created_at=now,
        **{name: values[name] for name in VALUES},
    )  # fmt: skip


def _check(values: Mapping[str, Any]) -> None:
    """From no points to the most, each with its meaning in both languages."""
    anchors = values["anchors"]
    if not 2 <= len(anchors) <= MOST_POINTS + 1 or not all(text.strip() for both in anchors for text in both):
        raise AnchorMissing
