"""Personal facts: equal spellings meet, different ones do not, and no mask gives more away than it says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from complaints import identity
from complaints.identity import Fact, fingerprint, normalise

KEY = "only-for-tests"

words = st.text(min_size=1, max_size=20)
digits = st.text(alphabet="0123456789", min_size=1, max_size=20)

SAME = [
    (Fact.PHONE, "13812345678", "138 1234 5678"),
    (Fact.PHONE, "13812345678", "+86 138-1234-5678"),
    (Fact.PHONE, "13812345678", "８６１３８１２３４５６７８"),
    (Fact.PHONE, "057188886666", "0571-8888 6666"),
    (Fact.EMAIL, "lily@mail.example", " Lily@Mail.Example "),
    (Fact.NAME, "王小明", "王 小明"),
    (Fact.NAME, "Anna Lee", "anna　lee"),
    (Fact.BUYER, "tb_Buyer", "TB_buyer "),
]
DIFFERENT = [
    (Fact.PHONE, "13812345678", "13812345679"),
    (Fact.PHONE, "8612345678", "12345678"),
    (Fact.EMAIL, "lily@mail.example", "lily@mail.example.com"),
    (Fact.NAME, "王小明", "王小鸣"),
    (Fact.BUYER, "tb_buyer", "tb buyer"),
]


@pytest.mark.parametrize(("kind", "one", "other"), SAME)
def test_two_spellings_of_one_fact_are_equal(kind: Fact, one: str, other: str) -> None:
    assert normalise(kind, one) == normalise(kind, other)
    assert fingerprint(kind, one, KEY) == fingerprint(kind, other, KEY)


@pytest.mark.parametrize(("kind", "one", "other"), DIFFERENT)
def test_two_facts_stay_two(kind: Fact, one: str, other: str) -> None:
    assert fingerprint(kind, one, KEY) != fingerprint(kind, other, KEY)


@pytest.mark.parametrize("kind", list(Fact))
def test_nothing_has_no_fingerprint(kind: Fact) -> None:
    assert fingerprint(kind, "", KEY) == ""
    assert fingerprint(kind, " 　\t", KEY) == ""


def test_a_phone_without_digits_has_no_fingerprint() -> None:
    assert fingerprint(Fact.PHONE, "无", KEY) == ""


@given(kind=st.sampled_from(Fact), value=words)
def test_a_fingerprint_is_a_digest_and_depends_on_the_key(kind: Fact, value: str) -> None:
    mark = fingerprint(kind, value, KEY)
    if not normalise(kind, value):
        assert mark == ""
        return
    assert len(mark) == 64
    assert set(mark) <= set("0123456789abcdef")
    assert mark != fingerprint(kind, value, KEY + "2")


@given(value=digits)
def test_the_same_digits_as_phone_and_as_buyer_id_are_two_facts(value: str) -> None:
    marks = {fingerprint(kind, value, KEY) for kind in Fact}
    assert len(marks) == len(Fact)


@given(kind=st.sampled_from(Fact), value=words)
def test_spaces_around_a_fact_never_matter(kind: Fact, value: str) -> None:
    assert normalise(kind, f" \t{value}\n") == normalise(kind, value)


# ---------------------------------------------------------------- masks


@pytest.mark.parametrize(
    ("mask", "value", "shown"),
    [
        (identity.mask_name, "王小明", "王**"),
        (identity.mask_name, "欧阳娜娜", "欧**"),
        (identity.mask_name, "", ""),
        (identity.mask_phone, "13812345678", "138****5678"),
        (identity.mask_phone, "88886666", "8***66"),
        (identity.mask_phone, "1234", "***"),
        (identity.mask_phone, "", ""),
        (identity.mask_email, "lily.wang@mail.example", "l***@mail.example"),
        (identity.mask_email, "no-at-sign", "n**"),
        (identity.mask_email, "", ""),
        (identity.mask_buyer, "tb_buyer_88", "t***8"),
        (identity.mask_buyer, "ab", "**"),
        (identity.mask_buyer, "", ""),
    ],
)
def test_what_a_mask_shows(mask: object, value: str, shown: str) -> None:
    assert mask(value) == shown  # type: ignore[operator]


@given(value=st.text(min_size=1))
def test_a_masked_name_shows_its_first_character_only(value: str) -> None:
    assert identity.mask_name(value) == value[0] + "**"


@given(value=st.text(alphabet="0123456789+- ", min_size=1, max_size=24))
def test_a_masked_phone_hides_at_least_two_characters_and_its_length(value: str) -> None:
    shown = identity.mask_phone(value)
    kept = shown.replace("*", "")
    assert len(kept) <= min(7, max(len(value) - 2, 0))
    assert len(shown) in (3, 6, 11)


@given(mailbox=st.text(min_size=1, max_size=30), domain=st.text(alphabet="abc.", min_size=1, max_size=12))
def test_a_masked_address_shows_one_character_of_the_mailbox(mailbox: str, domain: str) -> None:
    assert identity.mask_email(f"{mailbox}@{domain}") == f"{mailbox[0]}***@{domain}"


@given(value=st.text(min_size=1, max_size=40))
def test_a_masked_buyer_id_shows_two_characters_at_most(value: str) -> None:
    shown = identity.mask_buyer(value)
    assert shown in ("**", f"{value[0]}***{value[-1]}")
    assert len(value) >= 3 or shown == "**"
