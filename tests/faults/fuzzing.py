"""Requests that the API's own OpenAPI document allows, and such as it does not, and whether the answers keep to it.

`python -m tests.faults.fuzzing PORT TOKEN NUMBER REQUESTS SEED` sends them to a running web and prints a tally as JSON.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.config import GenerationConfig, ProjectConfig, ProjectsConfig, SchemathesisConfig

JUDGED_BY = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
    "response_schema_conformance", "negative_data_rejection",
)  # fmt: skip
BATCH = 100
"""Examples of one kind of request, before the next kind has its turn."""

REFUSED_BY_THE_WEB_SERVER = (414, 431)
"""Before the API hears of it, and documented."""

KINDS = 14
"""Of requests: each endpoint, as documented and not."""

MOST_TOLD = 20


@dataclass
class Tally:
    """How many requests were answered with which status, and what was wrong with answers."""

    statuses: Counter[int] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    impossible: set[str] = field(default_factory=set)
    """Kinds of which there is no request: nothing can be wrong where every text is allowed."""

    @property
    def requests(self) -> int:
        return sum(self.statuses.values())

    @property
    def server_errors(self) -> int:
        return sum(times for status, times in self.statuses.items() if status >= 500)


@dataclass(frozen=True)
class Target:
    """What is asked, with which key, and the number of a complaint that is there."""

    schema: Any
    token: str
    number: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


def target(document: dict[str, Any], token: str, number: str, **where: Any) -> Target:
    """`where`: `app` for a program in this process, or `base_url`."""
    # What no database can hold is told by tests of its own: the document cannot say it of each text.
    project = ProjectConfig(
        generation=GenerationConfig(allow_x00=False, with_security_parameters=False), base_url=where.get("base_url")
    )
    schema = schemathesis.openapi.from_dict(
        document, config=SchemathesisConfig(projects=ProjectsConfig(default=project), seed=1)
    )
    schema.app = where.get("app")
    return Target(schema, token, number)


def fuzz(whom: Target, requests: int, *, first_seed: int = 0) -> Tally:
    """Send about so many requests, all kinds in turn; equal seeds send equal ones."""
    tally, number = Tally(), first_seed
    batch = min(BATCH, max(10, requests // KINDS))
    for kind in _kinds(whom):
        if tally.requests >= requests:
            break
        kind(batch, number, tally)
        number += 1
    return tally


def fuzz_each(whom: Target, examples: int) -> Tally:
    """So many requests of each kind."""
    tally = Tally()
    for operation in _operations(whom):
        for mode in GenerationMode:
            _send(whom, operation, mode, examples, 0, tally)
    return tally


def _operations(whom: Target) -> list[Any]:
    return [result.ok() for result in whom.schema.get_all_operations()]


def _kinds(whom: Target) -> Iterator[Callable[[int, int, Tally], None]]:
    operations = _operations(whom)
    while True:
        for operation in operations:
            for mode in GenerationMode:

                def kind(
                    examples: int, number: int, tally: Tally, operation: Any = operation, mode: Any = mode
                ) -> None:
                    _send(whom, operation, mode, examples, number, tally)

                yield kind


def _send(whom: Target, operation: Any, mode: Any, examples: int, number: int, tally: Tally) -> None:
    load_all_checks()
    checks = CHECKS.get_by_names(list(JUDGED_BY))
    once = settings(
        max_examples=examples, deadline=None, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck), derandomize=False,
    )  # fmt: skip

    @seed(number)
    @once
    @given(case=operation.as_strategy(generation_mode=mode), known=st.booleans())
    def run(case: Any, known: bool) -> None:
        if known and "number" in (case.path_parameters or {}):
            case.path_parameters["number"] = whom.number
        response = case.call(headers=whom.headers)
        tally.statuses[response.status_code] += 1
        if response.status_code in REFUSED_BY_THE_WEB_SERVER:
            return
        try:
            case.validate_response(response, checks, headers=whom.headers)
        except BaseException as fault:
            if isinstance(fault, KeyboardInterrupt):
                raise
            if len(tally.faults) < MOST_TOLD:
                reasons = getattr(fault, "exceptions", [fault])
                words = "; ".join(" ".join(str(reason).split())[:300] for reason in reasons)
                tally.faults.append(f"{operation.label} {mode.value} {response.status_code}: {words} <- {_sent(case)}")
            else:
                tally.faults.append("")

    try:
        run()
    except Unsatisfiable:
        tally.impossible.add(f"{operation.label} {mode.value}")


def _sent(case: Any) -> str:
    return f"{case.formatted_path} {dict(case.query or {})} {str(case.body)[:300]}"


def main() -> None:
    port, token, number, requests, first_seed = sys.argv[1:]
    import urllib.request

    base = f"http://127.0.0.1:{port}"
    with urllib.request.urlopen(f"{base}/api/v1/openapi.json") as answer:
        document = json.load(answer)
    tally = fuzz(target(document, token, number, base_url=base), int(requests), first_seed=int(first_seed))
    print(json.dumps({"statuses": tally.statuses, "faults": tally.faults}))


if __name__ == "__main__":
    main()
