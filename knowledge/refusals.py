"""A step is not possible now: the base of every named refusal, with a sentence that tells a person what to do. Pure."""

from typing import Any, ClassVar


class Refused(Exception):
    """A transition is not possible now; the text tells a clerk what to do, `panel` names the place to do it."""

    message: ClassVar[Any] = ""
    panel: ClassVar[str] = ""

    def __init__(self, **names: Any) -> None:
        self.names = names
        super().__init__(self.text)

    @property
    def text(self) -> str:
        """The sentence in the reader's language."""
        return str(self.message) % self.names if self.names else str(self.message)
