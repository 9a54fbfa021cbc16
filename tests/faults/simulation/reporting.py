"""The figures of a simulation as a table."""

from __future__ import annotations

from benchmarks import report
from tests.faults.simulation.running import Result


def table(result: Result) -> str:
    """Markdown."""
    seen = result.comparison
    acts = ", ".join(f"{name} {number:,}" for name, number in result.acts.items())
    rows = [
        ("simulated", f"{result.days} days, {result.acts['register']:,} complaints, seed {result.seed}"),
        ("acts", f"{sum(result.acts.values()):,}: {acts}"),
        ("changes of policies and calendars", f"{result.changes}"),
        ("sweeps", f"{result.sweeps:,}, {result.standstills} of them after a standstill of hours or days"),
        ("clocks", f"{sum(len(case.clocks) for case in seen.world.cases.values()):,}, compared {seen.clocks:,} times"),
        ("alerts", f"{len(seen.world.given):,}"),
        ("complaints that differ", f"{len(seen.differences)}"),
        ("duration", f"{result.seconds / 60:.1f} min"),
    ]
    lines = [f"| {name} | {value} |" for name, value in rows]
    return "\n".join(["| | |", "| --- | --- |", *lines, "", report.machine()])
