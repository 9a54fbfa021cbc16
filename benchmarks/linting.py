"""The check of phrases: its speed, patterns that were written to hang it, and how often it is right.

`python -m benchmarks.linting --write docs/benchmarks.md` needs no database.
"""

import argparse
import csv
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from benchmarks import desk

SENTENCES = Path(__file__).resolve().parent.parent / "tests" / "knowledge" / "sentences.csv"
RULES, PATTERNS_IN = 500, 100
CHARACTERS = 10_000
WANTED_MS = 50
ROUNDS = 15
DAY = date(2026, 11, 26)

HOSTILE = ("(a+)+$", "(a|aa)+$", "(.*)*x", "(x+x+)+y", "([a-zA-Z]+)*!", "(.{1,10}){1,10}z", "(好*)*坏", "(的|的的)+$")
"""Each takes a backtracking engine ages on a text of one letter."""


@dataclass(frozen=True, slots=True)
class Miss:
    """A sentence of which the check says something else than the table."""

    text: str
    wanted: frozenset[str]
    found: frozenset[str]


@dataclass(frozen=True, slots=True)
class Score:
    """How often the check is right. Counted are categories of a sentence: found rightly, found wrongly, overlooked."""

    sentences: int
    innocent: int
    right: int
    wrong: int
    overlooked: int
    misses: tuple[Miss, ...]

    @property
    def precision(self) -> float:
        return self.right / (self.right + self.wrong)

    @property
    def recall(self) -> float:
        return self.right / (self.right + self.overlooked)


def sentences(page: Path = SENTENCES) -> list[dict[str, str]]:
    """The table: text, scope, and the categories expected, separated by spaces."""
    with page.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def score(rules: Any, table: Iterable[dict[str, str]]) -> Score:
    """What the rules say of each sentence, beside what the table says. `rules`: a `RuleSet`."""
    right = wrong = overlooked = count = innocent = 0
    misses = []
    for row in table:
        wanted = frozenset(row["expected"].split())
        found = frozenset(one.rule.category for one in rules.findings(row["text"], scope=row["scope"], on=DAY))
        right += len(wanted & found)
        wrong += len(found - wanted)
        overlooked += len(wanted - found)
        count += 1
        innocent += not wanted
        if wanted != found:
            misses.append(Miss(row["text"], wanted, found))
    return Score(count, innocent, right, wrong, overlooked, tuple(misses))


def many_rules() -> list[Any]:
    """500 rules: 400 lists of ten phrases, and 100 with three patterns and an exception."""
    from knowledge.linting import RuleSpec

    def of(number: int, **more: Any) -> Any:
        return RuleSpec(code=f"R{number}", category=f"c{number % 17}", level="warn", **more)

    stems = [chr(0x4E00 + 37 * n) + chr(0x5200 + 11 * n) for n in range(RULES)]
    phrases = [
        of(n, patterns=tuple(f"{stem}{chr(0x6000 + step)}" for step in range(10)))
        for n, stem in enumerate(stems[:-PATTERNS_IN])
    ]
    patterns = [
        of(
            n, expressions=True, exceptions=(f"不{stem}(吗|呢)",),
            patterns=(f"(会|将|要)?{stem}(处理|回复)", rf"{stem}\d{{1,3}}(天|小时)", f"(您|你)[^。]{{0,8}}{stem}"),
        )
        for n, stem in enumerate(stems[-PATTERNS_IN:], RULES - PATTERNS_IN)
    ]  # fmt: skip
    return [*phrases, *patterns]


def long_text(words: Sequence[str]) -> str:
    """10,000 characters of ordinary sentences."""
    text = "。".join(words)
    return (text * (CHARACTERS // len(text) + 1))[:CHARACTERS]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.linting", description=__doc__)
    parser.add_argument("--write", type=Path, metavar="PAGE", help="put the figures into this page")
    arguments = parser.parse_args()
    desk.start()
    text = "\n\n".join([_speed(), _hostile(), _rightness()])
    print(text)
    if arguments.write:
        from benchmarks import report

        report.write(arguments.write, "linting", text)


def _speed() -> str:
    from benchmarks.measure import table
    from knowledge.linting import RuleSet
    from knowledge.operations.bootstrap import default_rules

    table_rows = sentences()
    text = long_text([row["text"] for row in table_rows if not row["expected"]])
    marked = long_text([row["text"] for row in table_rows])
    many = many_rules()
    ours = [rule.spec for rule in default_rules({})]
    rows = []
    for name, specs in ((f"{RULES} rules", many), (f"{RULES} rules and the defaults", [*many, *ours])):
        made = _median(lambda specs=specs: RuleSet(specs))
        rules = RuleSet(specs)
        rows.append(
            [name, f"{made:.0f} ms"]
            + [f"{_median(lambda t=t, r=rules: r.findings(t, scope='reply', on=DAY)):.1f} ms" for t in (text, marked)]
        )
    return (
        table(
            ["", "made ready, once a change", f"{CHARACTERS:,} innocent characters", f"{CHARACTERS:,} with findings"],
            rows,
        )
        + f"\n\nWanted: {WANTED_MS} ms a text."
    )


def _hostile() -> str:
    from benchmarks.measure import table
    from knowledge.linting import RuleSet, RuleSpec

    rows = []
    for pattern in HOSTILE:
        rules = RuleSet([RuleSpec(code="H", category="c", level="warn", expressions=True, patterns=(pattern,))])
        letter = "的" if "的" in pattern else "好" if "好" in pattern else "x" if "x+" in pattern else "a"
        spent = _median(lambda r=rules, t=letter * CHARACTERS: r.findings(t, scope="reply", on=DAY), rounds=3)
        rows.append([f"`{pattern.replace('|', chr(92) + '|')}`", f"{spent:.1f} ms"])
    return table(["hostile pattern", f"{CHARACTERS:,} characters of one letter"], rows)


def _rightness() -> str:
    from knowledge.linting import RuleSet
    from knowledge.operations.bootstrap import default_rules

    found = score(RuleSet(rule.spec for rule in default_rules({})), sentences())
    lines = [
        f"{found.sentences} sentences, {found.innocent} of them innocent: precision {found.precision:.3f}, "
        f"recall {found.recall:.3f}."
    ]
    lines += [
        f"- {miss.text}: expected {', '.join(sorted(miss.wanted)) or 'nothing'}, "
        f"found {', '.join(sorted(miss.found)) or 'nothing'}"
        for miss in found.misses
    ]
    return "\n".join(lines)


def _median(run: Callable[[], Any], rounds: int = ROUNDS) -> float:
    """Milliseconds."""
    spent = []
    for _ in range(rounds):
        begun = perf_counter()
        run()
        spent.append(perf_counter() - begun)
    return median(spent) * 1000


if __name__ == "__main__":
    main()
