"""The states of a complaint and every transition between them (domain.md, section 3).

Pure: a transition checks its guards against `CaseFacts`, sets fields and raises a named refusal. It never reads the
database, never saves and never sends; `operations.progress` does that around it.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import wraps
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext
from django_fsm import RETURN_VALUE, FSMField, transition

from complaints.refusals import (
    AccusedCannotVerify,
    ApologyMissing,
    ApprovalMissing,
    BasisReplyMissing,
    ChoiceContactMissing,
    ChoiceMissing,
    CustomerContactMissing,
    EvidenceMissing,
    FieldsMissing,
    InquiriesOpen,
    LiabilityIncomplete,
    MergeTargetMissing,
    NoAssignee,
    NoHumanReply,
    NoPromise,
    NothingToUnmerge,
    NotPossibleNow,
    NotSatisfied,
    OptionsMissing,
    ReasonMissing,
    Refused,
    ReopenWindowOver,
    RootCauseMissing,
    StepsMissing,
    StillSatisfied,
)

SATISFIED_FROM = 4
UNREACHABLE_AFTER = 3
REOPEN_WITHIN = timedelta(days=15)


class State(models.TextChoices):
    NEW = "new", _("New")
    ACCEPTED = "accepted", _("Accepted")
    VERIFYING = "verifying", _("Verifying")
    PROPOSING = "proposing", _("Proposing")
    NEGOTIATING = "negotiating", _("Negotiating")
    EXECUTING = "executing", _("Executing")
    AWAITING_FOLLOWUP = "awaiting_followup", _("Awaiting call-back")
    CLOSED = "closed", _("Closed")
    MERGED = "merged", _("Merged")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    UNFOUNDED = "unfounded", _("Unfounded")


OPEN = (
    State.NEW,
    State.ACCEPTED,
    State.VERIFYING,
    State.PROPOSING,
    State.NEGOTIATING,
    State.EXECUTING,
    State.AWAITING_FOLLOWUP,
)
STAGES = (*OPEN, State.CLOSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFacts:
    """What the guards know of one complaint; read by `queries.facts`, completed by the step being taken."""

    missing_fields: tuple[str, ...] = ()
    human_reply: bool = False
    promise: bool = False
    assignee: int | None = None
    accused: int | None = None
    actor: int | None = None
    evidence: int = 0
    evidence_waived: bool = False
    open_inquiries: int = 0
    liability_percent: int = 0
    root_cause: bool = False
    options: int = 0
    single_option_reason: bool = False
    unapproved: tuple[str, ...] = ()
    chosen: str = ""
    choice_contact: bool = False
    steps_missing: tuple[str, ...] = ()
    apology_needed: bool = False
    apology_logged: bool = False
    satisfaction: int | None = None
    callback_attempts: int = 0
    closed_at: datetime | None = None
    reopen_asked_at: datetime | None = None
    reopen_within: timedelta = REOPEN_WITHIN
    now: datetime | None = None
    reason: str = ""
    customer_contact: bool = False
    basis_reply: bool = False
    merge_related: bool = False
    state_before_merge: str = ""


Guard = Callable[[CaseFacts], Refused | None]


def _listed(names: tuple[str, ...]) -> str:
    """Names one after another, as the reader's language separates them."""
    return pgettext("enumeration", ", ").join(names)


def fields_complete(f: CaseFacts) -> Refused | None:
    return FieldsMissing(fields=_listed(f.missing_fields)) if f.missing_fields else None


def replied(f: CaseFacts) -> Refused | None:
    return None if f.human_reply else NoHumanReply()


def promised(f: CaseFacts) -> Refused | None:
    return None if f.promise else NoPromise()


def assigned(f: CaseFacts) -> Refused | None:
    return None if f.assignee else NoAssignee()


def not_accused(f: CaseFacts) -> Refused | None:
    involved = f.accused is not None and f.accused in (f.assignee, f.actor)
    return AccusedCannotVerify() if involved else None


def evidenced(f: CaseFacts) -> Refused | None:
    return None if f.evidence or f.evidence_waived else EvidenceMissing()


def inquiries_over(f: CaseFacts) -> Refused | None:
    return InquiriesOpen(n=f.open_inquiries) if f.open_inquiries else None


