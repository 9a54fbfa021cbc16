"""Serve a file of evidence to somebody who may see its complaint (reliability.md, section 3)."""

from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest

from .transitions import visible_or_404


def download(request: HttpRequest, object_id: str, evidence_id: int) -> FileResponse:
    """Always as an attachment with the type that we found ourselves; pictures still show inside our own pages."""
    complaint = visible_or_404(request, object_id)
    if not request.user.has_perm("complaints.view_evidence"):
        raise PermissionDenied
    evidence = complaint.evidence.filter(pk=evidence_id).exclude(file="").first()
    if evidence is None or not evidence.file.storage.exists(str(evidence.file.name)):
        raise Http404
    response = FileResponse(
        evidence.file.open(), as_attachment=True, filename=evidence.original_name, content_type=evidence.content_type
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
