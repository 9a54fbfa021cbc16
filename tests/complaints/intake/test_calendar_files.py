"""Calendar files as they are found: of telephones, of offices, broken, hostile."""

from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from complaints.intake import calendar_files
from complaints.intake.calendar_files import days_of
from complaints.intake.problem import Problem


def ics(*events: str, ending: str = "\r\n") -> bytes:
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//test//"]
    for event in events:
        lines += ["BEGIN:VEVENT", *event.split("|"), "END:VEVENT"]
    return ending.join([*lines, "END:VCALENDAR", ""]).encode()


NEW_YEAR = "DTSTART;VALUE=DATE:20270101|DTEND;VALUE=DATE:20270104|SUMMARY:元旦（休）"


def test_an_event_of_several_days_ends_before_its_end() -> None:
    assert [(day.day, day.works, day.name) for day in days_of(ics(NEW_YEAR))] == [
        (date(2027, 1, day), False, "元旦（休）") for day in (1, 2, 3)
    ]


@pytest.mark.parametrize(
    ("event", "days"),
    [
        ("DTSTART;VALUE=DATE:20270101|SUMMARY:x", 1),
        ("DTSTART;VALUE=DATE:20270101|DURATION:P2D|SUMMARY:x", 2),
        ("DTSTART;VALUE=DATE:20270101|DTEND;VALUE=DATE:20270102", 1),
    ],
)
def test_an_event_lasts_as_long_as_it_says(event: str, days: int) -> None:
    assert len(days_of(ics(event))) == days


@pytest.mark.parametrize(
    ("name", "works"),
    [("元旦（班）", True), ("国庆补班", True), ("调休上班", True), ("国庆节（休）", False), ("春节", False)],
)
def test_a_make_up_workday_is_known_by_its_name(name: str, works: bool) -> None:
    assert days_of(ics(f"DTSTART;VALUE=DATE:20270110|SUMMARY:{name}"))[0].works is works


def test_files_of_other_programs_are_read() -> None:
    plain = days_of(ics(NEW_YEAR))
    assert days_of(ics(NEW_YEAR, ending="\n")) == plain
    assert days_of(b"\xef\xbb\xbf" + ics(NEW_YEAR)) == plain
    assert days_of(ics(NEW_YEAR).decode().encode("gb18030")) == plain
    assert days_of(ics(NEW_YEAR) + ics("DTSTART;VALUE=DATE:20270201|SUMMARY:x"))[-1].day == date(2027, 2, 1)
    folded = ics("DTSTART;VALUE=DATE:20270101|SUMMARY:a\r\n b")
    assert days_of(folded)[0].name == "ab"


def test_days_come_in_order_and_once_and_cancelled_ones_not_at_all() -> None:
    twice = ics("DTSTART;VALUE=DATE:20270301|SUMMARY:b", NEW_YEAR, NEW_YEAR,
                "DTSTART;VALUE=DATE:20270401|STATUS:CANCELLED|SUMMARY:c")  # fmt: skip
    assert [day.day.isoformat() for day in days_of(twice)] == ["2027-01-01", "2027-01-02", "2027-01-03", "2027-03-01"]


def test_a_name_is_one_that_a_database_takes() -> None:
    """PostgreSQL refuses a NUL, in text and in JSON."""
    file = ics("DTSTART;VALUE=DATE:20270101|SUMMARY:元\0旦", "DTSTART;VALUE=DATE:20270102|SUMMARY:a|SUMMARY:b")
    assert [day.name for day in days_of(file)] == ["元 旦", "a"]