def liability_settled(f: CaseFacts) -> Refused | None:
    return None if f.liability_percent == 100 else LiabilityIncomplete(percent=f.liability_percent)


def root_cause_named(f: CaseFacts) -> Refused | None:
    return None if f.root_cause else RootCauseMissing()


def options_ready(f: CaseFacts) -> Refused | None:
    return None if f.options >= 2 or (f.options == 1 and f.single_option_reason) else OptionsMissing()


def approved(f: CaseFacts) -> Refused | None:
    return ApprovalMissing(labels=_listed(f.unapproved)) if f.unapproved else None


def chosen(f: CaseFacts) -> Refused | None:
    return None if f.chosen else ChoiceMissing()


def choice_shown(f: CaseFacts) -> Refused | None:
    return None if f.choice_contact else ChoiceContactMissing()


def carried_out(f: CaseFacts) -> Refused | None:
    return StepsMissing(facts=_listed(f.steps_missing)) if f.steps_missing else None


def apologised(f: CaseFacts) -> Refused | None:
    return ApologyMissing() if f.apology_needed and not f.apology_logged else None


def satisfied_or_unreachable(f: CaseFacts) -> Refused | None:
    if f.satisfaction is None:
        return None if f.callback_attempts >= UNREACHABLE_AFTER else NotSatisfied()
    return None if f.satisfaction >= SATISFIED_FROM else NotSatisfied()


def unsatisfied(f: CaseFacts) -> Refused | None:
    return None if f.satisfaction is not None and f.satisfaction < SATISFIED_FROM else StillSatisfied()


def reason_given(f: CaseFacts) -> Refused | None:
    return None if f.reason.strip() else ReasonMissing()


def shown_by_customer(f: CaseFacts) -> Refused | None:
    return None if f.customer_contact else CustomerContactMissing()


def basis_explained(f: CaseFacts) -> Refused | None:
    return None if f.basis_reply else BasisReplyMissing()


def within_window(f: CaseFacts) -> Refused | None:
    """Who asked in time, by the window as it was then, is not too late because we were."""
    if f.reopen_asked_at:
        return None
    if f.closed_at and f.now and f.now - f.closed_at <= f.reopen_within:
        return None
    return ReopenWindowOver(days=f.reopen_within.days)


def related(f: CaseFacts) -> Refused | None:
    return None if f.merge_related else MergeTargetMissing()


def was_merged(f: CaseFacts) -> Refused | None:
    return None if f.state_before_merge else NothingToUnmerge()


@dataclass(frozen=True, slots=True)
class Step:
    """One transition as the pages, the roles table and the picture see it."""

    name: str
    label: Any
    sources: tuple[str, ...]
    target: str | None
    guards: tuple[Guard, ...]

    def refusals(self, state: str, facts: CaseFacts) -> list[Refused]:
        """Everything that stands in the way of this step, in the order in which a clerk would mend it."""
        if state not in self.sources:
            return [NotPossibleNow(state=State(state).label)]
        return [refusal for guard in self.guards if (refusal := guard(facts))]


STEPS: dict[str, Step] = {}


def step(label: Any, source: State | tuple[State, ...], target: State | None, *guards: Guard) -> Callable[[Any], Any]:
    """Declare a transition: its guards run before its body, and the state changes only when both succeeded."""

    def declare(method: Callable[..., Any]) -> Any:
        sources = source if isinstance(source, tuple) else (source,)
        spec = STEPS[method.__name__] = Step(method.__name__, label, sources, target, guards)

        moving = transition(
            field="state", source=list(sources), target=RETURN_VALUE(*OPEN) if target is None else target
        )(method)

        @wraps(moving)
        def guarded(self: Any, facts: CaseFacts, *, now: datetime) -> Any:
            for refusal in spec.refusals(self.state, replace(facts, now=now)):
                raise refusal
            return moving(self, facts, now=now)

        return guarded

    return declare


