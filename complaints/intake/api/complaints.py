"""Complaints and what is said about them: send, read, list what changed."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from ninja import Query, Router

from complaints.models import ApiKey, Complaint, Order, Scope, Shop
from complaints.models.moment import Moment
from complaints.operations.conversation import EmptyText
from complaints.operations.customers import Person
from complaints.operations.receiving import Incoming, Result, take_in
from knowledge.models import IssueType

from . import answers, cursors, shapes, shown
from .keys import Key
from .once import Said, asked, once
from .problems import FieldError, as_bytes, invalid, not_found

OVERLAP = timedelta(minutes=5)
"""A change is listed when its transaction ends, under the moment of its statement: none lasts longer than this."""

CLOCKS_DIFFER = timedelta(minutes=5)

router = Router()


@router.post(
    "/complaints",
    auth=Key(Scope.WRITE),
    response={(200, 201): answers.TakenIn} | answers.or_problem(400, 403, 409, 411, 413, 415, 422),
    operation_id="createComplaint",
    summary=gettext_noop("Send a complaint"),
    url_name="api-complaints",
    description=gettext_noop(
        "201 where a new complaint was registered, 200 where it joined one that is open about the matter."
    ),
)
def create_complaint(request: HttpRequest, payload: shapes.NewComplaint) -> HttpResponse:
    now, one = timezone.now(), asked(request, request.body)
    _not_of_the_future(payload.received_at, now=now)
    incoming = replace(_incoming(one.key, payload), source=one.source)
    return once(one, lambda: _taken_in(incoming, now=now), now=now)


@router.post(
    "/complaints/{number}/contacts",
    auth=Key(Scope.WRITE),
    response={201: answers.TakenIn} | answers.or_problem(400, 403, 404, 409, 411, 413, 415, 422),
    operation_id="addContact",
    summary=gettext_noop("Add a message to a complaint"),
    url_name="api-contacts",
    description=gettext_noop(
        "A complaint that ended long ago gets a new one that follows it; the answer has the number."
    ),
)
def add_contact(request: HttpRequest, number: str, payload: shapes.NewContact) -> HttpResponse:
    now, one = timezone.now(), asked(request, request.body)
    about = complaint_of(one.key, number)
    incoming = Incoming(
        shop=one.key.shop, channel=one.key.channel, text=payload.text.strip(), about=about, source=one.source,
        via=one.key.name,
    )  # fmt: skip
    return once(one, lambda: _taken_in(incoming, now=now, status=201), now=now)


@router.get(
    "/complaints",
    auth=Key(Scope.READ),
    response={200: answers.ComplaintPage} | answers.or_problem(403, 422),
    operation_id="listComplaints",
    summary=gettext_noop("List complaints by their last change"),
    url_name="api-complaints",
    description=gettext_noop("Go on with `next` until it is null. Then keep `updated_until` for the next run."),
)
def list_complaints(request: HttpRequest, fields: Query[shapes.Listing]) -> HttpResponse:
    known_only(request, shapes.Listing)
    key: ApiKey = request.auth  # type: ignore[attr-defined]
    question = [key.shop_id, fields.status, shown.moment(fields.updated_since)]
    rows = shown.rows(Complaint.objects.filter(shop=key.shop_id)).order_by("changed_at", "pk")
    if fields.status:
        rows = rows.filter(state=fields.status)
    if fields.updated_since:
        rows = rows.filter(changed_at__gte=fields.updated_since)
    if fields.cursor:
        until, at, pk = cursors.read(fields.cursor, question)
        last = datetime.fromisoformat(at)
        rows = rows.filter(changed_at__gte=last).filter(Q(changed_at__gt=last) | Q(pk__gt=pk))
    else:
        until = shown.moment(_database_time(key) - OVERLAP)
    found = list(rows[: fields.limit + 1])
    page = found[: fields.limit]
    more = len(found) > len(page)
    body = {
        "items": [shown.complaint(one) for one in page],
        "next": cursors.write(question, [until, page[-1].changed_at.isoformat(), page[-1].pk]) if more else None,
        "updated_until": until,
    }
    return HttpResponse(as_bytes(body), content_type="application/json")


@router.get(
    "/complaints/{number}",
    auth=Key(Scope.READ),
    response={200: answers.ComplaintRow} | answers.or_problem(403, 404),
    operation_id="readComplaint",
    summary=gettext_noop("Read a complaint"),
    url_name="api-complaint",
    description=gettext_noop("Where it stands, as its customer may know it."),
)
def read_complaint(request: HttpRequest, number: str) -> HttpResponse:
    one = complaint_of(request.auth, number, rows=shown.rows(Complaint.objects.all()))  # type: ignore[attr-defined]
    return HttpResponse(as_bytes(shown.complaint(one)), content_type="application/json")


@router.get(
    "/complaints/{number}/events",
    auth=Key(Scope.READ),
    response={200: answers.EventPage} | answers.or_problem(403, 404, 422),
    operation_id="listEvents",
    summary=gettext_noop("Read the history of a complaint"),
    url_name="api-events",
    description=gettext_noop(
        "What happened, as the customer may know it; texts of messages to and from the customer included."
    ),
)
def list_events(request: HttpRequest, number: str, fields: Query[shapes.EventListing]) -> HttpResponse:
    known_only(request, shapes.EventListing)
    one = complaint_of(request.auth, number)  # type: ignore[attr-defined]
    rows, question = shown.events_of(one), [one.pk, "events"]
    if fields.cursor:
        rows = rows.filter(pk__gt=cursors.read(fields.cursor, question)[0])
    found = list(rows[: fields.limit + 1])
    page = found[: fields.limit]
    more = len(found) > len(page)
    body = {
        "items": shown.events(page),
        "next": cursors.write(question, [page[-1].pk]) if more else None,
    }
    return HttpResponse(as_bytes(body), content_type="application/json")


@router.get(
    "/issue-types",
    auth=Key(None),
    response={200: answers.IssueTypes} | answers.or_problem(),
    operation_id="listIssueTypes",
    summary=gettext_noop("List issue types"),
    url_name="api-issue-types",
    description=gettext_noop("Codes for `issue_type`, with names in the language of Accept-Language."),
)
def list_issue_types(request: HttpRequest) -> HttpResponse:
    items = [{"code": one.code, "label": f"{one.parent} / {one}"} for one in IssueType.objects.selectable()]
    return HttpResponse(as_bytes({"items": items}), content_type="application/json")


def complaint_of(key: ApiKey, number: str, *, rows: Any = None) -> Complaint:
    """The complaint of the key's shop. Raises Trouble, the same for another shop's as for none."""
    rows = Complaint.objects.all() if rows is None else rows
    found = rows.filter(shop=key.shop_id, number=number).first() if len(number) <= 20 and "\0" not in number else None
    if found is None:
        raise not_found()
    return found


def known_only(request: HttpRequest, shape: type[shapes.Shape]) -> None:
    """Raises Trouble for parameters that nobody reads: a misspelt filter must not list everything."""
    if unknown := sorted(set(request.GET) - set(shape.model_fields)):
        sentence = _("There is no such parameter. Compare its name with the documentation.")
        raise invalid([FieldError(name, "extra_forbidden", sentence) for name in unknown])


def _incoming(key: ApiKey, sent: shapes.NewComplaint) -> Incoming:
    person = sent.person
    return Incoming(
        shop=key.shop,
        channel=key.channel,
        text=sent.text.strip(),
        title=sent.title.strip(),
        demand=sent.demand.strip(),
        person=Person(
            name=person.name.strip(), phone=person.phone.strip(), email=person.email, buyer=person.buyer_id.strip()
        ),
        order_number=sent.order_number.strip(),
        product=sent.product.strip(),
        amount=sent.paid,
        no_order_reason=sent.no_order_reason.strip(),
        issue_type=_issue_type(sent.issue_type.strip()),
        severity=sent.severity,
        received_at=sent.received_at,
        separate=sent.separate,
        via=key.name,
    )


def _not_of_the_future(received_at: datetime | None, *, now: datetime) -> None:
    """Clocks differ a little; more is a mistake, and would let the first response look quicker than it was."""
    if received_at and received_at > now + CLOCKS_DIFFER:
        sentence = _("This moment is still to come. Compare its offset and your clock.")
        raise invalid([FieldError("received_at", "in_the_future", sentence)])


def _issue_type(code: str) -> IssueType | None:
    if not code:
        return None
    found = IssueType.objects.selectable().filter(code=code).first()
    if found is None:
        sentence = _("There is no such issue type. GET /issue-types lists them.")
        raise invalid([FieldError("issue_type", "unknown_issue_type", sentence)])
    return found


def _taken_in(incoming: Incoming, *, now: datetime, status: int = 0) -> Said:
    try:
        received = take_in(incoming, actor=None, now=now, looked=True)
    except EmptyText as refusal:
        raise invalid([FieldError("text", "string_too_short", refusal.text)]) from refusal
    one = received.complaint
    url = shown.url_of(one.number)
    body = {
        "number": one.number,
        "result": str(received.result),
        "status": one.state,
        "status_label": shown.label_of(one.state),
        "contact_id": received.contact.pk,
        "missing": shown.missing(one) if one.is_open else [],
        "order_known": _order_known(one),
        "url": url,
    }
    registered = 201 if received.result == Result.REGISTERED else 200
    return Said(status or registered, body, {"Location": url})


def _order_known(complaint: Complaint) -> bool | None:
    return complaint.order.source == Order.Source.IMPORT if complaint.order else None


def _database_time(key: ApiKey) -> datetime:
    return Shop.objects.filter(pk=key.shop_id).values_list(Moment(), flat=True)[0]
