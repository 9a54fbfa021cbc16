"""A desk that lives through some days beside an expectation of its own: no due time and no alert differs.

`python -m tests.faults.simulation` has the full counts.
"""

import pytest

from tests.faults.simulation import faults
from tests.faults.simulation.running import simulate

pytestmark = pytest.mark.usefixtures("content")


@pytest.mark.parametrize("seed", [1, 2])
def test_the_desk_does_what_is_expected(seed: int) -> None:
    result = simulate(days=12, complaints=60, seed=seed)
    assert [str(one) for one in result.comparison.differences] == []
    assert len(result.comparison.world.given) > 300
    assert len(result.acts) > 12


@pytest.mark.parametrize("fault", faults.FAULTS)
def test_a_fault_put_in_on_purpose_is_found(fault: str) -> None:
    with faults.planted(fault):
        result = simulate(days=40, complaints=120, seed=1, patience=1)
    assert result.comparison.differences
