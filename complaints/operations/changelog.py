"""Changes of settings, written down: who, when, from what to what."""

from typing import Any

from django.db.models import Model

from complaints.models import SettingChange


def record_change(subject: Model, changes: dict[str, Any], *, actor: Any, now: Any) -> SettingChange:
    """Append one row; `changes` is name -> [old, new] in plain values. Called in the transaction of the change."""
    return SettingChange.objects.create(
        at=now,
        actor=actor,
        subject=subject._meta.model_name or "",
        subject_id=subject.pk,
        name=str(subject)[:120],
        changes=changes,
    )
