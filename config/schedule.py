"""The beat table as data: each entry wakes one argument-less sweep and expires before the next one."""

from __future__ import annotations

from typing import Any

MEND_EVERY = 10
DIGEST_EVERY = 4
GIVE_OUT_EVERY = 2
MAIL_EVERY = 2
HOUR = 60 * 60


def table(tick: int) -> dict[str, dict[str, Any]]:
    """Return Celery's beat table for a tick of so many seconds."""
    return {
        "sweep": _every(tick, "complaints.tasks.sweep"),
        "tell": _every(tick, "complaints.tasks.tell"),
        "digests": _every(tick * DIGEST_EVERY, "complaints.tasks.digest"),
        "deliver": _every(tick, "complaints.tasks.deliver"),
        "receive-mail": _every(tick * MAIL_EVERY, "complaints.tasks.receive_mail"),
        "mend-clocks": _every(tick * MEND_EVERY, "complaints.tasks.mend"),
        "give-out": _every(tick * GIVE_OUT_EVERY, "complaints.tasks.give_out"),
        "recompute": _every(tick, "complaints.tasks.recompute"),
        "tidy-web-form": _every(tick * MEND_EVERY, "complaints.tasks.tidy_web_form"),
        "imports": _every(tick, "complaints.tasks.import_files"),
        "forget-files": _every(HOUR, "complaints.tasks.forget_files"),
        "refresh-calendars": _every(HOUR, "complaints.tasks.refresh_calendars"),
        "take-hooks": _every(tick, "complaints.tasks.take_hooks"),
        "clean-hooks": _every(HOUR, "complaints.tasks.clean_hooks"),
        "index": _every(tick * MEND_EVERY, "complaints.tasks.index"),
        "mend-callbacks": _every(tick * MEND_EVERY, "followups.tasks.mend"),
    }


def _every(seconds: int, task: str) -> dict[str, Any]:
    """An old wake-up is worth nothing, hence it expires when the next one is due."""
    return {"task": task, "schedule": float(seconds), "options": {"expires": seconds}}
