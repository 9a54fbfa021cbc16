"""Reply scripts as search finds them: the text in force, of scripts that are switched on."""

import re
from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from knowledge.models import ReplyScript, ScriptVersion
from knowledge.search_sources import Entry, Source, Stamps

KIND = "script"
_PLACEHOLDER = re.compile(r"\{[a-z_]+\}")


def _stamps(rows: Any) -> Stamps:
    rows = rows.order_by("script_id").values_list("script_id", "script__updated_at", "pk")
    return [(script, _stamp(updated, version)) for script, updated, version in rows]


def _stamp(updated: datetime, version: int) -> str:
    return f"{updated.isoformat()} {version}"


def _after(pk: int, most: int) -> Stamps:
    return _stamps(ScriptVersion.objects.in_force().filter(script_id__gt=pk))[:most]


def _recent(now: datetime) -> Stamps:
    """All of them: there are some hundred at most."""
    return _stamps(ScriptVersion.objects.in_force())


def _read(ids: Collection[int]) -> dict[int, Entry]:
    """Under the lock by which scripts are written, so that nothing older is written over something newer."""
    list(ReplyScript.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk").values_list("pk"))
    rows = ScriptVersion.objects.in_force().filter(script__in=ids).prefetch_related("script__issue_types")
    return {version.script_id: _entry(version) for version in rows.order_by("script_id")}


def _entry(version: ScriptVersion) -> Entry:
    script = version.script
    return Entry(
        stamp=_stamp(script.updated_at, version.pk),
        title=f"{script.name} · {script.name_en}" if script.name_en else script.name,
        body=f"{_PLACEHOLDER.sub('…', version.text)}\n{script.code}",
        at=version.published_at or script.updated_at,
        language=script.language,
        issue_types=[one.pk for one in script.issue_types.all()],
    )


def _visible(user: Any) -> Q | None:
    return Q() if user.has_perm("knowledge.view_replyscript") else None


SOURCE = Source(
    kind=KIND, label=_("Scripts"), position=10, page="admin:knowledge_replyscript_change",
    after=_after, recent=_recent, read=_read, visible=_visible,
)  # fmt: skip
