"""Raw mails on disk: compressed, encrypted in portions, whole or not there."""

import io
import os
import struct
import uuid
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cryptography.fernet import InvalidToken
from django.conf import settings

from complaints.models import InboundMail

_PORTION = 1024 * 1024
_PLACE = struct.Struct(">IB")


class Missing(Exception):
    """The file is not there, or not the one that was written."""


def name_for(mailbox_id: int, digest: str) -> str:
    """Nothing of what the sender wrote reaches the disk as a name; the same mail is the same file."""
    return f"mail/{mailbox_id}/{digest[:2]}/{digest}"


def write(name: str, data: bytes) -> None:
    """Have the mail on the disk for good: its row is written afterwards, and its mailbox marked after that."""
    path = _path(name)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = path.with_name(f".{uuid.uuid4().hex}.part")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            for line in _sealed(data):
                out.write(line + b"\n")
            out.flush()
            os.fsync(out.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    _sync_folder(path.parent)


def read(name: str) -> bytes:
    """The mail as it came. Raises Missing."""
    try:
        # Grown in place, not joined from a list: a mail of 25 MB is in memory once.
        whole = io.BytesIO()
        with _path(name).open("rb") as file:
            whole.writelines(_opened(file))
        return whole.getvalue()
    except (OSError, InvalidToken, zlib.error, struct.error) as error:
        raise Missing(type(error).__name__) from error


def _sealed(data: bytes) -> Iterator[bytes]:
    """Each portion says where it belongs and whether it is the last: none can be left out or put elsewhere."""
    starts = range(0, max(len(data), 1), _PORTION)
    for number, at in enumerate(starts):
        place = _PLACE.pack(number, number == len(starts) - 1)
        yield _key().encrypt(place + zlib.compress(data[at : at + _PORTION], 1))


def _opened(lines: Iterator[bytes]) -> Iterator[bytes]:
    last = False
    for number, line in enumerate(lines):
        plain = _key().decrypt(line.strip())
        place, last = _PLACE.unpack_from(plain)
        if place != number:
            raise Missing("order")
        yield zlib.decompress(plain[_PLACE.size :])
    if not last:
        raise Missing("end")


def _key() -> Any:
    """The keys of the encrypted columns, with their rotation."""
    return InboundMail._meta.get_field("sender").f  # type: ignore[union-attr]


def _path(name: str) -> Path:
    return Path(settings.MEDIA_ROOT) / name


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
