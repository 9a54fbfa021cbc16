"""Draw the state machine from the code: `docs/state_machine.dot` and, with Graphviz, `docs/state_machine.svg`."""

import hashlib
import shutil
import subprocess
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import translation

from complaints.lifecycle import OPEN, STEPS, State

FOLDER = Path(settings.BASE_DIR) / "docs"
FONT = "Noto Sans CJK SC"


def dot() -> str:
    """The machine in Graphviz' language: every state and every transition, in the order of the code."""
    with translation.override("zh-hans"):
        nodes = [_node(state) for state in State]
        edges = [
            f'  {source} -> {step.target or "came_from"} [label="{step.label}\\n{step.name}"];'
            for step in STEPS.values()
            for source in _drawn_sources(step.sources)
        ]
    return "\n".join(
        [
            "digraph complaint {",
            '  rankdir=TB; nodesep=0.5; ranksep=0.55; bgcolor="white";',
            f'  node [shape=box, style="rounded,filled", color="#0f766e", fontname="{FONT}"];',
            f'  edge [color="#64748b", fontname="{FONT}", fontsize=10];',
            '  any_open [label="任一进行中的阶段\\nany open stage", style="dashed,rounded", fillcolor="white"];',
            '  came_from [label="并单前的阶段\\nthe stage before", style="dashed,rounded", fillcolor="white"];',
            *nodes,
            *edges,
            "}",
            "",
        ]
    )


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _node(state: State) -> str:
    colour = "#e6f4f1" if state in OPEN else "#e2e8f0"
    return f'  {state} [label="{state.label}\\n{state}", fillcolor="{colour}"];'


def _drawn_sources(sources: tuple[str, ...]) -> tuple[str, ...]:
    """One dashed box instead of an arrow from every open stage."""
    return ("any_open",) if len(sources) == len(OPEN) else sources


class Command(BaseCommand):
    help = "Draw the state machine into docs/ (needs Graphviz)."

    def handle(self, *args: Any, **options: Any) -> None:
        program = shutil.which("dot")
        if program is None:
            raise CommandError("Graphviz is missing. Install it (apt-get install graphviz) and run this again.")
        text = dot()
        (FOLDER / "state_machine.dot").write_text(text, encoding="utf-8")
        drawn = subprocess.run([program, "-Tsvg"], input=text, capture_output=True, text=True, check=True)  # noqa: S603
        svg = drawn.stdout.replace("</svg>", f"<!-- drawn from {digest(text)} -->\n</svg>")
        (FOLDER / "state_machine.svg").write_text(svg, encoding="utf-8")
        self.stdout.write(f"{FOLDER / 'state_machine.svg'}")
