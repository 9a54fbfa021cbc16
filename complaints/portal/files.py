"""Files that customers choose: each kept as soon as it is here, with the form that it was chosen in."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _

from complaints.models import StagedUpload
from complaints.operations import staging, uploads
from complaints.refusals import Refused

from . import visitors
from .pages import TOO_MANY, UNPROCESSABLE
from .seals import Seal

FORM_BYTES = staging.MOST_BYTES + uploads.MEGABYTE
ONE_FILE_BYTES = uploads.MAX_BYTES + uploads.MEGABYTE // 4

ACCEPTED = ",".join(uploads.CONTENT_TYPES)


@dataclass(frozen=True, slots=True)
class Problem:
    name: str
    words: str


def take(request: HttpRequest, form: UUID, *, now: datetime) -> list[Problem]:
    """Keep all files of a form that was sent as a whole; those that cannot be kept, with the reason."""
    problems = []
    for upload in request.FILES.getlist("files"):
        words = _keep(request, upload, form, now=now)
        if isinstance(words, str):
            problems.append(Problem(upload.name or "", words))
    return problems


def answer(request: HttpRequest, seal: Seal | None, *, now: datetime) -> HttpResponse:
    """One file sent or removed by the script of the page, as JSON."""
    if seal is None or seal.expired(now):
        return _refusal(_("The page was open for too long. Send the form once; nothing gets lost."))
    if key := request.POST.get("remove"):
        return JsonResponse({"removed": staging.remove(seal.token, key)})
    upload = request.FILES.get("file")
    if upload is None:
        return _refusal(_("The file did not arrive. Choose it once more."))
    kept = _keep(request, upload, seal.token, now=now)
    if isinstance(kept, str):
        return _refusal(kept)
    return JsonResponse({"key": kept.key, "name": kept.original_name, "size": kept.size})


def limits() -> dict[str, Any]:
    """What the page says about files before anybody chooses one."""
    return {
        "accepted": ACCEPTED,
        "most_files": staging.MOST_FILES,
        "most_bytes": uploads.MAX_BYTES,
        "most_megabytes": uploads.MAX_BYTES // uploads.MEGABYTE,
    }


def _keep(request: HttpRequest, upload: Any, form: UUID, *, now: datetime) -> StagedUpload | str:
    if seconds := visitors.wait(visitors.FILES, "files", visitors.caller(request)):
        return _("Too many files in a short time. Go on in %(minutes)s min.") % {"minutes": minutes(seconds)}
    try:
        return staging.stage(upload, form, now=now)
    except Refused as refusal:
        return refusal.text


def _refusal(words: str) -> JsonResponse:
    return JsonResponse({"error": words}, status=UNPROCESSABLE)


def too_often(seconds: int) -> JsonResponse:
    response = JsonResponse({"error": _("Too many requests.")}, status=TOO_MANY)
    response["Retry-After"] = str(seconds)
    return response


def minutes(seconds: int) -> int:
    """Whole minutes to wait, rounded up."""
    return max(1, -(-seconds // 60))
