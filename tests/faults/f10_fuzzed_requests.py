"""F10: requests of every kind that the OpenAPI document allows or does not allow, to real web processes.

Each answer is compared with what the document says of it. The control says something else than it documents.
"""

from __future__ import annotations

import copy
import json
import subprocess
import sys
import urllib.request
from collections import Counter
from typing import Any

from tests.config.running_desk import BASE
from tests.faults import fuzzing
from tests.faults.desk import Desk, Place
from tests.faults.finding import Finding

FULL = {"requests": 100_000, "processes": 2}
SMALL = {"requests": 280, "processes": 1}


def attack(place: Place, *, requests: int, processes: int) -> Finding:
    finding = Finding("F10", "schema-fuzzed API requests", wanted="0 server errors, 0 schema breaks")
    with place.desk(AMENDS_WEB_WORKERS="2") as desk:
        desk.open_web()
        (token,) = desk.clerk("call", what="programs.issue", number=1)
        number = desk.clerk("call", what="programs.a_complaint")
        tally = _sent(desk, token, number, requests, processes)
        finding.nothing(things_not_whole=len(desk.clerk("problems")))
        caught = _control(desk, token, number)
    finding.nothing(server_errors=tally.server_errors, schema_breaks=len(tally.faults))
    finding.misses += [fault for fault in tally.faults if fault][:3]
    finding.expect(tally.requests >= requests, f"only {tally.requests:,} requests were sent")
    finding.expect(tally.statuses[201] and tally.statuses[422], "nothing got through, or nothing was refused")
    finding.expect(caught, "the control shows nothing")
    told = ", ".join(f"{times:,} of {status}" for status, times in sorted(tally.statuses.items()))
    finding.counts = f"{tally.requests:,} requests: {told}"
    finding.reached = f"{tally.server_errors} server errors, {len(tally.faults)} schema breaks"
    finding.control = f"a document that leaves out one member and one status: {caught} breaks found"
    return finding


def _sent(desk: Desk, token: str, number: str, requests: int, processes: int) -> fuzzing.Tally:
    """By processes of their own, each with seeds of its own, for to think requests out takes longer than to answer."""
    each = requests // processes
    commands = [
        [sys.executable, "-m", "tests.faults.fuzzing", str(desk.port), token, number, str(each), str(one * 1_000_000)]
        for one in range(processes)
    ]
    running = [subprocess.Popen(command, cwd=BASE, stdout=subprocess.PIPE, text=True) for command in commands]
    whole = fuzzing.Tally(Counter())
    for process in running:
        told = json.loads(process.communicate()[0].splitlines()[-1])
        whole.statuses.update({int(status): times for status, times in told["statuses"].items()})
        whole.faults += told["faults"]
    return whole


def _control(desk: Desk, token: str, number: str) -> int:
    """The same desk beside a document that is not true of it."""
    base = f"http://127.0.0.1:{desk.port}"
    with urllib.request.urlopen(f"{base}/api/v1/openapi.json") as answer:
        untrue: dict[str, Any] = copy.deepcopy(json.load(answer))
    untrue["components"]["schemas"]["ComplaintRow"]["properties"]["number"] = {"type": "integer"}
    untrue["paths"]["/api/v1/complaints"]["post"]["responses"].pop("422")
    tally = fuzzing.fuzz(fuzzing.target(untrue, token, number, base_url=base), 60)
    return len(tally.faults)
