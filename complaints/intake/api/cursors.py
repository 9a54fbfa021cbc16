"""Where a page ended, as a word that only we can write: signed, and good for the same question alone."""

from typing import Any

from django.core import signing
from django.utils.translation import gettext as _

from .problems import FieldError, invalid

_SALT = "amends.api.cursor"


def write(question: list[Any], place: list[Any]) -> str:
    return signing.dumps([question, place], salt=_SALT, compress=False)


def read(cursor: str, question: list[Any]) -> list[Any]:
    """The place where the page before ended. Raises Trouble for a cursor that is not ours, or of another question."""
    try:
        asked, place = signing.loads(cursor, salt=_SALT)
    except (signing.BadSignature, ValueError) as error:
        raise _wrong(_("Send `next` of the page before, unchanged.")) from error
    if asked != question:
        raise _wrong(_("This cursor belongs to another list. Send the same key and filters as for the page before."))
    return list(place)


def _wrong(sentence: str) -> Exception:
    return invalid([FieldError("cursor", "cursor", sentence)])
