"""The picture of the state machine in the docs is the one in the code."""

from complaints.lifecycle import STEPS
from complaints.management.commands.draw_states import FOLDER, digest, dot


def test_the_stored_graph_is_the_code() -> None:
    stored = (FOLDER / "state_machine.dot").read_text(encoding="utf-8")
    assert stored == dot(), "run: manage.py draw_states"
    assert all(f"\\n{name}" in stored for name in STEPS)


def test_the_stored_picture_was_drawn_from_the_stored_graph() -> None:
    picture = (FOLDER / "state_machine.svg").read_text(encoding="utf-8")
    assert f"drawn from {digest(dot())}" in picture, "run: manage.py draw_states"
