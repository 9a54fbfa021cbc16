"""What buyers confirmed before they ordered, as a shop's program sends it (R2.2)."""

from datetime import datetime

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from ninja import Router

from complaints.models import ConfirmationRecord, Scope
from complaints.operations import confirmations
from complaints.operations.confirmations import Confirmation
from complaints.queries.listings import doubts
from complaints.refusals import Refused
from knowledge.models import ConfirmationText

from . import answers, shapes, shown
from .keys import Key
from .once import Asked, Said, asked, once
from .problems import FieldError, invalid

router = Router()
_FIELDS = {
    confirmations.BuyerMissing: ("order_number", "buyer_missing"),
    confirmations.ProductMissing: ("product_id", "product_missing"),
    confirmations.StillToCome: ("confirmed_at", "in_the_future"),
    confirmations.NotPublishedThen: ("text", "not_published_then"),
}


@router.post(
    "/confirmations",
    auth=Key(Scope.CONFIRM),
    response={201: answers.ConfirmationTaken} | answers.or_problem(400, 403, 409, 411, 413, 415, 422),
    operation_id="createConfirmation",
    summary=gettext_noop("Send a buyer's confirmation"),
    url_name="api-confirmations",
    description=gettext_noop(
        "That a buyer confirmed a text about a product before ordering. A complaint about a product that asks for a "
        "confirmation shows a warning where there is none."
    ),
)
def create_confirmation(request: HttpRequest, payload: shapes.NewConfirmation) -> HttpResponse:
    now, one = timezone.now(), asked(request, request.body)
    confirmation = _confirmation(one, payload)

    def work() -> Said:
        try:
            return _said(confirmations.record(confirmation, actor=None, now=now))
        except Refused as refusal:
            field, code = _FIELDS[type(refusal)]
            raise invalid([FieldError(field, code, refusal.text)]) from refusal

    return once(one, work, now=now)


def _confirmation(one: Asked, sent: shapes.NewConfirmation) -> Confirmation:
    return Confirmation(
        shop=one.key.shop,
        text=_text(sent.text.strip(), sent.version, sent.confirmed_at),
        confirmed_at=sent.confirmed_at,
        channel=sent.channel or one.key.channel,
        product_id=sent.product_id,
        product=sent.product,
        order=sent.order_number,
        buyer=sent.buyer_id,
        via=one.key.name,
        source=one.source,
    )


def _text(code: str, version: int | None, confirmed_at: datetime) -> ConfirmationText:
    """The version that was named, else the one that the buyer can have seen then: a delivery may come late."""
    rows = ConfirmationText.objects.filter(code=code).order_by("-number")
    then = rows.filter(Q(published_at=None) | Q(published_at__lte=confirmed_at))
    found = rows.filter(number=version).first() if version else then.first() or rows.last()
    if found is None:
        sentence = _("There is no confirmation text with this code and version. The desk lists them under Knowledge.")
        raise invalid([FieldError("text", "unknown_text", sentence)])
    return found


def _said(record: ConfirmationRecord) -> Said:
    body = {
        "id": record.pk,
        "text": record.text.code,
        "version": record.text.number,
        "product_id": record.product.product_id or None,
        "product": record.product.title,
        "order_number": record.order_number or None,
        "confirmed_at": shown.moment(record.confirmed_at),
        "channel": record.channel,
        "warning": "\n".join(doubts(record)) or None,
    }
    return Said(201, body)
