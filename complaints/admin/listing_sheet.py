"""Listings as a sheet: read row by row with what is wrong, and what was found written for work elsewhere."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy
from openpyxl import Workbook

from complaints.intake import cells
from complaints.intake.layouts import Kind as CellKind
from complaints.intake.layouts import plain
from complaints.intake.problem import Problem
from complaints.intake.refusals import FORMULA_SIGNS, escaped
from complaints.intake.sheets import open_sheets
from complaints.models import Product, Shop
from complaints.operations.listings import LONGEST, LONGEST_TITLE, Listing
from complaints.operations.products import Named
from knowledge.listing import Kind

from .listing_forms import plain_text
from .listing_words import of_check

MOST_ROWS = 300
MOST_CHARACTERS = 300_000
"""So much is checked in less than two seconds, so that nobody waits for a job."""
MAX_BYTES = 2 << 20

NAMES = {
    "title": ("title", "标题", "商品标题", "商品名称"),
    "text": ("detail", "detail text", "详情", "详情文案", "商品详情"),
    "kind": ("kind", "类型", "销售方式"),
    "product_id": ("product id", "product_id", "商品id", "商品编号"),
}
KINDS = {
    Kind.NORMAL: ("", "normal", "普通", "现货"),
    Kind.PRESALE: ("presale", "预售"),
    Kind.PROMOTION: ("promotion", "促销", "活动"),
    Kind.MADE_TO_ORDER: ("made_to_order", "made to order", "定制"),
}
_KIND_OF = {word: kind for kind, words in KINDS.items() for word in words}


class NotAListingSheet(Problem):
    message = gettext_lazy("The first row must name the columns title and detail; kind and product id may follow.")


class TooManyListings(Problem):
    message = gettext_lazy("There are more than %(most)s rows. Import them in several files.")


class TooMuchText(Problem):
    message = gettext_lazy("The texts have more than %(most)s characters together. Import them in several files.")


class NoListings(Problem):
    message = gettext_lazy("There is no listing below the names of the columns.")


class ListingSheetTooLarge(Problem):
    message = gettext_lazy("The file is larger than 2 MB. Keep only the columns title, detail, kind and product id.")


COLUMN_NAMES = {
    "title": pgettext_lazy("column", "title"),
    "detail": pgettext_lazy("column", "detail"),
    "text": pgettext_lazy("column", "detail"),
    "kind": pgettext_lazy("column", "kind"),
    "product id": pgettext_lazy("column", "product id"),
    "product_id": pgettext_lazy("column", "product id"),
}


@dataclass(slots=True)
class Row:
    """A row of the file as a listing, or what is wrong with which column."""

    number: int
    listing: Listing
    errors: list[tuple[str, str]] = field(default_factory=list)
    is_same: bool = False
    is_known: bool = False

    @property
    def wrong(self) -> list[tuple[Any, str]]:
        """What is wrong, with the name of the column as the page names it."""
        return [(COLUMN_NAMES.get(column, column), sentence) for column, sentence in self.errors]

    @property
    def kind_words(self) -> str:
        return str(Kind(self.listing.kind).label)


# ---------------------------------------------------------------- reading


def read(content: bytes) -> list[tuple[int, dict[str, str]]]:
    """Number and cells of each row that is not empty. Raises Problem with what is wrong with the file."""
    if len(content) > MAX_BYTES:
        raise ListingSheetTooLarge
    rows = open_sheets(content)[0].rows()
    places = _places(next(rows, (0, ()))[1])
    found, characters = [], 0
    for number, values in rows:
        named = {name: _cell(values, place) for name, place in places.items()}
        if any(named.values()):
            found.append((number, named))
            characters += len(named["text"])
        if len(found) > MOST_ROWS:
            raise TooManyListings(most=MOST_ROWS)
        if characters > MOST_CHARACTERS:
            raise TooMuchText(most=MOST_CHARACTERS)
    if not found:
        raise NoListings
    return found


def _places(header: Sequence[Any]) -> dict[str, int]:
    """Name -> place of the column, -1 for one that is missing and may be."""
    places = {_bare(cell): place for place, cell in enumerate(header)}
    found = {
        name: next((places[one] for one in map(_bare, names) if one in places), -1) for name, names in NAMES.items()
    }
    if found["title"] < 0 or found["text"] < 0:
        raise NotAListingSheet
    return found


def _bare(name: Any) -> str:
    """A column name for comparison."""
    return plain(name).casefold()


def _cell(values: Sequence[Any], place: int) -> str:
    """The text of a cell, without the sign that keeps it from being a formula."""
    value = values[place] if 0 <= place < len(values) else None
    if isinstance(value, float) and value.is_integer() and abs(value) < 10**cells.EXACT_DIGITS:
        value = int(value)
    text = "" if value is None else str(value).replace("\0", "")
    if text[:1] == "'" and text[1:].lstrip(" ").startswith(FORMULA_SIGNS):
        text = text[1:]
    return plain_text(text.replace("_x000D_", ""))


def judge(shop: Shop, read_rows: Sequence[tuple[int, dict[str, str]]]) -> list[Row]:
    """What each row would do; two queries."""
    rows, seen = [], set()
    for number, values in read_rows:
        row = Row(number, _listing(values))
        row.errors += _errors(row.listing, values)
        mark = Named(row.listing.product_id, row.listing.title).mark
        if mark in seen:
            row.errors.append(("title", _("This product stands in an earlier row as well.")))
        seen.add(mark)
        rows.append(row)
    known = {one.mark: one for one in Product.objects.filter(shop=shop, mark__in=seen).select_related("latest")}
    for row in rows:
        product = known.get(Named(row.listing.product_id, row.listing.title).mark)
        row.is_known = product is not None
        if product and (last := product.latest):
            one = row.listing
            row.is_same = (last.kind, last.title, last.text) == (one.kind, one.title, one.text)
    return rows


def _listing(values: dict[str, str]) -> Listing:
    kind = _KIND_OF.get(values["kind"].lower(), values["kind"])
    return Listing(title=values["title"], text=values["text"], kind=kind, product_id=values["product_id"])


def _errors(one: Listing, values: dict[str, str]) -> list[tuple[str, str]]:
    found = []
    if not one.title:
        found.append(("title", _("Write the title as buyers see it.")))
    if len(one.title) > LONGEST_TITLE:
        found.append(("title", _("The title has more than %(most)s characters.") % {"most": LONGEST_TITLE}))
    if not one.text:
        found.append(("detail", _("Paste the detail text.")))
    if len(one.text) > LONGEST:
        found.append(("detail", _("The text has more than %(most)s characters.") % {"most": LONGEST}))
    if one.kind not in Kind.values:
        words = ", ".join(str(label) for label in Kind.labels)
        found.append(("kind", _("“%(value)s” is no kind of listing. Use one of: %(words)s.")
                      % {"value": one.kind[:30], "words": words}))  # fmt: skip
    try:
        cells.read(values["product_id"], CellKind.IDENTIFIER)
    except Problem as problem:
        found.append(("product id", problem.text))
    if len(one.product_id) > 40:
        found.append(("product id", _("A product id has 40 characters at most.")))
    return found


# ---------------------------------------------------------------- writing


def workbook(products: Iterable[Product]) -> BytesIO:
    """A row for each open finding of products with their latest check. Nothing in it runs as a formula."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("findings")
    sheet.append(_header())
    for product in products:
        for one in of_check(product.latest):
            cells_of_row = (
                product.shop.name, product.product_id, product.title, product.get_kind_display(), product.score,
                one.level_words, one.name, " ".join(one.words), one.reason, one.advice, one.points,
            )  # fmt: skip
            sheet.append([cell if isinstance(cell, int) else escaped(cell) for cell in cells_of_row])
    out = BytesIO()
    book.save(out)
    out.seek(0)
    return out


def _header() -> list[str]:
    return [
        _("Shop"), _("Product id"), pgettext("listing", "Title"), _("Kind of listing"), _("Score"), _("Level"),
        _("Finding"), _("Words"), _("Reason"), _("How to mend it"), _("Points off"),
    ]  # fmt: skip
