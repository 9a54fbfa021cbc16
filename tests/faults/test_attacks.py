"""The attacks of reliability.md, section 4, with counts that fit into a test run; `make faults` has the full ones."""

from collections.abc import Iterator

import pytest

from tests.faults.attacks import ATTACKS
from tests.faults.desk import Place, place

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("processes")]


@pytest.fixture(scope="module")
def somewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with place(tmp_path_factory.mktemp("faults"), patient=False) as ready:
        yield ready


@pytest.mark.parametrize("name", ATTACKS)
def test_attack_reaches_its_figure_and_bites_its_control(name: str, somewhere: Place) -> None:
    attack = ATTACKS[name]
    finding = attack.attack(somewhere, **attack.SMALL)
    print(finding.counts, finding.reached, finding.control, sep="\n")
    assert finding.misses == []
