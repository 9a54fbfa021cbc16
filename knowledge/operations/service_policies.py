"""What managers do to service policies: write, review, publish for a day, take back. Each with its row of history."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from knowledge.models import ServicePolicy, ServicePolicyEvent, ServicePolicyVersion
from knowledge.operations.scripts import DraftChanged, DraftOpen, NoDraft, TextMissing, UnderReview
from knowledge.refusals import Refused
from knowledge.versioning import OPEN, Review, Status

TERMS = ("text", "text_en", "sources", "reviewed_on")
LENGTH = 8_000
"""Characters per language: a page of them, with all that it loads, stays under 50 KB."""


class TermsTooLong(Refused):
    message = _("The text has %(n)s characters; %(most)s fit on a page.")


class PolicyExists(Refused):
    message = _("There is such a policy already. Change that one.")


class InThePast(Refused):
    message = _("Terms cannot come into force in the past: customers have ordered under the earlier ones.")


class NotWaiting(Refused):
    message = _("This version is in force already. Publish a new one instead, or withdraw the policy.")


class NothingPublished(Refused):
    message = _("Nothing of this policy is published.")


def create(kind: str, shop_id: int | None, terms: Mapping[str, Any], *, actor: Any, now: datetime) -> ServicePolicy:
    """Add a policy with its first draft; `shop_id` None: for all shops. `terms`: `TERMS`.

    Raises PolicyExists, TextMissing, TermsTooLong.
    """
    _check(terms)
    with transaction.atomic():
        policy, created = ServicePolicy.objects.get_or_create(kind=kind, shop_ref=shop_id)
        if not created:
            raise PolicyExists
        version = _draft(policy, terms, actor=actor, now=now)
        _record(policy, "created", version, actor=actor, now=now)
    return policy


def write(
    policy_id: int, terms: Mapping[str, Any], *, seen: str = "", actor: Any, now: datetime
) -> ServicePolicyVersion:
    """Save the draft, or begin one. `seen`: `mark` of the draft that the form was shown with, empty for none.

    Raises TextMissing, TermsTooLong, UnderReview, DraftChanged.
    """
    _check(terms)
    with _locked(policy_id) as policy:
        draft = _open(policy)
        if draft and draft.status == Status.IN_REVIEW:
            raise UnderReview
        if (draft.mark if draft else "") != seen:
            raise DraftChanged
        if draft is None:
            draft = _draft(policy, terms, actor=actor, now=now)
        elif all(getattr(draft, name) == terms[name] for name in TERMS):
            return draft
        else:
            for name in TERMS:
                setattr(draft, name, terms[name])
            draft.author, draft.edition = actor, draft.edition + 1
            draft.save()
        _record(policy, "written", draft, actor=actor, now=now)
    return draft


def submit(policy_id: int, *, seen: str, actor: Any, now: datetime) -> ServicePolicyVersion:
    """Hand the draft over for review. Raises NoDraft, DraftChanged, NotInThisStatus."""
    return _step(policy_id, "submit", "submitted", seen=seen, actor=actor, now=now)


def send_back(policy_id: int, *, seen: str, comment: str, actor: Any, now: datetime) -> ServicePolicyVersion:
    """Ask for changes. Raises CommentMissing and as `submit`."""
    return _step(policy_id, "send_back", "sent_back", seen=seen, comment=comment, actor=actor, now=now)


def discard(policy_id: int, *, seen: str, comment: str = "", actor: Any, now: datetime) -> ServicePolicyVersion:
    """Give the draft up; its text stays in the history."""
    return _step(policy_id, "discard", "discarded", seen=seen, comment=comment, actor=actor, now=now)


def publish(
    policy_id: int,
    *,
    seen: str,
    effective_from: datetime | None = None,
    comment: str = "",
    actor: Any,
    now: datetime,
) -> ServicePolicyVersion:
    """Announce the reviewed version, in force at once or from a moment to come; the author may do so, too.

    What was published before stays so: it holds until this one does. Raises InThePast and as `submit`.
    """
    begins = effective_from or now
    if begins < now:
        raise InThePast
    with _locked(policy_id) as policy:
        version = _seen(policy, seen)
        version.publish(Review(comment=comment))
        version.published_at, version.published_by, version.effective_from = now, actor, begins
        version.save()
        changes = {"effective_from": begins.isoformat()}
        _record(policy, "published", version, actor=actor, now=now, comment=comment, changes=changes)
    return version


def cancel(policy_id: int, number: int, *, actor: Any, now: datetime) -> ServicePolicyVersion:
    """Take a version back before its day has come. Raises NotWaiting, ServicePolicyVersion.DoesNotExist."""
    with _locked(policy_id) as policy:
        version = policy.versions.get(number=number)
        if not version.waits(now):
            raise NotWaiting
        _retire(version, now)
        _record(policy, "cancelled", version, actor=actor, now=now)
    return version


def withdraw(policy_id: int, *, comment: str = "", actor: Any, now: datetime) -> None:
    """End all that is published: a shop has the common terms again, the common ones are none. Raises NothingPublished.

    What is in force stays on record with the moment at which it ended.
    """
    with _locked(policy_id) as policy:
        published = list(policy.versions.filter(status=Status.PUBLISHED))
        if not published:
            raise NothingPublished
        for version in published:
            _retire(version, now)
        _record(policy, "withdrawn", actor=actor, now=now, comment=comment)


def restore(policy_id: int, number: int, *, actor: Any, now: datetime) -> ServicePolicyVersion:
    """Begin a draft with the words of an old version. Raises DraftOpen, ServicePolicyVersion.DoesNotExist."""
    with _locked(policy_id) as policy:
        old = policy.versions.get(number=number)
        if _open(policy):
            raise DraftOpen
        draft = _draft(policy, {name: getattr(old, name) for name in TERMS}, actor=actor, now=now)
        _record(policy, "restored", draft, actor=actor, now=now, changes={"version": [old.number, draft.number]})
    return draft


# ---------------------------------------------------------------- the steps behind them


@contextmanager
def _locked(policy_id: int) -> Iterator[ServicePolicy]:
    """The policy, locked until the transaction ends: all its versions are written under this lock."""
    with transaction.atomic():
        yield ServicePolicy.objects.select_for_update(no_key=True).get(pk=policy_id)


def _step(
    policy_id: int, step: str, kind: str, *, seen: str, comment: str = "", actor: Any, now: datetime
) -> ServicePolicyVersion:
    with _locked(policy_id) as policy:
        version = _seen(policy, seen)
        getattr(version, step)(Review(comment=comment))
        version.save()
        _record(policy, kind, version, actor=actor, now=now, comment=comment)
    return version


def _open(policy: ServicePolicy) -> ServicePolicyVersion | None:
    return policy.versions.filter(status__in=OPEN).first()


def _seen(policy: ServicePolicy, seen: str) -> ServicePolicyVersion:
    """The open version, if it is the one that the person has looked at."""
    version = _open(policy)
    if version is None:
        raise NoDraft
    if version.mark != seen:
        raise DraftChanged
    return version


def _retire(version: ServicePolicyVersion, now: datetime) -> None:
    version.retire(Review())
    version.ended_at = now
    version.save()


def _draft(policy: ServicePolicy, terms: Mapping[str, Any], *, actor: Any, now: datetime) -> ServicePolicyVersion:
    last = policy.versions.order_by("-number").first()
    number = last.number + 1 if last else 1
    values = {name: terms[name] for name in TERMS}
    return ServicePolicyVersion.objects.create(policy=policy, number=number, author=actor, created_at=now, **values)


def _check(terms: Mapping[str, Any]) -> None:
    if not terms["text"].strip():
        raise TextMissing
    for name in ("text", "text_en"):
        if len(terms[name]) > LENGTH:
            raise TermsTooLong(n=len(terms[name]), most=LENGTH)


def _record(
    policy: ServicePolicy,
    kind: str,
    version: ServicePolicyVersion | None = None,
    *,
    actor: Any,
    now: datetime,
    comment: str = "",
    changes: Mapping[str, Any] | None = None,
) -> None:
    ServicePolicyEvent.objects.create(
        policy=policy, version=version, kind=kind, actor=actor, at=now, comment=comment.strip()[:500],
        changes=dict(changes or {}),
    )  # fmt: skip
