"""Where a customer finds the order number, by platform."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from complaints.models import Platform

HINTS: dict[str, Any] = {
    Platform.TAOBAO: _("Open Taobao, then My Taobao, My orders and the order. The number stands under “Order info”."),
    Platform.JD: _("Open JD, then Me, My orders and the order. The number stands at the top of the order's page."),
    Platform.PDD: _("Open Pinduoduo, then Me, My orders and the order. The number stands at the end of the page."),
    Platform.DOUYIN: _("Open Douyin, then Me, My orders and the order. Unfold “Order info” to see the number."),
    Platform.WECHAT: _("Open WeChat, then Me, Orders and cards, and the order. The number stands under “Order info”."),
    Platform.OWN: _("It stands in the mail that confirmed your order, and on the order's page in your account."),
}
