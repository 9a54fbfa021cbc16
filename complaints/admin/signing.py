"""The version of a complaint, signed into each form about it (reliability.md, section 2)."""

from django.core.signing import BadSignature, Signer
from django.utils.translation import gettext_lazy as _

from complaints.models import Complaint
from complaints.refusals import Refused

_signer = Signer(salt="complaint-version")


class FormForged(Refused):
    message = _("This form is damaged or belongs to another complaint. Open the case again and repeat the step.")


def sign_version(complaint: Complaint) -> str:
    return _signer.sign_object([complaint.pk, complaint.version])


def read_version(token: str, complaint_id: int) -> int:
    """The version that the form was made for. Raises FormForged for anything but our own token for this complaint."""
    try:
        owner, version = _signer.unsign_object(token)
    except (BadSignature, ValueError, TypeError) as error:
        raise FormForged from error
    if owner != complaint_id:
        raise FormForged
    return version
