"""What makes two contacts one matter (R3.1): keys, of which an open complaint holds each at most once. Pure.

A key is either an order of a shop, or a person together with what the complaint is about.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

WITHIN = timedelta(days=30)
"""How long after the last contact the same person with the same product or issue means the same matter, by default."""

_IN_A_SHEET = re.compile(r'^="(.*)"$', re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is known of a contact: who (fingerprints), about which order, which products, which kind of issue."""

    shop: int
    order_number: str = ""
    marks: tuple[str, ...] = ()
    issue_type: int | None = None
    products: tuple[str, ...] = ()
    """Product ids, or titles where the platform tells no ids."""
    within: timedelta = WITHIN

    @property
    def order_key(self) -> str:
        """Empty without an order."""
        return f"{self.shop}:order:{self.order_number}" if self.order_number else ""

    @property
    def person_keys(self) -> tuple[str, ...]:
        """One for each fingerprint and each thing that the matter is about; in order, without doubles."""
        about = [f"issue:{self.issue_type}"] if self.issue_type else []
        about += [f"product:{product_mark(product)}" for product in self.products]
        marks = {mark for mark in self.marks if mark}
        return tuple(sorted({f"{self.shop}:{mark}:{thing}" for mark in marks for thing in about}))

    @property
    def keys(self) -> tuple[str, ...]:
        """All of them, in the order in which everybody locks them."""
        return tuple(sorted({self.order_key, *self.person_keys} - {""}))


def order_number(written: str) -> str:
    """An order's number as it is stored, whatever sent it: no spaces, plain digits for full-width ones, and without
    what a spreadsheet puts around it (="...").
    """
    bare = _IN_A_SHEET.sub(r"\1", written.strip())
    plain = "".join(unicodedata.normalize("NFKC", bare).split())
    # A sign that stands for many is no part of a number, and what it becomes would not fit.
    return plain if len(plain) <= len(written) else bare


def product_mark(product: str) -> str:
    """Equal for two spellings of one product (16 hex digits)."""
    text = "".join(unicodedata.normalize("NFKC", product).casefold().split())
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def products_of(lines: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """What identifies the products of lines given as (product id, title)."""
    return tuple(sorted({number or title for number, title in lines if number or title}))
