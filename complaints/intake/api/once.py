"""Do what a request asks for once, however often it is sent under one `Idempotency-Key`."""

import hashlib
import re
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.translation import gettext as _

from complaints.models import ApiAnswer, ApiKey
from complaints.operations import api_answers

from .problems import FieldError, Trouble, as_bytes, invalid

HEADER = "Idempotency-Key"
_NAME = re.compile(r"[\x21-\x7e]{1,200}")


@dataclass(frozen=True, slots=True)
class Said:
    """An answer that tells what was done."""

    status: int
    body: Mapping[str, Any]
    headers: dict[str, str] = field(default_factory=dict)

    def answer(self) -> HttpResponse:
        return _answer(self.status, as_bytes(self.body), self.headers)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that changes something, and the key that sends it."""

    key: ApiKey
    name: str
    """The `Idempotency-Key`; empty: without."""
    fingerprint: str

    @property
    def source(self) -> str:
        """Names the delivery for ever, also when its answer has been forgotten; without a name each is another one."""
        if not self.name:
            return f"api:{self.key.pk}:{secrets.token_hex(16)}"
        digest = hashlib.sha256(f"{self.name}\n{self.fingerprint}".encode()).hexdigest()
        return f"api:{self.key.pk}:{digest}"


def asked(request: HttpRequest, *content: bytes) -> Asked:
    """What makes this request the same as another: address and content. Raises Trouble for a name that is none."""
    name = request.headers.get(HEADER, "")
    if HEADER in request.headers and not _NAME.fullmatch(name):
        sentence = _("Use 1 to 200 visible ASCII characters, without spaces.")
        raise invalid([FieldError(HEADER, "string_pattern_mismatch", sentence)])
    parts = [str(request.method).encode(), request.path.encode(), *content]
    return Asked(request.auth, name, _fingerprint(parts))  # type: ignore[attr-defined]


def once(one: Asked, work: Callable[[], Said], *, now: datetime) -> HttpResponse:
    """Work, and keep the answer in the same transaction; or say again what was said. Raises what `work` raises."""
    if not one.name:
        return work().answer()
    try:
        return _once(one, work, now=now)
    except IntegrityError:
        # The first of two that were sent at once has been written by now; if not, it was something else.
        return _once(one, work, now=now)


def _once(one: Asked, work: Callable[[], Said], *, now: datetime) -> HttpResponse:
    try:
        with transaction.atomic():
            if before := api_answers.recall(one.key, one.name, one.fingerprint):
                replayed = dict(before.headers) | {"Idempotency-Replayed": "true"}
                return _answer(before.status, before.body.encode(), replayed)
            said = work()
            headers = said.headers | {"Content-Language": translation.get_language() or ""}
            body = as_bytes(said.body)
            api_answers.remember(
                ApiAnswer(
                    key=one.key, name=one.name, fingerprint=one.fingerprint, status=said.status, body=body.decode(),
                    headers=headers, at=now,
                )
            )  # fmt: skip
    except api_answers.BeingServed as refusal:
        raise Trouble("in_progress", refusal.text, headers={"Retry-After": "1"}) from refusal
    except api_answers.OtherRequest as refusal:
        raise Trouble("idempotency_key_reused", refusal.text) from refusal
    return _answer(said.status, body, headers)


def _answer(status: int, body: bytes, headers: Mapping[str, str]) -> HttpResponse:
    return HttpResponse(body, status=status, content_type="application/json", headers=dict(headers))


def _fingerprint(parts: Iterable[bytes]) -> str:
    """Each part with its length, so that no two lists of parts are alike."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(f"{len(part)}:".encode() + part)
    return digest.hexdigest()
