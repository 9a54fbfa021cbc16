"""How far a long command is: one line that is drawn anew on a terminal, a line now and then in a log."""

from collections.abc import Callable
from types import TracebackType
from typing import Any

REDRAW_SECONDS = 0.2
LOG_SECONDS = 2.0
ERASE_LINE = "\r\x1b[K"


class Progress:
    """Shows texts on `out` as they come, but no more often than a reader can follow; what is quick shows none in a log.

    `clock` returns seconds that only go forward.
    """

    def __init__(self, out: Any, clock: Callable[[], float]) -> None:
        self.out = out
        self.clock = clock
        self.live = out.isatty()
        self.last = clock() if not self.live else float("-inf")
        self.drawn = False

    def show(self, text: str) -> None:
        now = self.clock()
        if now - self.last < (REDRAW_SECONDS if self.live else LOG_SECONDS):
            return
        self.last = now
        if self.live:
            self.out.write(f"{ERASE_LINE}{text}", ending="")
            self.out.flush()
            self.drawn = True
        else:
            self.out.write(text)

    def clear(self) -> None:
        """Take the line away, so that something else can be written in its place."""
        if self.drawn:
            self.out.write(ERASE_LINE, ending="")
            self.out.flush()
            self.drawn = False

    def __enter__(self) -> "Progress":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.clear()
