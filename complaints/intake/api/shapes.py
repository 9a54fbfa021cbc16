"""What the API takes: every field with its limits, as the documentation shows them."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from django.utils.translation import gettext_noop as _
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, WithJsonSchema
from pydantic_core import PydanticCustomError

from complaints.lifecycle import State
from complaints.models import Channel, Evidence, Severity

TEXT_LENGTH = 20_000
EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
MOST_ROWS = 200

_UNESCAPED_PLUS = re.compile(r"([Tt]\d\d:\d\d:\d\d(?:\.\d{1,9})?) (\d\d:\d\d)$")
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)")


def moment(value: Any) -> datetime:
    """An RFC 3339 moment with its offset, of a year that can be meant."""
    # In an address a + that was not escaped arrives as a space.
    text = _UNESCAPED_PLUS.sub(r"\1+\2", value) if isinstance(value, str) else ""
    if not _RFC3339.fullmatch(text):
        raise PydanticCustomError("moment", "RFC 3339")
    try:
        found = datetime.fromisoformat(text.upper()[:19] + _micro(text) + _offset(text)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise PydanticCustomError("moment", "RFC 3339") from error
    if not EARLIEST <= found < LATEST:
        raise PydanticCustomError("moment_range", "2000 to 2099")
    return found


def _micro(text: str) -> str:
    """The fraction cut to microseconds, which is what Python holds."""
    fraction = re.search(r"\.(\d+)", text)
    return f".{fraction[1][:6].ljust(6, '0')}" if fraction else ""


def _offset(text: str) -> str:
    return "+00:00" if text[-1] in "Zz" else text[-6:]


SeverityCode: Any = Literal[tuple(Severity.values)]
ChannelName: Any = Literal[tuple(Channel.values)]
EvidenceKind: Any = Literal[tuple(Evidence.Kind.values)]
Status: Any = Literal[tuple(State.values)]

Moment = Annotated[
    datetime,
    BeforeValidator(moment),
    WithJsonSchema({"type": "string", "format": "date-time", "description": _("From 2000 to 2099, with offset.")}),
]
Amount = Annotated[str, Field(pattern=r"^\d{1,10}(\.\d{1,2})?$", examples=["199.00"])]
Body = Annotated[str, Field(min_length=1, max_length=TEXT_LENGTH, pattern=r"\S")]


class Shape(BaseModel):
    """A name that nobody knows is a mistake, and is told."""

    model_config = ConfigDict(extra="forbid")


class Complainant(Shape):
    """Who complains, as far as known. Stored encrypted."""

    name: Annotated[str, Field(max_length=80, examples=["王小明"])] = ""
    phone: Annotated[
        str,
        Field(
            max_length=40, pattern=r"^(\D*\d){5,15}\D*$|^\s*$", description=_("5 to 15 digits."),
            examples=["13800001234"],
        ),
    ] = ""  # fmt: skip
    email: Annotated[str, Field(max_length=254, pattern=r"^([^@\s]+@[^@\s]+)?$", examples=["wang@mail.example"])] = ""
    buyer_id: Annotated[str, Field(max_length=120, examples=["tb_wang_88"])] = ""


class NewComplaint(Shape):
    """Only `text` is needed. What is missing is named in the answer and can be added by the shop's staff."""

    text: Annotated[Body, Field(description=_("What happened, in the customer's words."), examples=["杯子到手就碎了"])]
    title: Annotated[str, Field(max_length=120, description=_("Empty: the first line of the text."))] = ""
    demand: Annotated[
        str, Field(max_length=5000, description=_("What the customer asks for."), examples=["补发一个"])
    ] = ""
    person: Complainant = Complainant()
    order_number: Annotated[
        str, Field(max_length=40, description=_("As the platform writes it."), examples=["2026112212345"])
    ] = ""
    no_order_reason: Annotated[str, Field(max_length=200, description=_("Why there is no order."))] = ""
    product: Annotated[
        str, Field(max_length=300, description=_("What it is about, where the order is not known yet."))
    ] = ""
    amount: Annotated[Amount | None, Field(description=_("What was paid for it."))] = None
    issue_type: Annotated[
        str, Field(max_length=16, description=_("A code of `GET /issue-types`."), examples=["LOGI-03"])
    ] = ""
    severity: Annotated[SeverityCode, Field(description=_("S1 minor to S4 critical."))] = "S2"
    received_at: Annotated[Moment | None, Field(description=_("When it reached you. Empty: now."))] = None
    separate: Annotated[StrictBool, Field(description=_("It is a different matter than what is open."))] = False

    @property
    def paid(self) -> Decimal | None:
        return Decimal(self.amount) if self.amount is not None else None


class NewContact(Shape):
    """One message of the customer about a complaint."""

    text: Annotated[Body, Field(examples=["什么时候能补发？"])]


class NewConfirmation(Shape):
    """What a buyer confirmed before ordering. Name the order or the buyer, and the product by its id or title."""

    text: Annotated[
        str,
        Field(
            min_length=1, max_length=24, description=_("Code of a confirmation text."), examples=["MADE-TO-ORDER"]
        ),
    ]  # fmt: skip
    version: Annotated[
        int | None,
        Field(ge=1, le=32767, description=_("Which version was confirmed. Empty: the one in force then.")),
    ] = None
    confirmed_at: Annotated[Moment, Field(description=_("When the buyer confirmed it."))]
    channel: Annotated[ChannelName | None, Field(description=_("By which channel. Empty: that of the key."))] = None
    order_number: Annotated[
        str, Field(max_length=40, description=_("As the platform writes it."), examples=["2026112212345"])
    ] = ""
    buyer_id: Annotated[
        str,
        Field(max_length=120, description=_("Only a fingerprint of it is stored."), examples=["tb_wang_88"]),
    ] = ""
    product_id: Annotated[str, Field(max_length=40, examples=["682934511"])] = ""
    product: Annotated[str, Field(max_length=300, description=_("The title of the product."))] = ""


class EvidenceFields(Shape):
    """What comes beside the file, as parts of the same form."""

    kind: Annotated[EvidenceKind, Field(description=_("What kind of evidence it is."))] = "photo"
    note: Annotated[str, Field(max_length=300, description=_("What it shows."))] = ""


class Listing(Shape):
    """Which complaints, and how many at once."""

    updated_since: Annotated[
        Moment | None,
        Field(description=_("Only what changed at or after this moment: `updated_until` of the last run.")),
    ] = None
    status: Annotated[Status | None, Field(description=_("Only those that stand here."))] = None
    cursor: Annotated[str, Field(max_length=400, description=_("`next` of the page before."))] = ""
    limit: Annotated[int, Field(ge=1, le=MOST_ROWS, description=_("Rows at once."))] = 50


class EventListing(Shape):
    """Where to go on, and how many at once."""

    cursor: Annotated[str, Field(max_length=400, description=_("`next` of the page before."))] = ""
    limit: Annotated[int, Field(ge=1, le=MOST_ROWS, description=_("Rows at once."))] = 100
