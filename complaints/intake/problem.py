"""What can be wrong with something that comes in, said so that a clerk knows what to do."""

from collections.abc import Iterator
from typing import Any, ClassVar


class Problem(Exception):
    """Base of the named problems; each says its sentence in the reader's language when it is asked."""

    message: ClassVar[Any] = ""

    def __init__(self, **names: Any) -> None:
        self.names = names
        super().__init__(type(self).__name__)

    @property
    def text(self) -> str:
        return str(self.message) % self.names if self.names else str(self.message)

    def __str__(self) -> str:
        return self.text


def said_by(stored: dict[str, Any]) -> str:
    """The sentence of a problem that was stored as its name and its names; empty for none."""
    known = {kind.__name__: kind for kind in _kinds(Problem)}
    kind = known.get(stored.get("name", ""))
    return kind(**stored.get("names", {})).text if kind else ""


def _kinds(kind: type[Problem]) -> Iterator[type[Problem]]:
    for one in kind.__subclasses__():
        yield one
        yield from _kinds(one)
