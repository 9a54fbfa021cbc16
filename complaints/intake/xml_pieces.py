"""A long XML part of a workbook, cut into its many equal pieces: each with the byte at which it begins.

A parser that goes through the whole part keeps something of each piece that it has seen, and can begin nowhere but at
the beginning. Here some pieces at a time are parsed as a small document of their own, under the part's own root tag.
Nothing of a document type comes along, so that there are no entities to unfold.
"""

import re
from collections.abc import Iterator
from typing import Any, BinaryIO
from xml.etree.ElementTree import Element, fromstring  # nosec B405

from .problem import Problem

BLOCK = 64 << 10
LARGEST_PIECE = 32 << 20
"""Bytes of XML for one row or one text: a row holds 16,384 cells at most, a cell 32,767 characters."""


def pieces(
    part: BinaryIO, name: str, *, inside: tuple[str, ...], too_large: type[Problem], start: int = 0
) -> Iterator[tuple[int, Element]]:
    """(byte at which it begins, element) of each `name`, which stands `inside` these, the root first.

    With `start`, the byte of a piece that was read before, it begins with that one. Raises `too_large` when a single
    piece takes too many bytes, as in a zip bomb, and ParseError.
    """
    begins = re.compile(rb"<(?:[\w.-]+:)?%s(?=[\s/>])" % name.encode())
    ends = re.compile(rb"</(?:[\w.-]+:)?%s\s*>" % inside[-1].encode())
    head, buffer = _head(part, begins, too_large)
    opening, closing = _around(head, inside)
    at = len(head)
    if start > at:
        part.seek(start)
        at, buffer = start, part.read(BLOCK)
    over = False
    while buffer and not over:
        block = part.read(BLOCK)
        buffer += block
        end = ends.search(buffer)
        over = bool(end) or not block
        found = [match.start() for match in begins.finditer(buffer, 0, end.start() if end else len(buffer))]
        # The last one may go on in what has not been read yet.
        cut = (end.start() if end else len(buffer)) if over else (found[-1] if found else 0)
        if len(buffer) - cut > LARGEST_PIECE:
            raise too_large
        if cut and found:
            # Bounded, and without entities.
            whole = fromstring(opening + buffer[found[0] : cut] + closing)  # noqa: S314  # nosec B314
            for _level in inside[1:]:
                whole = whole[0]
            yield from zip((at + place for place in found if place < cut), whole, strict=True)
        at, buffer = at + cut, buffer[cut:]


def _head(part: BinaryIO, begins: Any, too_large: type[Problem]) -> tuple[bytes, bytes]:
    """What stands before the first piece, and what was read behind it."""
    read = b""
    while block := part.read(BLOCK):
        read += block
        if first := begins.search(read):
            return read[: first.start()], read[first.start() :]
        if len(read) > LARGEST_PIECE:
            raise too_large
    return read, b""


def _around(head: bytes, inside: tuple[str, ...]) -> tuple[bytes, bytes]:
    """The tags that open and close around pieces: the root's as it is, for it names the namespaces."""
    opening, closing = b"", b""
    for level, name in enumerate(inside):
        tag = re.search(rb"<((?:[\w.-]+:)?%s)(?:\s[^>]*)?>" % name.encode(), head)
        if tag:
            opening += tag[0] if level == 0 else b"<" + tag[1] + b">"
            closing = b"</" + tag[1] + b">" + closing
    return opening, closing
