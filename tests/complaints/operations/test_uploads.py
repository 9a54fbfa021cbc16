"""A file that somebody uploads is made harmless, or refused with a sentence."""

import io
import random
import struct
import warnings
import zipfile
import zlib
from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from complaints.operations import uploads
from complaints.operations.uploads import (
    MAX_BYTES,
    CleanFile,
    FileEmpty,
    FileTooLarge,
    FileTypeRefused,
    PictureUnreadable,
    clean,
)
from complaints.refusals import Refused

SCRIPT = b"<script>alert(document.cookie)</script>"
GPS, MAKE, ORIENTATION = 0x8825, 0x010F, 0x0112


def picture(kind: str = "JPEG", mode: str = "RGB", size: tuple[int, int] = (60, 40), *, orientation: int = 1) -> bytes:
    """A photo as a phone takes it: with its maker and the place where it was taken."""
    image = Image.new(mode, size, 128 if mode in ("L", "P", "I;16") else None)
    exif = Image.Exif()
    exif[MAKE], exif[ORIENTATION] = "PhoneMaker", orientation
    exif.get_ifd(GPS).update({1: "N", 2: (31.0, 14.0, 3.0), 3: "E", 4: (121.0, 29.0, 9.0)})
    out = io.BytesIO()
    image.save(out, kind, exif=exif)
    return out.getvalue()


def cleaned(data: bytes, name: str = "photo.jpg") -> CleanFile:
    return clean(SimpleUploadedFile(name, data))


def opened(file: CleanFile) -> Image.Image:
    return Image.open(io.BytesIO(file.content.read()))


def archive() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        packed.writestr("photo.jpg", picture())
    return out.getvalue()


# ---------------------------------------------------------------- pictures are drawn anew


@pytest.mark.parametrize(
    ("kind", "mode", "content_type", "suffix"),
    [
        ("JPEG", "RGB", "image/jpeg", ".jpg"),
        ("JPEG", "L", "image/jpeg", ".jpg"),
        ("JPEG", "CMYK", "image/jpeg", ".jpg"),
        ("PNG", "RGB", "image/png", ".png"),
        ("PNG", "RGBA", "image/png", ".png"),
        ("PNG", "P", "image/png", ".png"),
        ("PNG", "LA", "image/png", ".png"),
        ("PNG", "1", "image/png", ".png"),
        ("PNG", "I;16", "image/png", ".png"),
        ("WEBP", "RGB", "image/webp", ".webp"),
        ("WEBP", "RGBA", "image/webp", ".webp"),
    ],
)
def test_a_picture_keeps_its_size_and_loses_where_it_was_taken(
    kind: str, mode: str, content_type: str, suffix: str
) -> None:
    data = picture(kind, mode)
    assert b"PhoneMaker" in data
    file = cleaned(data)
    image = opened(file)
    assert (file.content_type, file.content.name) == (content_type, f"upload{suffix}")
    assert (image.size, image.format) == ((60, 40), kind)
    assert not dict(image.getexif())
    assert not dict(image.getexif().get_ifd(GPS))
    file.content.seek(0)
    assert b"PhoneMaker" not in file.content.read()


def test_a_picture_taken_upright_is_stored_upright() -> None:
    assert opened(cleaned(picture(orientation=6))).size == (40, 60)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_what_was_appended_to_a_picture_is_gone(kind: str) -> None:
    file = cleaned(picture(kind) + SCRIPT + archive())
    stored = file.content.read()
    assert SCRIPT not in stored
    assert b"PK\x03\x04" not in stored
    assert file.size == len(stored)


def test_text_inside_a_picture_is_gone() -> None:
    from PIL.PngImagePlugin import PngInfo

    info, out = PngInfo(), io.BytesIO()
    info.add_text("Comment", SCRIPT.decode())
    Image.new("RGB", (9, 9)).save(out, "PNG", pnginfo=info)
    assert SCRIPT in out.getvalue()
    assert SCRIPT not in cleaned(out.getvalue()).content.read()


def test_of_an_animation_one_picture_is_kept() -> None:
    out = io.BytesIO()
    frames = [Image.new("RGB", (9, 9), color) for color in ("red", "green", "blue")]
    frames[0].save(out, "WEBP", save_all=True, append_images=frames[1:])
    assert getattr(opened(cleaned(out.getvalue())), "n_frames", 1) == 1


# ---------------------------------------------------------------- judged by content


