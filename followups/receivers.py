"""What this storey does when the one below says that something happened; runs inside the caller's transaction."""

from typing import Any

from followups.operations import callback


def create_follow_up(sender: Any, *, complaint: Any, now: Any, **kwargs: Any) -> None:
    callback.ensure(complaint, now=now)


def drop_follow_up(sender: Any, *, complaint: Any, now: Any, **kwargs: Any) -> None:
    callback.drop(complaint)


def move_follow_up(sender: Any, *, complaint: Any, due_at: Any, **kwargs: Any) -> None:
    callback.move(complaint, due_at=due_at)
