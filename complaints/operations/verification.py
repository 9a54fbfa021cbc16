"""What verification collects: evidence, its waiver, liability, root cause (R1.2, R4.1, R4.6)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from complaints.lifecycle import OPEN, State
from complaints.models import Complaint, Contact, Evidence, LiabilityShare
from complaints.refusals import ReasonMissing, Refused

from . import uploads
from .locking import locked, record, save_change

MAX_FILES = 50
MAX_TOTAL = 200 * uploads.MEGABYTE
_SETTLED_BEFORE = (State.NEW, State.ACCEPTED, State.VERIFYING, State.PROPOSING)


class NothingSupplied(Refused):
    message = _("Choose a file or name a reference.")
    panel = "evidence"


class TooMuchEvidence(Refused):
    message = _("A complaint holds at most %(files)s files and %(megabytes)s MB.")
    panel = "evidence"


class SharesOver(Refused):
    message = _("The shares add up to %(percent)s %%. Together they must be 100 %%.")
    panel = "liability"


class PartyTwice(Refused):
    message = _("Each party can be named once.")
    panel = "liability"


class TooLate(Refused):
    message = _("This is settled and can no longer be changed in the stage “%(state)s”.")


def add_evidence(  # noqa: PLR0913 - each of them is a fact of the piece
    complaint_id: int,
    *,
    kind: str,
    note: str = "",
    reference: str = "",
    upload: UploadedFile | uploads.CleanFile | None = None,
    contact: Contact | None = None,
    via: str = "",
    actor: Any,
    now: datetime,
) -> Evidence:
    """Attach a file or a reference. The file is made harmless before the complaint is locked.

    `contact` is the message that it came with.
    """
    if upload is None and not reference.strip():
        raise NothingSupplied
    cleaned = uploads.clean(upload) if isinstance(upload, UploadedFile) else upload
    evidence = Evidence(
        complaint_id=complaint_id, kind=kind, note=note, reference=reference.strip(), contact=contact, added_by=actor,
        at=now,
    )  # fmt: skip
    if cleaned:
        evidence.original_name, evidence.content_type = cleaned.original_name, cleaned.content_type
        evidence.size, evidence.sha256 = cleaned.size, cleaned.sha256
    try:
        with locked(complaint_id) as complaint:
            _check_room(complaint, evidence)
            if cleaned:
                evidence.file.save(str(cleaned.content.name), cleaned.content, save=False)
            evidence.save()
            told = {"via": via} if via else {}
            record(complaint, "evidence_added", actor=actor, now=now, evidence=evidence.pk, evidence_kind=kind, **told)
    except Exception:
        if evidence.file:
            evidence.file.storage.delete(str(evidence.file.name))
        raise
    return evidence


def _check_room(complaint: Complaint, evidence: Evidence) -> None:
    # What came with a message that was taken in goes with it: the customer asks to reopen and shows why.
    if complaint.state not in OPEN and evidence.contact is None:
        raise TooLate(state=complaint.get_state_display())
    sizes = list(complaint.evidence.values_list("size", flat=True))
    if len(sizes) >= MAX_FILES or sum(sizes) + evidence.size > MAX_TOTAL:
        raise TooMuchEvidence(files=MAX_FILES, megabytes=MAX_TOTAL // uploads.MEGABYTE)


def waive_evidence(complaint_id: int, reason: str, *, actor: Any, version: int, now: datetime) -> Complaint:
    """Go on without evidence, with a reason (R1.2)."""
    if not reason.strip():
        raise ReasonMissing
    with locked(complaint_id, version=version) as complaint:
        _check_not_settled(complaint)
        complaint.evidence_waiver, complaint.evidence_waived_by = reason.strip(), actor
        save_change(complaint, "evidence_waiver", "evidence_waived_by")
        record(complaint, "evidence_waived", actor=actor, now=now, reason=reason)
    return complaint


def settle_liability(
    complaint_id: int,
    shares: Sequence[tuple[str, int, str]],
    *,
    root_cause: str,
    actor: Any,
    version: int,
    now: datetime,
) -> Complaint:
    """Replace the shares, each (party, percent, reason), and the root cause (R4.6).

    Less than 100 % may be saved as work in progress; more never. Raises SharesOver, PartyTwice, TooLate.
    """
    if sum(percent for _party, percent, _reason in shares) > 100:
        raise SharesOver(percent=sum(percent for _party, percent, _reason in shares))
    if len({party for party, _percent, _reason in shares}) < len(shares):
        raise PartyTwice
    with locked(complaint_id, version=version) as complaint:
        _check_not_settled(complaint)
        complaint.root_cause = root_cause.strip()
        save_change(complaint, "root_cause")
        complaint.liability.all().delete()
        LiabilityShare.objects.bulk_create(
            LiabilityShare(complaint=complaint, party=party, percent=percent, reason=reason)
            for party, percent, reason in shares
        )
        settled = {party: percent for party, percent, _reason in shares}
        record(complaint, "liability_settled", actor=actor, now=now, reason=root_cause, shares=settled)
    return complaint


def _check_not_settled(complaint: Complaint) -> None:
    if complaint.state not in _SETTLED_BEFORE:
        raise TooLate(state=complaint.get_state_display())