@pytest.mark.parametrize(
    ("data", "name", "content_type", "suffix"),
    [
        (b"%PDF-1.4\n%%EOF", "x.txt", "application/pdf", ".pdf"),
        (b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom" + b"\x00" * 300, "clip.mp4", "video/mp4", ".mp4"),
        (b"\x00\x00\x00\x14ftypqt  \x00\x00\x02\x00qt  " + b"\x00" * 300, "IMG_1.MOV", "video/quicktime", ".mov"),
        (b"\x00\x00\x00\x18ftypM4A \x00\x00\x00\x00M4A mp42" + b"\x00" * 300, "call.m4a", "audio/mp4", ".m4a"),
        (b"ID3\x03\x00\x00\x00\x00\x00\x00" + b"\x00" * 300, "call.mp3", "audio/mpeg", ".mp3"),
        (b"RIFF\x24\x00\x00\x00WAVEfmt " + b"\x00" * 300, "call.wav", "audio/x-wav", ".wav"),
        (b"#!AMR\n" + b"\x00" * 300, "call.amr", "audio/amr", ".amr"),
    ],
)
def test_documents_and_recordings_are_kept_as_they_are(data: bytes, name: str, content_type: str, suffix: str) -> None:
    file = cleaned(data, name)
    assert (file.content_type, file.content.name) == (content_type, f"upload{suffix}")
    assert file.content.read() == data
    assert file.original_name == name


@pytest.mark.parametrize("name", ["photo.jpg", "photo.pdf", "evidence"])
@pytest.mark.parametrize(
    "data",
    [
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'/>",
        b"<!doctype html><html>" + SCRIPT,
        SCRIPT,
        archive(),
        b"MZ\x90\x00" + b"\x00" * 300,
        b"\x7fELF" + b"\x00" * 300,
        b"Rar!\x1a\x07\x00" + b"\x00" * 300,
        b"7z\xbc\xaf\x27\x1c" + b"\x00" * 300,
        b"GIF89a" + b"\x00" * 300,
        b"BM" + b"\x00" * 300,
        b"#!/bin/sh\nrm -rf /\n",
        b"plain text",
        b"\x00",
    ],
    ids=["svg", "svg-xml", "html", "script", "zip", "exe", "elf", "rar", "7z", "gif", "bmp", "sh", "text", "nul"],
)
def test_other_content_is_refused_whatever_it_is_called(data: bytes, name: str) -> None:
    with pytest.raises(FileTypeRefused):
        cleaned(data, name)


def test_the_right_content_under_a_wrong_name_gets_the_right_ending() -> None:
    file = cleaned(picture("PNG"), "malware.exe")
    assert (file.content.name, file.content_type) == ("upload.png", "image/png")


def test_a_name_is_kept_for_people_and_cut_to_fit() -> None:
    name = cleaned(picture(), "划痕" * 120 + ".jpg").original_name
    assert name.endswith("划痕.jpg")
    assert len(name) == 200


# ---------------------------------------------------------------- limits


def test_an_empty_file_is_refused() -> None:
    with pytest.raises(FileEmpty):
        cleaned(b"")


def test_a_file_may_have_twenty_megabytes_and_not_a_byte_more() -> None:
    head = b"%PDF-1.4\n"
    assert cleaned(head + b" " * (MAX_BYTES - len(head))).size == MAX_BYTES
    with pytest.raises(FileTooLarge) as refused:
        cleaned(head + b" " * (MAX_BYTES - len(head) + 1))
    assert refused.value.names == {"size": 20.0, "limit": 20}


def claiming(side: int) -> bytes:
    """A PNG of a few hundred bytes that claims to be a square of this side, in pixels."""
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)),
        (b"IDAT", zlib.compress(b"")),
        (b"IEND", b""),
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    )


@pytest.mark.parametrize("side", [7_200, 10_000, 20_000, 60_000])
def test_a_small_file_with_too_many_pixels_is_refused_before_it_is_unpacked(
    side: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unpack(image: Image.Image) -> None:
        raise AssertionError("unpacked")

    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", unpack)
    with pytest.raises(PictureUnreadable):
        cleaned(claiming(side))


def test_the_same_file_with_fewer_pixels_would_be_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    def unpack(image: Image.Image) -> None:
        raise AssertionError("unpacked")

    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", unpack)
    with pytest.raises(AssertionError, match="unpacked"):
        cleaned(claiming(7_000))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_picture_that_breaks_off_is_refused(kind: str) -> None:
    data = picture(kind, size=(300, 300))
    with pytest.raises((PictureUnreadable, FileTypeRefused)):
        cleaned(data[: len(data) // 3])


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_head_alone_is_no_picture(kind: str) -> None:
    with pytest.raises(PictureUnreadable):
        cleaned(picture(kind)[:16] + SCRIPT)


def mutant(data: bytes, dice: random.Random) -> bytes:
    """The same file with a few bytes changed, lost or added."""
    changed = bytearray(data)
    for _ in range(dice.randint(1, 10)):
        at = dice.randrange(len(changed))
        change: Callable[[], object] = dice.choice([
            lambda at=at: changed.__setitem__(at, dice.randrange(256)),
            lambda at=at: changed.__delitem__(slice(at, at + dice.randint(1, 20))),
            lambda at=at: changed.__setitem__(slice(at, at), dice.randbytes(9)),
        ])  # fmt: skip
        change()
        if len(changed) < 30:
            break
    return bytes(changed)


def test_of_a_thousand_damaged_pictures_each_is_drawn_anew_or_refused() -> None:
    dice = random.Random(13)
    seeds = [picture("JPEG"), picture("PNG"), picture("WEBP"), picture("PNG", "P"), picture("JPEG", "CMYK")]
    outcomes = {"clean": 0, "refused": 0}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow speaks of the damage
        for _ in range(1000):
            try:
                file = cleaned(mutant(dice.choice(seeds), dice))
            except Refused:
                outcomes["refused"] += 1
            else:
                outcomes["clean"] += 1
                assert b"PhoneMaker" not in file.content.read()
    assert min(outcomes.values()) > 50, outcomes


def test_the_browser_is_told_the_same_endings() -> None:
    accepted = set(uploads._KEPT.values()) | {suffix for _kind, suffix in uploads._IMAGES.values()}
    assert set(uploads.ALLOWED.split(",")) == accepted | {".jpeg"}
