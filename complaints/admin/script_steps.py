"""What a button on the page of a script does: who may, which operation, and what is said afterwards."""

from typing import Any

from django.utils.translation import gettext as _

from knowledge.operations import scripts

from .asked import known_id


def _seen(data: Any) -> dict[str, Any]:
    return {"seen": data.get("seen", "")[:40]}


def _commented(data: Any) -> dict[str, Any]:
    return _seen(data) | {"comment": data.get("comment", "")[:500]}


STEPS: dict[str, tuple[Any, Any, Any]] = {
    "submit": (
        "change", lambda pk, data, who: scripts.submit(pk, **_seen(data), **who), lambda: _("Handed over for review.")
    ),
    "publish": (
        "publish", lambda pk, data, who: scripts.publish(pk, **_commented(data), **who),
        lambda: _("Published. Agents use this text from now on."),
    ),
    "send_back": (
        "publish", lambda pk, data, who: scripts.send_back(pk, **_commented(data), **who), lambda: _("Sent back.")
    ),
    "discard": (
        "change", lambda pk, data, who: scripts.discard(pk, **_commented(data), **who),
        lambda: _("Draft discarded. Its text stays among the versions."),
    ),
    "restore": (
        "change", lambda pk, data, who: scripts.restore(pk, known_id(data.get("version", "")) or 0, **who),
        lambda: _("There is a draft with the older text now."),
    ),
    "on": ("change", lambda pk, data, who: scripts.switch(pk, active=True, **who), lambda: _("Switched on.")),
    "off": (
        "change", lambda pk, data, who: scripts.switch(pk, active=False, **who),
        lambda: _("Switched off. Agents are no longer offered this script."),
    ),
}  # fmt: skip
"""Name of a step -> permission, operation, what is said when it is done."""
