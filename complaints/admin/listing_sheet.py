"""What the checks of listings found, written as a workbook for work elsewhere."""

from collections.abc import Iterable
from io import BytesIO

from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from openpyxl import Workbook

from complaints.intake.refusals import escaped
from complaints.models import Product

from .listing_words import of_check


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
