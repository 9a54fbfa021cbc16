"""Which order of the shop a mail names."""

import re
import unicodedata

from complaints.models import Order, Platform, Shop

MOST_CANDIDATES = 30
_LOOKED_AT = 20_000
_EDGE = r"(?<![0-9A-Za-z])(?:{})(?![0-9A-Za-z])"
_FORMS = {
    Platform.TAOBAO: r"\d{15,20}",
    Platform.JD: r"\d{9,18}",
    Platform.PDD: r"\d{6}-\d{13,17}",
    Platform.DOUYIN: r"\d{15,20}A?",
    Platform.WECHAT: r"\d{15,32}",
    Platform.OWN: r"[A-Za-z]{0,6}[-_]?\d[0-9A-Za-z_-]{4,38}",
}
"""How the numbers of each platform look; an order is only what the shop really has."""


def candidates(text: str, platform: str) -> list[str]:
    """What in the text may be an order number, in order. Pure."""
    plain = unicodedata.normalize("NFKC", text[:_LOOKED_AT])
    form = _EDGE.format(_FORMS[Platform(platform)])
    return list(dict.fromkeys(found[0] for found in re.finditer(form, plain)))[:MOST_CANDIDATES]


def named_in(shop: Shop, *texts: str) -> Order | None:
    """The order that the first of these texts names in which there is one; of several the first."""
    for text in texts:
        numbers = candidates(text, shop.platform)
        if not numbers:
            continue
        known = Order.objects.filter(shop=shop, number__in=numbers).select_related("customer", "shop")
        found = {order.number: order for order in known}
        if found:
            return next(found[number] for number in numbers if number in found)
    return None
