"""Rows of a sheet of listings: which column is what, what each row says, and what would become of it (R2.1)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import islice
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from complaints.models import Product, Shop
from complaints.operations.listings import LONGEST, LONGEST_TITLE, Listing
from complaints.operations.products import Known, Named
from knowledge.listing import Kind, plain_text

from . import cells
from .layouts import Kind as CellKind
from .layouts import plain
from .problem import Problem
from .refusals import FORMULA_SIGNS
from .spool import Row as RawRow

NAMES = {
    "shop": ("shop", "店铺", "店铺名称", "店铺编码", "shop name", "shop code"),
    "title": ("title", "标题", "商品标题", "商品名称"),
    "text": ("detail", "detail text", "详情", "详情文案", "商品详情"),
    "kind": ("kind", "类型", "销售方式"),
    "product_id": ("product id", "product_id", "商品id", "商品编号"),
}
LABELS = {
    "shop": pgettext_lazy("column", "shop"),
    "title": pgettext_lazy("column", "title"),
    "text": pgettext_lazy("column", "detail"),
    "kind": pgettext_lazy("column", "kind"),
    "product_id": pgettext_lazy("column", "product id"),
}
KINDS = {
    Kind.NORMAL: ("", "normal", "普通", "现货"),
    Kind.PRESALE: ("presale", "预售"),
    Kind.PROMOTION: ("promotion", "促销", "活动"),
    Kind.MADE_TO_ORDER: ("made_to_order", "made to order", "定制"),
}
_KIND_OF = {word: kind for kind, words in KINDS.items() for word in words}
SHOPS_NAMED = 5
"""Shops that a refusal offers; who has more knows what they are called."""
SIGN, SIGNS = 80, 5
"""So much is kept of cells for which there is no column: enough to find them again."""


class NotAListingSheet(Problem):
    message = gettext_lazy(
        "The first row must name the columns title and detail; shop, kind and product id may follow."
    )


class ColumnTwice(Problem):
    message = gettext_lazy("The columns “%(first)s” and “%(second)s” mean the same. Keep one of them.")


class Verdict(StrEnum):
    """What would become of a row, and what has."""

    NEW = "new"
    CHANGED = "changed"
    NUMBERED = "numbered"
    """The same text as before, now with the id of the product."""
    SAME = "same"
    BAD = "bad"
    CHECKED = "checked"
    STILL = "still"
    """It was the same, and was so when it was checked."""


WAITING = (Verdict.NEW, Verdict.CHANGED, Verdict.NUMBERED)


@dataclass(slots=True)
class Row:
    """A row of the file as a listing, or what is wrong with which column; without a name for the row as a whole."""

    number: int
    shop: Shop | None
    listing: Listing
    errors: list[tuple[str, str]] = field(default_factory=list)
    verdict: Verdict = Verdict.NEW

    @property
    def reason(self) -> str:
        """What is wrong, a sentence for each column."""
        said = _("%(column)s: %(problem)s")
        return " ".join(
            said % {"column": LABELS[name], "problem": sentence} if name else sentence for name, sentence in self.errors
        )

    @property
    def named(self) -> Named:
        return Named(self.listing.product_id, self.listing.title)

    @property
    def kind_words(self) -> str:
        return str(Kind(self.listing.kind).label)

    def refuse(self, column: str, sentence: str) -> None:
        self.errors.append((column, sentence))
        self.verdict = Verdict.BAD


class Reader:
    """Reads rows below a header for somebody: those that name no shop are of the chosen one. Raises NotAListingSheet.

    One query.
    """

    def __init__(self, header: Sequence[Any], shop: Shop, user: Any) -> None:
        self._places = _places(header)
        self._width = len(header)
        self._shop = shop
        self._shops = list(Shop.objects.visible_to(user).filter(active=True))

    def read(self, number: int, row: Sequence[Any]) -> Row:
        """What the row says by itself."""
        problems: list[tuple[str, str]] = []
        values = {name: self._text(name, row, problems) for name in self._places}
        kind = _KIND_OF.get(values["kind"].lower(), values["kind"])
        one = Listing(title=values["title"], text=values["text"], kind=kind, product_id=values["product_id"])
        read = Row(number, None, one)
        if len(row) > self._width:
            # The other cells may have shifted, so that nothing more is said of them.
            read.refuse("", _("There are more cells than columns, with “%(cells)s”. Put a text that has commas in "
                              "quotation marks, or give the column a name.") % {"cells": row[self._width]})  # fmt: skip
            return read
        for column, sentence in [*problems, *_errors(one, {column for column, _sentence in problems})]:
            read.refuse(column, sentence)
        self._find_shop(read, values["shop"])
        return read

    def _text(self, name: str, row: Sequence[Any], problems: list[tuple[str, str]]) -> str:
        """The text of a cell, without the sign that keeps it from being a formula."""
        place = self._places[name]
        value = row[place] if 0 <= place < len(row) else None
        if isinstance(value, str) and value.lstrip().startswith("="):
            value = cells.bare(value)
        if isinstance(value, float) and value.is_integer() and abs(value) < 10**cells.EXACT_DIGITS:
            value = int(value)
        is_formula = isinstance(value, str) and value.startswith("=")
        if is_formula or (value is not None and not isinstance(value, cells.PLAIN_TYPES)):
            problems.append((name, cells.FormulaCell().text))
            return ""
        text = "" if value is None else str(value).replace("\0", "")
        if text[:1] == "'" and text[1:].lstrip(" ").startswith(FORMULA_SIGNS):
            text = text[1:]
        return plain_text(text.replace("_x000D_", ""))

    def _find_shop(self, row: Row, name: str) -> None:
        """The shop that the row names, by its name or its code; only one that the person may see."""
        asked = plain(name).casefold()
        if not asked:
            found = [self._shop] if self._shop in self._shops else []
        else:
            found = [one for one in self._shops if asked == plain(one.code).casefold()]
            found = found or [one for one in self._shops if asked == plain(one.name).casefold()]
        if len(found) == 1:
            row.shop = found[0]
        elif found:
            codes = ", ".join(one.code for one in found)
            row.refuse("shop", _("Several shops are called “%(name)s”. Write the code of one: %(codes)s.")
                       % {"name": cells.cut(name, 40), "codes": codes})  # fmt: skip
        else:
            yours = ", ".join(one.name for one in self._shops[:SHOPS_NAMED]) or "-"
            row.refuse("shop", _("“%(name)s” is no shop whose listings you may check. Yours are: %(shops)s.")
                       % {"name": cells.cut(name or self._shop.name, 40), "shops": yours})  # fmt: skip


class Judge:
    """Tells of the rows of one file, in their order, what would become of them. One query a batch for each shop."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._seen = _Seen()
        self._numbered: dict[int, str] = {}
        """Products that a row of this file gives the id that they did not have."""

    def judge(self, rows: Iterable[RawRow]) -> list[Row]:
        """Compare with what is known, and with the sound rows before."""
        read = [self._reader.read(number, row) for number, row in rows]
        by_shop: dict[Shop, list[Row]] = {}
        for row in read:
            if row.shop and not row.errors:
                by_shop.setdefault(row.shop, []).append(row)
        for shop, sound in by_shop.items():
            known = Known(shop, [row.named for row in sound], lock=False)
            known.number(self._numbered)
            for row in sound:
                self._compare(row, known)
            self._numbered |= {product.pk: product.product_id for product in known.numbered}
        return read

    def _compare(self, row: Row, known: Known) -> None:
        product = known.find(row.named)
        if earlier := self._seen.earlier(row, product):
            row.refuse("title", _("Row %(row)s is about the same product already.") % {"row": earlier})
            return
        self._seen.add(row, product)
        if product and product.pk:
            one, last = row.listing, product.latest
            if not last or (last.kind, last.title, last.text) != (one.kind, one.title, one.text):
                row.verdict = Verdict.CHANGED
            else:
                row.verdict = Verdict.NUMBERED if one.product_id and not product.product_id else Verdict.SAME
        known.take(row.named, now=timezone.now())


