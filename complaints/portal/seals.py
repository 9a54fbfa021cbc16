"""The seal of a form: which form it is, since when it is open, and for whom it was made; signed."""

import uuid
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from django.core import signing

SALT = "complaints.portal.form"
VALID_FOR = timedelta(hours=12)
"""Shorter than staged files are kept, so that what was chosen in it is still there."""


@dataclass(frozen=True, slots=True)
class Seal:
    """`place` names the page that the form stands on; `token` stays the same when the seal is renewed."""

    place: str
    token: uuid.UUID
    made_at: datetime

    def __str__(self) -> str:
        content = [self.place, self.token.hex, int(self.made_at.timestamp())]
        return signing.dumps(content, salt=SALT)

    def expired(self, now: datetime) -> bool:
        return now > self.made_at + VALID_FOR

    def renewed(self, now: datetime) -> "Seal":
        return replace(self, made_at=now)


def new(place: str, *, now: datetime) -> Seal:
    return Seal(place, uuid.uuid4(), now)


def read(text: str, place: str) -> Seal | None:
    """The seal, if we made it for this place; however old."""
    try:
        found, token, seconds = signing.loads(text, salt=SALT)
        seal = Seal(found, uuid.UUID(hex=token), datetime.fromtimestamp(seconds, UTC))
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return seal if seal.place == place else None
