"""Fill a script's {placeholders} from an allow-list, in one pass.

Pure. Never a template engine: a value that itself looks like a placeholder stays as it is (reliability.md, section 3).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

ALLOWED = frozenset({
    "agent_name", "amount", "arrival_date", "case_no", "check_items", "courier_name", "customer_name", "deadline",
    "dissatisfied_reason", "eta_date", "evidence_items", "finding", "issue_summary", "last_node",
    "option_a", "option_b", "order_no", "pay_channel", "policy_basis", "product_name", "received_time", "refund_time",
    "remedy_name", "return_tracking_no", "shop_name", "stalled_hours", "supervisor_name", "tracking_no",
})  # fmt: skip

# A Chinese keyboard in its wide mode types wide braces.
_PLACEHOLDER = re.compile(r"[{｛]([a-z_]+)[}｝]")
_BRACES = re.compile(r"[{｛]([^{}｛｝]{0,60})[}｝]")
"""What somebody meant as a placeholder, however it is spelled, also broken over two lines."""


def placeholders(text: str) -> set[str]:
    """Names of all placeholders in the text, known or not."""
    return set(_PLACEHOLDER.findall(text))


def gaps(text: str) -> list[str]:
    """Placeholders of the allow-list that still stand in a text, in order of appearance: these block sending (R3.3)."""
    found = dict.fromkeys(_PLACEHOLDER.findall(text))
    return [name for name in found if name in ALLOWED]


def braced(text: str) -> list[str]:
    """What stands in braces, known or not, in order of appearance."""
    return list(dict.fromkeys(_BRACES.findall(text)))


def unknown(text: str) -> list[str]:
    """What stands in braces and is not in the catalogue, in alphabetical order: a script with it cannot be saved."""
    return sorted(set(braced(text)) - ALLOWED)


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a rendered text: words of the script, a fact put in, or a gap that no fact fills."""

    kind: str
    text: str

    @property
    def name(self) -> str:
        """Of a gap: the name of its placeholder."""
        return self.text[1:-1]


def parts(text: str, facts: Mapping[str, str]) -> list[Part]:
    """The text piece by piece (`text`, `fact`, `gap`), each placeholder looked at once; joined, what `render` gives."""
    found, end = [], 0
    for match in _PLACEHOLDER.finditer(text):
        if match.group(1) not in ALLOWED:
            continue
        value = facts.get(match.group(1))
        found.append(Part("text", text[end : match.start()]))
        found.append(Part("fact", value) if value else Part("gap", match.group(0)))
        end = match.end()
    return [part for part in (*found, Part("text", text[end:])) if part.text]


def wording(text: str) -> list[str]:
    """The pieces of a script that stand between its placeholders."""
    return [part.text for part in parts(text, {}) if part.kind == "text" and part.text.strip()]


def render(text: str, facts: Mapping[str, str]) -> str:
    """Replace each allowed placeholder that has a non-empty fact; the others stay, as gaps for the agent to fill."""
    return "".join(part.text for part in parts(text, facts))
