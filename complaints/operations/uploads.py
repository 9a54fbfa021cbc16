"""Make an uploaded file harmless, or refuse it with a sentence (reliability.md, section 3)."""

import hashlib
import io
import warnings
from dataclasses import dataclass

import filetype
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageOps

from complaints.refusals import Refused

MEGABYTE = 1024 * 1024
MAX_BYTES = 20 * MEGABYTE
MAX_PIXELS = 50_000_000

_IMAGES = {"image/jpeg": ("JPEG", ".jpg"), "image/png": ("PNG", ".png"), "image/webp": ("WEBP", ".webp")}
_KEPT = {
    "application/pdf": ".pdf",
    "video/mp4": ".mp4",
    "video/quicktime": ".mov",
    "audio/mpeg": ".mp3",
    "audio/mp4": ".m4a",
    "audio/x-wav": ".wav",
    "audio/amr": ".amr",
}
CONTENT_TYPES = (*_IMAGES, *_KEPT)
ALLOWED = ".jpg,.jpeg,.png,.webp,.pdf,.mp4,.mov,.mp3,.m4a,.wav,.amr"


class FileTooLarge(Refused):
    message = _("The file has %(size)s MB; at most %(limit)s MB are possible.")
    panel = "evidence"


class FileEmpty(Refused):
    message = _("The file is empty.")
    panel = "evidence"


class FileTypeRefused(Refused):
    message = _(
        "This kind of file is not accepted. Possible are JPEG, PNG, WebP, PDF, MP4, MOV, MP3, M4A, WAV and AMR."
    )
    panel = "evidence"


class PictureUnreadable(Refused):
    message = _("The picture cannot be read or has too many pixels. Save it again as JPEG and retry.")
    panel = "evidence"


@dataclass(frozen=True, slots=True)
class CleanFile:
    """A file that may be stored; images are re-encoded, so that location data and appended scripts are gone."""

    content: ContentFile
    original_name: str
    content_type: str
    size: int
    sha256: str


class CleanUpload(UploadedFile):
    """A file that was made harmless when it came and has lain in our own store since."""

    def __init__(self, cleaned: CleanFile) -> None:
        super().__init__(cleaned.content, cleaned.original_name, cleaned.content_type, cleaned.size)
        self.cleaned = cleaned


def clean(upload: UploadedFile) -> CleanFile:
    """Judge by content, never by name. Raises FileEmpty, FileTooLarge, FileTypeRefused, PictureUnreadable."""
    if isinstance(upload, CleanUpload):
        return upload.cleaned
    if not upload.size:
        raise FileEmpty
    if upload.size > MAX_BYTES:
        raise FileTooLarge(size=round(upload.size / MEGABYTE, 1), limit=MAX_BYTES // MEGABYTE)
    data = upload.read()
    content_type = filetype.guess_mime(data) or ""
    if content_type in _IMAGES:
        data, suffix = _reencoded(data, content_type)
    elif content_type in _KEPT:
        suffix = _KEPT[content_type]
    else:
        raise FileTypeRefused
    return CleanFile(
        content=ContentFile(data, name=f"upload{suffix}"),
        original_name=(upload.name or "")[-200:],
        content_type=content_type,
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
    )


def _reencoded(data: bytes, content_type: str) -> tuple[bytes, str]:
    image_format, suffix = _IMAGES[content_type]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=[image_format]) as image:
                if image.width * image.height > MAX_PIXELS:
                    raise PictureUnreadable
                upright = ImageOps.exif_transpose(image)
                if image_format == "JPEG" and upright.mode not in ("RGB", "L"):
                    upright = upright.convert("RGB")
                fresh = Image.new(upright.mode, upright.size)
                if upright.mode == "P":
                    fresh.putpalette(upright.getpalette() or [])
                fresh.paste(upright)
                out = io.BytesIO()
                fresh.save(out, image_format, quality=88)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PictureUnreadable from error
    return out.getvalue(), suffix
