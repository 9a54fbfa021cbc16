"""The address that other systems call: `POST /api/v1/hooks/<channel>`, signed as `complaints.signing` says."""

import re
from collections.abc import Mapping
from typing import Any

from axes.helpers import get_client_ip_address
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from complaints import signing
from complaints.intake import pacing
from complaints.intake.problem import Problem
from complaints.models import HookChannel, HookDelivery

from . import answers, payload, taking

DELIVERY_ID = re.compile(r"[A-Za-z0-9._:~-]{1,100}")
STAMP = re.compile(r"\d{1,12}", re.ASCII)
SIGNED_RATE = "600/minute"
"""Of one channel. What bears no good signature does not count here, or anybody could lock the sender out."""

FORGED_RATE = "60/minute"


class Refusal(Exception):
    """The request is answered with a problem and nothing is kept."""

    def __init__(self, status: int, code: str, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(code)
        self.status, self.code, self.detail, self.headers = status, code, detail, headers or {}


@csrf_exempt
def receive(request: HttpRequest, code: str) -> HttpResponse:
    """Keep a signed delivery and say what became of it; the same again is answered as the first time."""
    try:
        return _receive(request, code)
    except Refusal as refusal:
        return answers.problem(refusal.status, refusal.code, refusal.detail, refusal.headers)


def _receive(request: HttpRequest, code: str) -> HttpResponse:
    now = timezone.now()
    if request.method != "POST":
        raise Refusal(405, "method-not-allowed", "Deliveries are sent by POST.", {"Allow": "POST"})
    channel = HookChannel.objects.select_related("shop").filter(code=code, active=True, shop__active=True).first()
    if channel is None:
        raise Refusal(404, "unknown-channel", "No channel has this address, or it is switched off.")
    body = _body(request)
    delivery_id, key = _authenticated(request, channel, body, now=now)
    if seconds := pacing.wait(SIGNED_RATE, "hook", channel.code):
        raise _too_many(seconds)
    text = _text(request, body)
    digest = taking.digest_of(body)
    kept, new = taking.keep(channel, delivery_id, text, digest=digest, by_previous_secret=bool(key), now=now)
    if not new:
        _same_or_refused(kept, digest)
    return _answered(kept, new=new, now=now)


def _body(request: HttpRequest) -> bytes:
    try:
        length = int(request.headers.get("Content-Length") or 0)
    except ValueError:
        length = 0
    if length > payload.MOST_BYTES:
        raise Refusal(413, "too-large", f"The body is larger than {payload.MOST_BYTES // 1024} KB.")
    return request.body


def _authenticated(request: HttpRequest, channel: HookChannel, body: bytes, *, now: Any) -> tuple[str, int]:
    """Id of the delivery, and by which of the channel's keys it is signed."""
    delivery_id, stamp = request.headers.get(signing.ID, ""), request.headers.get(signing.TIMESTAMP, "")
    header = request.headers.get(signing.SIGNATURE, "")
    if not (DELIVERY_ID.fullmatch(delivery_id) and STAMP.fullmatch(stamp) and header):
        raise _unsigned(request, "missing-signature", f"{signing.ID}, {signing.TIMESTAMP} and {signing.SIGNATURE}"
                        " must be given; see the documentation.")  # fmt: skip
    secrets = [channel.secret]
    if channel.previous_secret and channel.previous_until and now < channel.previous_until:
        secrets.append(channel.previous_secret)
    key = signing.signed_by(secrets, header, delivery_id, stamp, body)
    if key is None:
        raise _unsigned(request, "bad-signature", "The signature does not fit the body and the secret.")
    if abs(now.timestamp() - int(stamp)) > signing.TOLERANCE:
        detail = f"The timestamp differs by more than {signing.TOLERANCE} seconds. Sign again at each attempt."
        raise Refusal(401, "too-old", detail)
    return delivery_id, key


def _unsigned(request: HttpRequest, code: str, detail: str) -> Refusal:
    seconds = pacing.wait(FORGED_RATE, "hook-forged", str(get_client_ip_address(request)))
    return _too_many(seconds) if seconds else Refusal(401, code, detail)


def _too_many(seconds: int) -> Refusal:
    return Refusal(429, "too-many", "Too many requests. Wait and send again.", {"Retry-After": str(seconds)})


def _text(request: HttpRequest, body: bytes) -> str:
    """The body as text that can be read as JSON, or a refusal: the sender is the one who can mend it."""
    if request.content_type != "application/json":
        raise Refusal(415, "not-json", "The content type must be application/json.")
    try:
        text = payload.decoded(body)
        payload.read(text)
    except Problem as problem:
        raise Refusal(400, "not-json", answers.in_english(problem)) from None
    return text


def _same_or_refused(kept: HookDelivery, digest: str) -> None:
    if kept.digest != digest:
        raise Refusal(422, "id-used", "Another body was delivered under this id before. Use a new id.")


def _answered(kept: HookDelivery, *, new: bool, now: Any) -> HttpResponse:
    """What was answered first; where nothing was yet, what becomes of it now."""
    if kept.answer is None and (new or taking.claim(kept.pk)):
        try:
            kept = taking.work_off(kept.pk, now=now)
        except (OperationalError, InterfaceError):
            raise Refusal(503, "try-again", "The delivery is kept. Send it again to hear what became of it.") from None
    elif kept.answer is None and kept.state == HookDelivery.State.WAITING:
        raise Refusal(409, "in-progress", "This delivery is being worked off. Send it again.", {"Retry-After": "2"})
    status, body = answers.first_answer(kept)
    return JsonResponse(body, status=status)
