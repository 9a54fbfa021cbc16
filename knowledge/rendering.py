"""Fill a script's {placeholders} from an allow-list, in one pass.

Pure. Never a template engine: a value that itself looks like a placeholder stays as it is (reliability.md, section 3).
"""

import re
from collections.abc import Mapping

ALLOWED = frozenset({
    "agent_name", "amount", "arrival_date", "case_no", "check_items", "courier_name", "customer_name", "deadline",
    "dissatisfied_reason", "eta_date", "evidence_items", "finding", "issue_summary", "last_node",
    "option_a", "option_b", "order_no", "pay_channel", "policy_basis", "product_name", "received_time", "refund_time",
    "remedy_name", "shop_name", "stalled_hours", "supervisor_name", "tracking_no",
})  # fmt: skip

_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")


def placeholders(text: str) -> set[str]:
    """Names of all placeholders in the text, known or not."""
    return set(_PLACEHOLDER.findall(text))


def gaps(text: str) -> list[str]:
    """Placeholders of the allow-list that still stand in a text, in order of appearance: these block sending (R3.3)."""
    found = dict.fromkeys(_PLACEHOLDER.findall(text))
    return [name for name in found if name in ALLOWED]


def render(text: str, facts: Mapping[str, str]) -> str:
    """Replace each allowed placeholder that has a non-empty fact; the others stay, as gaps for the agent to fill."""

    def value(match: re.Match[str]) -> str:
        name = match.group(1)
        if name not in ALLOWED:
            return match.group(0)
        return facts.get(name) or match.group(0)

    return _PLACEHOLDER.sub(value, text)
