from io import StringIO

from django.core.management.base import OutputWrapper

from complaints.management.progress import ERASE_LINE, LOG_SECONDS, REDRAW_SECONDS, Progress


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def test_log_stays_empty_for_what_is_quick_and_gets_a_line_now_and_then() -> None:
    out, clock = StringIO(), Clock()
    with Progress(OutputWrapper(out), clock) as progress:
        for step in range(50):
            clock.seconds = step * LOG_SECONDS / 10
            progress.show(f"step {step}")
    assert out.getvalue() == "step 10\nstep 20\nstep 30\nstep 40\n"


def test_terminal_is_drawn_at_once_but_not_too_often() -> None:
    out, clock = Terminal(), Clock()
    with Progress(OutputWrapper(out), clock) as progress:
        progress.show("one")
        progress.show("too soon")
        clock.seconds += REDRAW_SECONDS
        progress.show("two")
    assert out.getvalue() == f"{ERASE_LINE}one{ERASE_LINE}two{ERASE_LINE}"


def test_cleared_line_is_gone_once() -> None:
    out = Terminal()
    progress = Progress(OutputWrapper(out), Clock())
    progress.clear()
    progress.show("one")
    progress.clear()
    progress.clear()
    assert out.getvalue() == f"{ERASE_LINE}one{ERASE_LINE}"
