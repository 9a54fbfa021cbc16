"""The attacks of reliability.md, section 4, with counts that fit into a test run; `make faults` has the full ones."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.faults import f1_kills, f2_crashes, f3_flushes, f4_silent_broker, f5_restarts, f6_three_beats, f7_standstill, f8_fifty_agents
from tests.faults.desk import Place, place

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("processes")]


@pytest.fixture(scope="module")
def somewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with place(tmp_path_factory.mktemp("faults"), patient=False) as ready:
        yield ready


@pytest.mark.parametrize("attack", [f1_kills, f2_crashes, f3_flushes, f4_silent_broker, f5_restarts, f6_three_beats, f7_standstill, f8_fifty_agents], ids=lambda attack: attack.__name__)
def test_attack(attack: Any, somewhere: Place) -> None:
    finding = attack.attack(somewhere, **attack.SMALL)
    print(finding)
    assert finding.misses == []