WORKED = "DTSTART;VALUE=DATE:20270102|SUMMARY:元旦补班"
REFUSED = [
    (b"", calendar_files.NoCalendarFile),
    (b"hello", calendar_files.NoCalendarFile),
    (b"\x00\xff\xfe\x13", calendar_files.NoCalendarFile),
    (b"BEGIN:VCARD\r\nEND:VCARD\r\n", calendar_files.NoCalendarFile),
    (b"PK\x03\x04", calendar_files.NoCalendarFile),
    (ics(NEW_YEAR)[:-40], calendar_files.DamagedFile),
    (ics("DTSTART;VALUE=DATE:2027010|SUMMARY:x"), calendar_files.DamagedFile),
    (ics("DTSTART;VALUE=DATE:20270230|SUMMARY:x"), calendar_files.DamagedFile),
    (ics("SUMMARY:x"), calendar_files.DamagedFile),
    (ics("DTSTART;VALUE=DATE:20270101|DTSTART;VALUE=DATE:20270102|SUMMARY:x"), calendar_files.DamagedFile),
    (ics("no line of this kind"), calendar_files.DamagedFile),
    (b"BEGIN:VCALENDAR\r\n" + b"BEGIN:VEVENT\r\n" * 19000, calendar_files.DamagedFile),
    (ics(*["DTSTART;VALUE=DATE:20270101"] * 8000), calendar_files.TooManyDays),
    (ics("DTSTART:101010|DTEND:111111"), calendar_files.DamagedFile),
    (ics("DTSTART:P1D|DTEND:P2D"), calendar_files.DamagedFile),
    (ics("DTSTART;VALUE=DATE:20270101|DTEND:P2D"), calendar_files.DamagedFile),
    (
        ics("DTSTART;VALUE=PERIOD:20270101T000000Z/20270102T000000Z|DTEND;VALUE=DATE:20270103"),
        calendar_files.DamagedFile,
    ),
    (ics(), calendar_files.NothingInFile),
    (ics("DTSTART:20270101T090000|SUMMARY:x"), calendar_files.EventWithTimes),
    (ics("DTSTART;VALUE=DATE:20270101|DTEND:20270101T180000Z|SUMMARY:x"), calendar_files.EventWithTimes),
    (ics("DTSTART;VALUE=DATE:20270101|RRULE:FREQ=YEARLY|SUMMARY:x"), calendar_files.EventRepeats),
    (ics("DTSTART;VALUE=DATE:20270104|DTEND;VALUE=DATE:20270101|SUMMARY:x"), calendar_files.EventTooLong),
    (ics("DTSTART;VALUE=DATE:20270101|DTEND;VALUE=DATE:20270101|SUMMARY:x"), calendar_files.EventTooLong),
    (ics("DTSTART;VALUE=DATE:20270101|DTEND;VALUE=DATE:20270601|SUMMARY:x"), calendar_files.EventTooLong),
    (ics("DTSTART;VALUE=DATE:99991231|SUMMARY:x"), calendar_files.DamagedFile),
    (ics("DTSTART;VALUE=DATE:18990101|SUMMARY:x"), calendar_files.YearOutOfRange),
    (ics(NEW_YEAR, WORKED), calendar_files.DayIsBoth),
    (ics(NEW_YEAR) + b" " * calendar_files.MAX_BYTES, calendar_files.FileTooLarge),
    (
        ics(*(f"DTSTART;VALUE=DATE:{2020 + n // 12}{n % 12 + 1:02d}01|DURATION:P25D|SUMMARY:x" for n in range(60))),
        calendar_files.TooManyDays,
    ),
]


@pytest.mark.parametrize(("content", "refusal"), REFUSED, ids=range(len(REFUSED)))
def test_a_file_that_cannot_be_taken_says_why(content: bytes, refusal: type[Problem]) -> None:
    with pytest.raises(refusal) as refused:
        days_of(content)
    assert refused.value.text


@given(place=st.integers(0, 200), byte=st.integers(0, 255), cut=st.integers(0, 200))
def test_no_damage_is_anything_but_a_problem(place: int, byte: int, cut: int) -> None:
    content = bytearray(ics(NEW_YEAR, WORKED.replace("0102", "0109")))
    content[place % len(content)] = byte
    for damaged in (bytes(content), bytes(content[: len(content) - cut])):
        with suppress(Problem):
            days_of(damaged)