class _Seen:
    """Which row was about which product: by the same mark or product, by the title where one of the two has no id."""

    def __init__(self) -> None:
        self._rows: dict[tuple[Any, ...], list[tuple[int, str]]] = {}

    def earlier(self, row: Row, product: Product | None) -> int | None:
        return next(
            (
                number
                for key in _keys(row, product)
                for number, product_id in self._rows.get(key, ())
                if key[0] == "mark" or not product_id or not row.listing.product_id
            ),
            None,
        )

    def add(self, row: Row, product: Product | None) -> None:
        for key in _keys(row, product):
            self._rows.setdefault(key, []).append((row.number, row.listing.product_id))


def _keys(row: Row, product: Product | None) -> list[tuple[Any, ...]]:
    shop = row.shop.pk if row.shop else None
    keys: list[tuple[Any, ...]] = [("mark", shop, row.named.mark), ("title", shop, row.named.title_mark)]
    return [*keys, ("product", product.pk)] if product and product.pk else keys


def is_empty(row: Sequence[Any]) -> bool:
    return all(cell is None or not str(cell).strip() for cell in row)


def fitted(row: Sequence[Any], width: int | None = None) -> list[Any]:
    """The row without empty cells at its end. What is filled beyond the columns becomes one short cell, as a sign.

    Else a row could have 16,384 cells of 32,767 characters, none of which is read.
    """
    known = list(row[:width])
    while known and is_empty(known[-1:]):
        known.pop()
    beyond = () if width is None else (cell for cell in row[width:] if not is_empty([cell]))
    first = [cells.cut(str(cell), SIGN) for cell in islice(beyond, SIGNS) if isinstance(cell, cells.PLAIN_TYPES)]
    if not first or width is None:
        return known
    return [*known, *[None] * (width - len(known)), cells.cut(", ".join(first), SIGN)]


