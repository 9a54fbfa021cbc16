"""What an attack has shown: counts, the figure wanted and reached, the control, and what was missed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

HEAD = ("attack", "on", "counts", "wanted", "reached", "control", "verdict")


@dataclass
class Finding:
    """`expect` notes what does not hold; an attack goes on, so that all that is wrong is told at once."""

    attack: str
    title: str
    wanted: str
    counts: str = ""
    reached: str = ""
    control: str = ""
    misses: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def expect(self, holds: object, otherwise: str) -> None:
        if not holds:
            self.misses.append(otherwise)

    def nothing(self, **numbers: int) -> None:
        """All these numbers are zero."""
        for name, number in numbers.items():
            self.expect(number == 0, f"{number:,} {name.replace('_', ' ')}")

    @property
    def verdict(self) -> str:
        return "missed: " + "; ".join(self.misses) if self.misses else "held"

    def row(self, database: str) -> list[str]:
        name = f"{self.attack} {self.title}"
        return [name, database, self.counts, self.wanted, self.reached, self.control, self.verdict]

    def to_json(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Finding:
        return cls(**json.loads(text))


def table(rows: Sequence[Sequence[str]]) -> str:
    """Markdown."""
    lines = [HEAD, ["---"] * len(HEAD), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in line)} |" for line in lines)
