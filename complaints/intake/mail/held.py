"""Large encoded files held back from the parser. Pure."""

import re
import secrets
from collections.abc import Iterator

_PORTION = 1024 * 1024
# Possessive: nothing follows for which it could go back, and the places to go back to would take much room.
_ENCODED = re.compile(rb"(?:[A-Za-z0-9+/]{40,100}+\r?+\n){200,}+")


class Held:
    """A mail without its large encoded files, for the parser, which needs many times their room; and the way back."""

    def __init__(self, data: bytes) -> None:
        self._data, self._spans = memoryview(data), [found.span() for found in _ENCODED.finditer(data)]
        self._sign = b"@" + secrets.token_hex(8).encode() + b":"
        ends = [0, *(end for _begin, end in self._spans)]
        pieces = [bytes(self._data[end:begin]) for end, (begin, _) in zip(ends, self._spans, strict=False)]
        marked = (piece + self._sign + b"%d@\n" % number for number, piece in enumerate(pieces))
        self.rest = b"".join([*marked, bytes(self._data[ends[-1] :])])

    def pieces(self, part: bytes) -> Iterator[bytes]:
        """The bytes of a part in order, those that were held back in portions."""
        for number, piece in enumerate(re.split(re.escape(self._sign) + rb"(\d+)@\n?", part)):
            if number % 2 == 0:
                yield piece
                continue
            begin, end = self._spans[int(piece)]
            for at in range(begin, end, _PORTION):
                yield bytes(self._data[at : min(at + _PORTION, end)])