def expect_columns(header: Sequence[Any]) -> None:
    """Raises NotAListingSheet, ColumnTwice."""
    _places(header)


def _places(header: Sequence[Any]) -> dict[str, int]:
    """Name -> place of the column, -1 for one that is missing and may be."""
    columns = [_bare(cell) for cell in header]
    found = {}
    for name, names in NAMES.items():
        meant = {_bare(one) for one in names}
        places = [place for place, column in enumerate(columns) if column in meant]
        if len(places) > 1:
            raise ColumnTwice(first=str(header[places[0]]), second=str(header[places[1]]))
        found[name] = places[0] if places else -1
    if found["title"] < 0 or found["text"] < 0:
        raise NotAListingSheet
    return found


def _bare(name: Any) -> str:
    """A column name for comparison."""
    return plain(name).casefold()


def _errors(one: Listing, besides: set[str]) -> list[tuple[str, str]]:
    """What is wrong with the listing; nothing is said of columns that could not be read."""
    found = []
    if not one.title:
        found.append(("title", _("Write the title as buyers see it.")))
    if len(one.title) > LONGEST_TITLE:
        found.append(("title", _("The title has more than %(most)s characters.") % {"most": LONGEST_TITLE}))
    if not one.text:
        found.append(("text", _("Paste the detail text.")))
    if len(one.text) > LONGEST:
        found.append(("text", _("The text has more than %(most)s characters.") % {"most": LONGEST}))
    if one.kind not in Kind.values:
        words = ", ".join(str(label) for label in Kind.labels)
        found.append(("kind", _("“%(value)s” is no kind of listing. Use one of: %(words)s.")
                      % {"value": one.kind[:30], "words": words}))  # fmt: skip
    try:
        cells.read(one.product_id, CellKind.IDENTIFIER)
    except Problem as problem:
        found.append(("product_id", problem.text))
    if len(one.product_id) > 40:
        found.append(("product_id", _("A product id has 40 characters at most.")))
    return [(column, sentence) for column, sentence in found if column not in besides]
