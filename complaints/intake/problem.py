"""What can be wrong with something that comes in, said so that a clerk knows what to do."""

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
