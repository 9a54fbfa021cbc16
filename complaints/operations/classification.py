"""Which policy a complaint falls under, and the priority that it gives."""

from complaints.models import Complaint, Priority
from complaints.queries.policies import Rulebook, rule_for

DECIDING = frozenset({"priority", "issue_type", "severity", "order", "channel"})
"""Fields of the registration on which the policy depends."""


def classify(complaint: Complaint, rules: Rulebook) -> bool:
    """Set policy and priority, without saving; returns whether either is another one than before.

    A priority set by hand stays, and chooses the policy. Where no policy fits, normal priority and the defaults hold.
    """
    before = complaint.policy_id, complaint.priority
    rule = rule_for(complaint, rules.rules)
    complaint.policy_id = rule.pk if rule else None
    if not complaint.priority_by_hand:
        complaint.priority = rule.priority if rule else Priority.P3
    return (complaint.policy_id, complaint.priority) != before
