"""The figures of a simulation, of one company or of several, as a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from tests.faults.simulation.running import Result


def figures(result: Result) -> dict[str, Any]:
    """One company's, as plain values."""
    seen = result.comparison
    return {
        "days": result.days,
        "seconds": result.seconds,
        "acts": result.acts,
        "changes": result.changes,
        "sweeps": result.sweeps,
        "standstills": result.standstills,
        "clocks": sum(len(case.clocks) for case in seen.world.cases.values()),
        "looks": seen.clocks,
        "alerts": len(seen.world.given),
        "differences": [str(one) for one in seen.differences],
    }


def table(companies: Sequence[dict[str, Any]], *, seed: int, machine: str) -> str:
    """Markdown."""
    sums: Counter[str] = Counter()
    acts: Counter[str] = Counter()
    for one in companies:
        sums.update({name: value for name, value in one.items() if isinstance(value, int)})
        acts.update(one["acts"])
    complaints = acts.pop("register", 0)
    number = f"in {len(companies)} companies, " if len(companies) > 1 else ""
    rows = [
        ("simulated", f"{companies[0]['days']} days, {complaints:,} complaints, {number}seed {seed}"),
        ("acts on them", f"{acts.total():,}: {', '.join(f'{name} {times:,}' for name, times in sorted(acts.items()))}"),
        ("changes of policies and calendars", f"{sums['changes']}"),
        ("sweeps", f"{sums['sweeps']:,}, {sums['standstills']} of them after a standstill of hours or days"),
        ("clocks", f"{sums['clocks']:,}, compared {sums['looks']:,} times"),
        ("alerts", f"{sums['alerts']:,}"),
        ("complaints that differ", f"{sum(len(one['differences']) for one in companies)}"),
        ("duration", f"{max(one['seconds'] for one in companies) / 60:.1f} min"),
    ]
    lines = [f"| {name} | {value} |" for name, value in rows]
    return "\n".join(["| | |", "| --- | --- |", *lines, "", machine])
