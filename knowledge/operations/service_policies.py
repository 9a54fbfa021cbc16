"""What managers do to service policies: write, review, publish for a day, take back. Each with its row of history."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import Any

from django.db import transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from knowledge import rendering
from knowledge.marking import begin_of, line_of
from knowledge.models import ServicePolicy, ServicePolicyVersion
from knowledge.policy_terms import left_behind, published_mark
from knowledge.queries import reply_findings, terms_before
from knowledge.refusals import Refused
from knowledge.versioning import Review, Status

from . import versions
from .versions import TextMissing

TERMS = ("text", "text_en", "sources", "reviewed_on")
TEXTS = {"text": _("Chinese text"), "text_en": _("English text")}
LENGTH = 8_000
"""Characters per language: a page of them, with all that it loads, stays under 50 KB."""

MOST_NAMED = 5
"""Places that a refusal names; the page marks all."""


class TermsRefused(Refused):
    """Said at the text in one language: `field`."""

    def __init__(self, *, field: str, **names: Any) -> None:
        self.field = field
        super().__init__(**names)


class TermsTooLong(TermsRefused):
    message = _("The text has %(n)s characters; %(most)s fit on a page.")


class PlaceholderLeft(TermsRefused):
    message = _("Nobody fills in %(names)s on a page for customers. Write out what is meant.")


class TermsBlocked(TermsRefused):
    message = _("Phrase rules hold this text back. Change these words first: %(places)s")


class OtherLanguageOld(Refused):
    message = _(
        "Only the %(changed)s is new; the %(stays)s stays as it was. Change that, too, or confirm that it still fits."
    )


class PolicyExists(Refused):
    message = _("There is such a policy already. Change that one.")


class InThePast(Refused):
    message = _("Terms cannot come into force in the past: customers have ordered under the earlier ones.")


class NotWaiting(Refused):
    message = _("This version is in force already. Publish a new one instead, or withdraw the policy.")


class NothingPublished(Refused):
    message = _("Nothing of this policy is published.")


class PublishedChanged(Refused):
    message = _("Meanwhile somebody has published something of this policy, or taken it back. Look at it as it is now.")


def create(kind: str, shop_id: int | None, terms: Mapping[str, Any], *, actor: Any, now: datetime) -> ServicePolicy:
    """Add a policy with its first draft; `shop_id` None: for all shops. `terms`: `TERMS`.

    Raises PolicyExists, TextMissing, TermsTooLong, PlaceholderLeft.
    """
    _check(terms)
    with transaction.atomic():
        policy, created = ServicePolicy.objects.get_or_create(kind=kind, shop_ref=shop_id)
        if not created:
            raise PolicyExists
        version = versions.begin(policy, _only(terms), actor=actor, now=now)
        versions.record(policy, "created", version, actor=actor, now=now)
    return policy


def write(
    policy_id: int, terms: Mapping[str, Any], *, seen: str = "", actor: Any, now: datetime
) -> ServicePolicyVersion:
    """Save the draft, or begin one. `seen`: `mark` of the draft that the form was shown with, empty for none.

    Raises TextMissing, TermsTooLong, PlaceholderLeft, UnderReview, DraftChanged.
    """
    _check(terms)
    with versions.locked(ServicePolicy, policy_id) as policy:
        return versions.write(policy, _only(terms), seen=seen, actor=actor, now=now)


def submit(policy_id: int, *, seen: str, stays: str = "", actor: Any, now: datetime) -> ServicePolicyVersion:
    """Hand the draft over for review. `stays`: the text of which somebody has confirmed that it need not change.

    Raises NoDraft, DraftChanged, NotInThisStatus, TermsBlocked, PlaceholderLeft, OtherLanguageOld.
    """
    with versions.locked(ServicePolicy, policy_id) as policy:
        draft = versions.seen_draft(policy, seen)
        _refuse_unfit(draft, now=now)
        old = left_behind(terms_before(policy.kind, policy.shop_ref), draft)
        if old and old != stays:
            changed = next(name for name in TEXTS if name != old)
            raise OtherLanguageOld(changed=TEXTS[changed], stays=TEXTS[old])
        changes = {"stays": old} if old else {}
        return versions.step(policy, "submit", "submitted", seen=seen, changes=changes, actor=actor, now=now)


def hand_over(
    policy_id: int, terms: Mapping[str, Any], *, seen: str = "", stays: str = "", actor: Any, now: datetime
) -> ServicePolicyVersion:
    """Save the draft and submit it; what is refused leaves neither done. Raises as `write` and `submit`."""
    with transaction.atomic():
        draft = write(policy_id, terms, seen=seen, actor=actor, now=now)
        return submit(policy_id, seen=draft.mark, stays=stays, actor=actor, now=now)


def send_back(policy_id: int, *, seen: str, comment: str, actor: Any, now: datetime) -> ServicePolicyVersion:
    """Ask for changes. Raises NoDraft, DraftChanged, NotInThisStatus, CommentMissing."""
    with versions.locked(ServicePolicy, policy_id) as policy:
        return versions.step(policy, "send_back", "sent_back", seen=seen, comment=comment, actor=actor, now=now)


def discard(policy_id: int, *, seen: str, comment: str = "", actor: Any, now: datetime) -> ServicePolicyVersion:
    """Give the draft up; its text stays in the history."""
    with versions.locked(ServicePolicy, policy_id) as policy:
        return versions.step(policy, "discard", "discarded", seen=seen, comment=comment, actor=actor, now=now)


def publish(
    policy_id: int,
    *,
    seen: str,
    effective_from: datetime | None = None,
    comment: str = "",
    among: Any = None,
    actor: Any,
    now: datetime,
) -> ServicePolicyVersion:
    """Announce the reviewed version, in force at once or from a moment to come.

    What was published before stays so: it holds until this one does. `among`: the people who see this policy, if not
    all; while one of them could publish it, the author may not. Raises InThePast, OwnText, TermsBlocked,
    PlaceholderLeft, NoDraft, DraftChanged, NotInThisStatus.
    """
    begins = effective_from or now
    if begins < now:
        raise InThePast
    with versions.locked(ServicePolicy, policy_id) as policy:
        version = versions.seen_draft(policy, seen)
        _refuse_unfit(version, now=now)
        version.publish(versions.review(policy, version, actor=actor, comment=comment, among=among))
        version.published_at, version.published_by, version.effective_from = now, actor, begins
        version.save()
        changes = {"effective_from": begins.isoformat()}
        versions.record(policy, "published", version, actor=actor, now=now, comment=comment, changes=changes)
    return version


def cancel(policy_id: int, number: int, *, actor: Any, now: datetime) -> ServicePolicyVersion:
    """Take a version back before its day has come. Raises NotWaiting, ServicePolicyVersion.DoesNotExist."""
    with versions.locked(ServicePolicy, policy_id) as policy:
        version = policy.versions.get(number=number)
        if not version.waits(now):
            raise NotWaiting
        _retire(version, now)
        versions.record(policy, "cancelled", version, actor=actor, now=now)
    return version


def withdraw(policy_id: int, *, seen: str, comment: str = "", actor: Any, now: datetime) -> None:
    """End all that is published: a shop has the common terms again, the common ones are none.

    What is in force stays on record with the moment at which it ended. `seen`: `published_mark` of what the person
    decided about. Raises NothingPublished, PublishedChanged.
    """
    with versions.locked(ServicePolicy, policy_id) as policy:
        published = list(policy.versions.filter(status=Status.PUBLISHED))
        if not published:
            raise NothingPublished
        if published_mark(published) != seen:
            raise PublishedChanged
        for version in published:
            _retire(version, now)
        versions.record(policy, "withdrawn", actor=actor, now=now, comment=comment)


def restore(policy_id: int, number: int, *, actor: Any, now: datetime) -> ServicePolicyVersion:
    """Begin a draft with the words of an old version. Raises DraftOpen, ServicePolicyVersion.DoesNotExist."""
    with versions.locked(ServicePolicy, policy_id) as policy:
        return versions.restore(policy, number, TERMS, actor=actor, now=now)


# ---------------------------------------------------------------- the steps behind them


def _only(terms: Mapping[str, Any]) -> dict[str, Any]:
    return {name: terms[name] for name in TERMS}


def _retire(version: ServicePolicyVersion, now: datetime) -> None:
    version.retire(Review())
    version.ended_at = now
    version.save()


def _check(terms: Mapping[str, Any]) -> None:
    if not terms["text"].strip():
        raise TextMissing
    for name in TEXTS:
        if len(terms[name]) > LENGTH:
            raise TermsTooLong(field=name, n=len(terms[name]), most=LENGTH)
        if braced := rendering.braced(terms[name]):
            raise PlaceholderLeft(field=name, names=", ".join(f"{{{one}}}" for one in braced))


def _refuse_unfit(version: ServicePolicyVersion, *, now: datetime) -> None:
    """What no page may show, however it came into the draft: it may be older than the rules."""
    terms = {name: getattr(version, name) for name in TERMS}
    _check(terms)
    blocked = [(name, place) for name in TEXTS for place in _blocked(name, terms[name], now=now)]
    if blocked:
        named = list(islice(dict.fromkeys(place for _name, place in blocked), MOST_NAMED + 1))
        named[MOST_NAMED:] = ["…"] * (len(named) > MOST_NAMED)
        raise TermsBlocked(field=blocked[0][0], places=gettext("; ").join(named))


def _blocked(name: str, text: str, *, now: datetime) -> Iterator[str]:
    """Each blocked phrase with its place and what to do about it."""
    for one in reply_findings(text, now=now):
        if one.blocks:
            begin = begin_of(text, one)
            yield gettext("“%(phrase)s” (%(text)s, line %(line)s: %(advice)s)") % {
                "phrase": text[begin : one.end], "text": TEXTS[name], "line": line_of(text, begin),
                "advice": one.rule.suggestion or one.rule.reason,
            }  # fmt: skip
