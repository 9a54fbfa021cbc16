"""Evidence that comes as a file in a form."""

import hashlib

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from ninja import File, Form, Router
from ninja.files import UploadedFile as NinjaFile

from complaints.models import Complaint, Evidence, Scope
from complaints.operations import matters, uploads, verification
from complaints.refusals import Refused

from . import answers, shapes
from .complaints import complaint_of
from .keys import Key
from .once import Said, asked, once
from .problems import FieldError, invalid
from .reading import refuse_unstorable

router = Router()
_OF_THE_FILE = (uploads.FileEmpty, uploads.FileTooLarge, uploads.FileTypeRefused, uploads.PictureUnreadable)


@router.post(
    "/complaints/{number}/evidence",
    auth=Key(Scope.EVIDENCE),
    response={201: answers.EvidenceTaken} | answers.or_problem(400, 403, 404, 409, 411, 413, 415, 422),
    operation_id="addEvidence",
    summary=gettext_noop("Add a file as evidence"),
    url_name="api-evidence",
    description=gettext_noop(
        "JPEG, PNG, WebP, PDF, MP4, MOV, MP3, M4A, WAV or AMR, 20 MB at most, one file at a time."
    ),
)
def add_evidence(
    request: HttpRequest, number: str, fields: Form[shapes.EvidenceFields], file: File[NinjaFile]
) -> HttpResponse:
    _known_only(request)
    refuse_unstorable(request.POST.dict() | {"file": file.name or ""})
    now = timezone.now()
    one = asked(request, fields.kind.encode(), fields.note.encode(), _digest(file))
    complaint = matters.surviving(complaint_of(one.key, number))
    # Before the transaction: to encode a large picture anew takes longer than anybody should wait for it.
    cleaned = _cleaned(file)
    stored: list[Evidence] = []

    def work() -> Said:
        stored.append(
            verification.add_evidence(
                complaint.pk, kind=fields.kind, note=fields.note.strip(), upload=cleaned, actor=None, now=now,
                via=one.key.name,
            )
        )  # fmt: skip
        return _said(stored[-1], complaint)

    try:
        answer = once(one, work, now=now)
    except Exception:
        _drop(stored)
        raise
    if "Idempotency-Replayed" in answer:
        _drop(stored)
    return answer


def _drop(stored: list[Evidence]) -> None:
    """The files of rows that were rolled back."""
    for evidence in stored:
        evidence.file.storage.delete(str(evidence.file.name))


def _cleaned(file: UploadedFile) -> uploads.CleanFile:
    try:
        return uploads.clean(file)
    except _OF_THE_FILE as refusal:
        raise invalid([FieldError("file", _code(refusal), refusal.text)]) from refusal


def _said(evidence: Evidence, complaint: Complaint) -> Said:
    body = {
        "id": evidence.pk,
        "number": complaint.number,
        "kind": evidence.kind,
        "name": evidence.original_name,
        "content_type": evidence.content_type,
        "size": evidence.size,
        "sha256": evidence.sha256,
    }
    return Said(201, body)


def _code(refusal: Refused) -> str:
    return {
        uploads.FileEmpty: "file_empty",
        uploads.FileTooLarge: "file_too_large",
        uploads.FileTypeRefused: "file_type",
    }.get(type(refusal), "picture_unreadable")


def _digest(file: UploadedFile) -> bytes:
    """The content, and not the boundary that the form happens to have."""
    digest = hashlib.sha256((file.name or "").encode(errors="replace"))
    for chunk in file.chunks():
        digest.update(chunk)
    file.seek(0)
    return digest.digest()


def _known_only(request: HttpRequest) -> None:
    sent = [*request.POST, *request.FILES]
    unknown = sorted(set(sent) - {*shapes.EvidenceFields.model_fields, "file"})
    sentence = _("There is no such field. Compare its name with the documentation.")
    doubled = [] if len(request.FILES.getlist("file")) <= 1 else ["file"]
    if unknown or doubled:
        twice = _("Send one file at a time.")
        raise invalid(
            [FieldError(name, "extra_forbidden", sentence) for name in unknown]
            + [FieldError(name, "too_many_files", twice) for name in doubled]
        )