class Lifecycle(models.Model):
    """The state of a complaint, its transitions and the moments that they fix."""

    state = FSMField(_("stage"), choices=State, default=State.NEW, protected=True, editable=False)
    round = models.PositiveSmallIntegerField(_("round"), default=1, editable=False)
    round_started_at = models.DateTimeField(_("round started"), editable=False)
    matter_since = models.DateTimeField(null=True, editable=False)
    """Since when one that was merged into this round has been waiting, where that is for longer."""
    accepted_at = models.DateTimeField(_("accepted at"), null=True, editable=False)
    resolved_at = models.DateTimeField(_("resolved at"), null=True, editable=False)
    closed_at = models.DateTimeField(_("closed at"), null=True, editable=False)
    state_before_merge = models.CharField(max_length=20, blank=True, editable=False)

    class Meta:
        abstract = True

    def refresh_from_db(self, using: Any = None, fields: Any = None, from_queryset: Any = None) -> None:
        """Let the protected state be read anew; the library's own mixin lifts the protection for all threads."""
        if fields is None or "state" in fields:
            self.__dict__.pop("state", None)
        super().refresh_from_db(using, fields, from_queryset)

    @property
    def clocks_from(self) -> datetime:
        """From when the clocks of the round run: of complaints that are one, the earliest start holds."""
        return self.matter_since or self.round_started_at

    @step(_("Accept"), State.NEW, State.ACCEPTED, fields_complete, replied, promised)
    def accept(self, facts: CaseFacts, *, now: datetime) -> None:
        self.accepted_at = now

    @step(_("Start verification"), State.ACCEPTED, State.VERIFYING, assigned, not_accused)
    def start_verification(self, facts: CaseFacts, *, now: datetime) -> None:
        pass

    @step(
        _("Conclude verification"), State.VERIFYING, State.PROPOSING,
        not_accused, evidenced, inquiries_over, liability_settled, root_cause_named,
    )  # fmt: skip
    def conclude_verification(self, facts: CaseFacts, *, now: datetime) -> None:
        pass

    @step(_("Offer options"), State.PROPOSING, State.NEGOTIATING, options_ready, approved)
    def offer(self, facts: CaseFacts, *, now: datetime) -> None:
        pass

    @step(_("Customer declines"), State.NEGOTIATING, State.PROPOSING, reason_given)
    def decline(self, facts: CaseFacts, *, now: datetime) -> None:
        pass

    @step(_("Customer agrees"), State.NEGOTIATING, State.EXECUTING, chosen, choice_shown, approved)
    def agree(self, facts: CaseFacts, *, now: datetime) -> None:
        pass

    @step(_("Resolve"), State.EXECUTING, State.AWAITING_FOLLOWUP, approved, carried_out, apologised)
    def resolve(self, facts: CaseFacts, *, now: datetime) -> None:
        self.resolved_at = now

    @step(_("Close the case"), State.AWAITING_FOLLOWUP, State.CLOSED, satisfied_or_unreachable)
    def close(self, facts: CaseFacts, *, now: datetime) -> None:
        self.closed_at = now

    @step(_("Supplementary round"), State.AWAITING_FOLLOWUP, State.PROPOSING, unsatisfied, reason_given)
    def supplement(self, facts: CaseFacts, *, now: datetime) -> None:
        self._new_round(now)

    @step(_("Reopen"), State.CLOSED, State.PROPOSING, within_window, reason_given)
    def reopen(self, facts: CaseFacts, *, now: datetime) -> None:
        self._new_round(now)

    @step(_("Withdraw"), OPEN, State.WITHDRAWN, reason_given, shown_by_customer)
    def withdraw(self, facts: CaseFacts, *, now: datetime) -> None:
        self.closed_at = now

    @step(_("Find unfounded"), State.VERIFYING, State.UNFOUNDED, not_accused, reason_given, basis_explained)
    def find_unfounded(self, facts: CaseFacts, *, now: datetime) -> None:
        self.closed_at = now

    @step(_("Merge"), OPEN, State.MERGED, related, reason_given)
    def merge(self, facts: CaseFacts, *, now: datetime) -> None:
        self.state_before_merge = self.state

    @step(_("Undo merge"), State.MERGED, None, was_merged, reason_given)
    def unmerge(self, facts: CaseFacts, *, now: datetime) -> str:
        state, self.state_before_merge = self.state_before_merge, ""
        return state

    def _new_round(self, now: datetime) -> None:
        self.round += 1
        self.round_started_at = now
        self.matter_since = None
        self.resolved_at = None
        self.closed_at = None
