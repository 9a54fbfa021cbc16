"""What a sender is told, in English, for a programmer reads it: the first answer for ever, problems by RFC 9457."""

import json
from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from django.utils import translation

from complaints.intake.problem import Problem
from complaints.models import HookDelivery

State = HookDelivery.State
RESULTS = {State.TAKEN: "registered", State.JOINED: "joined", State.IGNORED: "ignored"}
KEPT = "kept"
"""Taken in, and nothing is made of it yet: somebody of the desk looks at it, or the desk tries again by itself."""

TITLES = {
    400: "Bad request", 401: "Unauthorized", 404: "Not found", 405: "Method not allowed", 409: "Conflict",
    413: "Content too large", 415: "Unsupported media type", 422: "Unprocessable content", 429: "Too many requests",
    503: "Service unavailable",
}  # fmt: skip


def first_answer(delivery: HookDelivery) -> tuple[int, dict[str, Any]]:
    """Status and body of what the sender of this delivery was told first, which may be now."""
    if delivery.answer is None:
        result = RESULTS.get(State(delivery.state), KEPT)
        body: dict[str, Any] = {"id": delivery.delivery_id, "result": result}
        if delivery.complaint:
            body["complaint"] = delivery.complaint.number
        answer: dict[str, Any] = {"status": 202 if result == KEPT else 200, "body": body}
        if not HookDelivery.objects.filter(pk=delivery.pk, answer__isnull=True).update(answer=answer):
            delivery.refresh_from_db(fields=["answer"])
        else:
            delivery.answer = answer
    told: dict[str, Any] = delivery.answer or {}
    return told["status"], told["body"]


def problem(status: int, code: str, detail: str, headers: Mapping[str, str]) -> HttpResponse:
    """A refusal as RFC 9457 has it."""
    told = {"type": f"urn:amends:problem:{code}", "title": TITLES[status], "status": status, "detail": detail}
    return HttpResponse(json.dumps(told), status=status, content_type="application/problem+json", headers=dict(headers))


def in_english(problem: Problem) -> str:
    with translation.override("en"):
        return problem.text
