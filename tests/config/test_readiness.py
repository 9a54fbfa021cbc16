from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import CommandError

from config import readiness


@pytest.fixture
def answered(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], list[str]]:
    """`answered("y")` has the person at the terminal type that; returns the list of the commands that are run then."""

    def answer(text: str) -> list[str]:
        run: list[str] = []
        monkeypatch.setattr("builtins.input", lambda question: text)
        monkeypatch.setattr(readiness, "call_command", run.append)
        return run

    return answer


@pytest.mark.parametrize("text", ["y", " Yes ", "是"])
def test_the_demo_is_loaded_on_a_yes(answered: Callable[[str], list[str]], text: str) -> None:
    run = answered(text)
    readiness.offer_demo()
    assert run == ["demo"]


@pytest.mark.parametrize("text", ["", "n", "否"])
def test_anything_else_loads_nothing(answered: Callable[[str], list[str]], text: str) -> None:
    run = answered(text)
    readiness.offer_demo()
    assert run == []


def test_a_demo_that_is_refused_does_not_keep_the_desk_shut(
    answered: Callable[[str], list[str]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(name: str) -> Any:
        raise CommandError("Not here.")

    answered("y")
    monkeypatch.setattr(readiness, "call_command", refuse)
    readiness.offer_demo()
    assert "Not here." in capsys.readouterr().out
