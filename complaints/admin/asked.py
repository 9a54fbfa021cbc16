"""What addresses and forged forms may hold, made fit for the database."""

MOST_DIGITS = 18
"""Of an id that the database can hold, whatever its digits are."""


def known_id(text: str) -> int | None:
    """The id that the text is; None for anything else, such as a number of thirty digits."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS else None
