"""What the API answers, for its documentation: the endpoints write exactly these members."""

from typing import Annotated, Any, Literal

from django.utils.translation import gettext_noop as _
from pydantic import AwareDatetime, BaseModel, Field

from complaints.lifecycle import State
from complaints.models import Channel
from complaints.operations.receiving import Result

from .problems import TITLES

Status: Any = Literal[tuple(State.values)]
ChannelName: Any = Literal[tuple(Channel.values)]
ResultCode: Any = Literal[tuple(Result)]
ProblemCode: Any = Literal[tuple(TITLES)]


class Missing(BaseModel):
    """What the registration still lacks: it is taken, and accepted once this is known."""

    code: Literal["complainant", "order", "issue_type", "demand", "contact"]
    label: str


class TakenIn(BaseModel):
    """What became of it, and on which complaint."""

    number: Annotated[str, Field(examples=["A20261122-0007"])]
    result: Annotated[
        ResultCode,
        Field(
            description=_(
                "`registered`: a new complaint. `joined`: there is an open one about the matter. "
                "`reopen_asked`: it had just been closed; staff decide whether to reopen it."
            )
        ),
    ]
    status: Status
    status_label: str
    contact_id: int
    missing: list[Missing]
    order_known: Annotated[
        bool | None,
        Field(description=_("Whether the shop has the order from its platform. False: staff verify it. Null: none.")),
    ]
    url: str


class IssueTypeName(BaseModel):
    code: str
    label: str


class IssueTypes(BaseModel):
    """What a complaint can be about."""

    items: list[IssueTypeName]


class ComplaintRow(BaseModel):
    """A complaint as its customer may know it."""

    number: str
    status: Status
    status_label: str
    open: bool
    title: str
    demand: str
    channel: ChannelName
    order_number: str | None
    issue_type: IssueTypeName | None
    missing: list[Missing]
    received_at: AwareDatetime
    registered_at: AwareDatetime
    updated_at: AwareDatetime
    accepted_at: AwareDatetime | None
    resolved_at: AwareDatetime | None
    closed_at: AwareDatetime | None
    reopen_asked_at: AwareDatetime | None
    merged_into: Annotated[str | None, Field(description=_("The complaint to go on with."))]
    previous: Annotated[str | None, Field(description=_("The ended complaint that this one follows."))]
    url: str


class ComplaintPage(BaseModel):
    """Complaints in the order of their last change, the oldest change first."""

    items: list[ComplaintRow]
    next: Annotated[str | None, Field(description=_("`cursor` of the next page; null on the last one."))]
    updated_until: Annotated[
        AwareDatetime,
        Field(
            description=_(
                "`updated_since` of the next run. It lies some minutes back, so that nothing slips through: "
                "what changed in these minutes comes again."
            )
        ),
    ]


class HistoryEvent(BaseModel):
    """What happened, as the customer may know it."""

    id: int
    type: Literal[
        "registered", "message_received", "message_sent", "status_changed", "reopen_asked", "evidence_received",
        "merged_in", "unmerged",
    ]  # fmt: skip
    at: AwareDatetime
    status_from: Status | None
    status_to: Status | None
    channel: ChannelName | None
    text: Annotated[str | None, Field(description=_("What was said, of messages."))]
    promised_for: Annotated[AwareDatetime | None, Field(description=_("The time that was named to the customer."))]
    other_complaint: Annotated[str | None, Field(description=_("Number, of merges."))]


class EventPage(BaseModel):
    """The history in order, the oldest first."""

    items: list[HistoryEvent]
    next: Annotated[str | None, Field(description=_("`cursor` of the next page; null on the last one."))]


class EvidenceTaken(BaseModel):
    """The file as it was stored: pictures are encoded anew, without the place where they were taken."""

    id: int
    number: str
    kind: str
    name: str
    content_type: str
    size: int
    sha256: str


class ConfirmationTaken(BaseModel):
    """The record as it is kept."""

    id: int
    text: str
    version: int
    product_id: str | None
    product: str
    order_number: str | None
    confirmed_at: AwareDatetime
    channel: ChannelName
    warning: Annotated[
        str | None,
        Field(
            description=_(
                "What the order tells against it, a sentence a line: it was placed before the buyer confirmed, "
                "or has no such product."
            )
        ),
    ]


class ErrorOfField(BaseModel):
    field: Annotated[str, Field(examples=["person.email"])]
    code: Annotated[str, Field(examples=["string_too_long"])]
    message: str


class ProblemDetails(BaseModel):
    """RFC 9457, with a code for programs and the fields that are not right."""

    type: str
    title: str
    status: int
    code: ProblemCode
    detail: str
    errors: list[ErrorOfField] = []


ALWAYS = (401, 429, 500, 503)
"""Whatever is asked, this may be the answer."""


def or_problem(*statuses: int) -> dict[int, Any]:
    """The problems that an endpoint may answer with."""
    return dict.fromkeys(sorted({*statuses, *ALWAYS}), ProblemDetails)
