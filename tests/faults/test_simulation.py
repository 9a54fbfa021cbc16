"""A desk that lives through some days beside an expectation of its own: no due time and no alert differs."""

import pytest

from tests.faults.simulation.running import simulate


@pytest.mark.django_db
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_desk_does_what_is_expected(seed: int) -> None:
    result = simulate(days=12, complaints=60, seed=seed)
    assert [str(one) for one in result.comparison.differences] == []
