"""The states of a version of a script and the steps between them.

Pure: a step checks what it is told in `Review` and sets the status, or raises a named refusal. It never reads the
database and never saves; `operations.scripts` does that around it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django_fsm import FSMField, transition

from knowledge.refusals import Refused


class Status(models.TextChoices):
    DRAFT = "draft", _("draft")
    IN_REVIEW = "review", _("in review")
    PUBLISHED = "published", _("published")
    RETIRED = "retired", _("retired")
    DISCARDED = "discarded", pgettext_lazy("version", "discarded")


OPEN = (Status.DRAFT, Status.IN_REVIEW)
WAS_IN_FORCE = (Status.PUBLISHED, Status.RETIRED)


class NotInThisStatus(Refused):
    message = _("This is not possible: the version is “%(status)s” by now.")


class OwnText(Refused):
    message = _("You wrote this text last, so somebody else publishes it or sends it back.")


class CommentMissing(Refused):
    message = _("Say what should be changed.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """What a step is told: whether the text is the actor's own, whether somebody else could publish, and why."""

    own: bool = False
    second_person: bool = False
    comment: str = ""


Guard = Callable[[Review], Refused | None]


def not_own(review: Review) -> Refused | None:
    """Four eyes, where there are four."""
    return OwnText() if review.own and review.second_person else None


def explained(review: Review) -> Refused | None:
    return None if review.comment.strip() else CommentMissing()


STEPS: dict[str, tuple[tuple[Status, ...], Status]] = {}
"""Name of a step -> from which statuses it leads to which; for the pages and the tests."""


def step(sources: tuple[Status, ...], target: Status, *guards: Guard) -> Callable[[Any], Any]:
    """Declare a step: the status changes only when it is one of the sources and no guard refuses."""

    def declare(method: Callable[..., Any]) -> Any:
        STEPS[method.__name__] = (sources, target)
        moving = transition(field="status", source=list(sources), target=target)(method)

        @wraps(moving)
        def guarded(self: Any, review: Review) -> None:
            if self.status not in sources:
                raise NotInThisStatus(status=Status(self.status).label)
            for guard in guards:
                if refusal := guard(review):
                    raise refusal
            moving(self, review)

        return guarded

    return declare


class Versioned(models.Model):
    """The status of a version and its steps: draft -> in review -> published -> retired."""

    status = FSMField(_("status"), choices=Status, default=Status.DRAFT, protected=True, editable=False)

    class Meta:
        abstract = True

    def refresh_from_db(self, using: Any = None, fields: Any = None, from_queryset: Any = None) -> None:
        """Let the protected status be read anew."""
        if fields is None or "status" in fields:
            self.__dict__.pop("status", None)
        super().refresh_from_db(using, fields, from_queryset)

    @step((Status.DRAFT,), Status.IN_REVIEW)
    def submit(self, review: Review) -> None:
        pass

    @step((Status.IN_REVIEW,), Status.DRAFT, explained)
    def send_back(self, review: Review) -> None:
        pass

    @step((Status.IN_REVIEW,), Status.PUBLISHED, not_own)
    def publish(self, review: Review) -> None:
        pass

    @step((Status.PUBLISHED,), Status.RETIRED)
    def retire(self, review: Review) -> None:
        pass

    @step(OPEN, Status.DISCARDED)
    def discard(self, review: Review) -> None:
        pass
