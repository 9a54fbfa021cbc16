"""Departments as they come with the product, and the record of who changed one."""

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from complaints.models import Department, SettingChange

CONTENT = Path(__file__).resolve().parent.parent / "content" / "departments.json"


def load_departments() -> int:
    """Add the default departments that do not exist yet; returns how many (idempotent)."""
    known = set(Department.objects.values_list("code", flat=True))
    rows = json.loads(CONTENT.read_text(encoding="utf-8"))
    fresh = [Department(**row) for row in rows if row["code"] not in known]
    Department.objects.bulk_create(fresh)
    return len(fresh)


def record_change(
    department: Department, changes: Mapping[str, tuple[Any, Any]], *, actor: Any, now: datetime
) -> SettingChange | None:
    """Who changed what of a department; called in the transaction of the change. None where nothing changed."""
    if not changes:
        return None
    return SettingChange.objects.create(
        at=now, actor=actor, subject="department", subject_id=department.pk, name=department.name,
        changes={name: list(values) for name, values in changes.items()},
    )  # fmt: skip
