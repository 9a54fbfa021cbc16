"""Policies and calendars as the clocks ask for them."""

from functools import cached_property

from django.db.models import Prefetch

from complaints import sla
from complaints.models import Complaint, Shop, SlaPolicy, SlaTarget, WorkCalendar
from complaints.policy_rules import Facts, Rule, by_hand, first_match
from complaints.sla import Kind, Target
from complaints.working_time import Schedule
from knowledge.models import IssueType


def active_rules() -> list[Rule]:
    """The conditions of all active policies, in order; three queries."""
    policies = SlaPolicy.objects.filter(active=True).prefetch_related(
        # Of these the conditions ask for the ids alone.
        Prefetch("shops", Shop.objects.only("pk").order_by()),
        Prefetch("issue_types", IssueType.objects.only("pk").order_by()),
    )
    return [rule_of(policy) for policy in policies.order_by("position", "pk")]


def rule_of(policy: SlaPolicy) -> Rule:
    """One policy's conditions."""
    return Rule(
        pk=policy.pk,
        priority=policy.priority,
        shops=frozenset(shop.pk for shop in policy.shops.all()),
        platforms=frozenset(policy.platforms),
        channels=frozenset(policy.channels),
        issue_types=frozenset(issue.pk for issue in policy.issue_types.all()),
        severities=frozenset(policy.severities),
        amount_from=policy.amount_from,
        amount_below=policy.amount_below,
        platform_case=policy.platform_case,
    )


def facts_of(complaint: Complaint) -> Facts:
    """What the conditions ask of this complaint."""
    issue = complaint.issue_type
    return Facts(
        shop=complaint.shop_id,
        platform=complaint.shop.platform,
        channel=complaint.channel,
        issue_types=frozenset(pk for pk in (issue.pk, issue.parent_id) if pk) if issue else frozenset(),
        severity=complaint.severity,
        amount=complaint.order.paid_amount if complaint.order else None,
        platform_case=complaint.platform_due_at is not None,
    )


def rule_for(complaint: Complaint, rules: list[Rule]) -> Rule | None:
    """The rule under which the complaint falls; one whose priority was set by hand has that choice respected."""
    facts = facts_of(complaint)
    return by_hand(rules, facts, complaint.priority) if complaint.priority_by_hand else first_match(rules, facts)


def targets_of(policy_id: int | None) -> dict[str, Target]:
    """What the policy says of each kind of clock; nothing where there is no policy."""
    if policy_id is None:
        return {}
    return {line.kind: line.as_target() for line in SlaTarget.objects.filter(policy=policy_id)}


def target_for(kind: Kind, priority: str, targets: dict[str, Target]) -> Target:
    """What holds for a kind of clock: the policy's word, else the defaults of the priority."""
    return targets.get(kind) or sla.default_target(priority, kind)


class Rulebook:
    """Rules, targets and calendars, each read once, at its first use; for one operation, or for one batch of many."""

    def __init__(self) -> None:
        self._targets: dict[int | None, dict[str, Target]] = {None: {}}
        self._schedules: dict[int, Schedule] = {}

    @cached_property
    def rules(self) -> list[Rule]:
        return active_rules()

    @cached_property
    def default_calendar_id(self) -> int | None:
        return WorkCalendar.objects.filter(is_default=True).values_list("pk", flat=True).first()

    def target(self, complaint: Complaint, kind: Kind) -> Target:
        """What holds for this kind of clock of the complaint."""
        policy = complaint.policy_id
        if policy not in self._targets:
            self._targets[policy] = targets_of(policy)
        return target_for(kind, complaint.priority, self._targets[policy])

    def calendar_id(self, complaint: Complaint, target: Target) -> int | None:
        """In whose working time the target runs for this complaint; None: in calendar time."""
        if not target.working:
            return None
        return complaint.shop.calendar_id or self.default_calendar_id

    def schedule(self, calendar_id: int | None) -> Schedule | None:
        if calendar_id is None:
            return None
        if calendar_id not in self._schedules:
            self._schedules[calendar_id] = WorkCalendar.objects.get(pk=calendar_id).schedule()
        return self._schedules[calendar_id]
