"""What makes two contacts one matter."""

import pytest

from complaints import matter_keys


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("4199114013636110233", "4199114013636110233"), ("４１９９ ＡＢ", "4199AB"),
        ('="4163747194940963845"', "4163747194940963845"),
        ("  42 00\t1 ", "42001"), ("", ""), ('="" ', ""), ("\ufdfa", "\ufdfa"), ('=4163', "=4163"),
    ],
)  # fmt: skip
def test_the_number_of_an_order_is_stored_in_one_form(written: str, stored: str) -> None:
    assert matter_keys.order_number(written) == stored
    assert len(matter_keys.order_number(written)) <= len(written)
