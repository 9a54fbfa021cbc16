"""Set up where other systems tell us of complaints; every change is recorded, secrets by name only."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from complaints.models import HookChannel
from complaints.refusals import Refused

from .changelog import record_change
from .subscriptions import new_secret, replace_secret

PLAIN = ("code", "name", "kind", "keep_days", "active")


class MappingChanged(Refused):
    message = _("Somebody else has changed this mapping meanwhile. Look at it in another tab, then save again.")


def save(channel: HookChannel, *, actor: Any, now: datetime) -> HookChannel:
    """Write what can be set; a new one has no id yet, and gets its secret."""
    with transaction.atomic():
        old = _locked(channel.pk) if channel.pk else None
        before = _values(old) if old else {}
        if old:
            channel.save(update_fields=[*PLAIN, "shop"])
        else:
            channel.secret = new_secret()
            channel.save(force_insert=True)
        after = _values(channel)
        changes = {name: [before.get(name), value] for name, value in after.items() if before.get(name) != value}
        if changes:
            record_change(channel, changes, actor=actor, now=now)
    return channel


def rotate(pk: int, *, keep: timedelta, actor: Any, now: datetime) -> HookChannel:
    """Give it a new secret; the one before is good for a while longer."""
    with transaction.atomic():
        channel = _locked(pk)
        replace_secret(channel, keep=keep, now=now)
        record_change(channel, {"secret": ["***", "***"]}, actor=actor, now=now)
    return channel


def set_mapping(pk: int, mapping: dict[str, Any], *, seen: dict[str, Any], actor: Any, now: datetime) -> HookChannel:
    """Change how payloads are read. `seen` is the mapping that the form was made for. Raises MappingChanged."""
    with transaction.atomic():
        channel = _locked(pk)
        if channel.mapping != seen:
            raise MappingChanged
        changes = _differences(channel.mapping, mapping)
        if changes:
            channel.mapping = mapping
            channel.save(update_fields=["mapping"])
            record_change(channel, changes, actor=actor, now=now)
    return channel


def _locked(pk: int) -> HookChannel:
    return HookChannel.objects.select_for_update(no_key=True).get(pk=pk)


def _values(channel: HookChannel) -> dict[str, Any]:
    return {name: getattr(channel, name) for name in PLAIN} | {"shop": channel.shop.name}


def _differences(old: dict[str, Any], new: dict[str, Any]) -> dict[str, list[str]]:
    """Field by field, each rule in one line."""
    before, after = _lines(old), _lines(new)
    names = [*before, *(name for name in after if name not in before)]
    return {
        f"mapping.{name}": [before.get(name, ""), after.get(name, "")]
        for name in names
        if before.get(name) != after.get(name)
    }


def _lines(mapping: dict[str, Any]) -> dict[str, str]:
    rules = mapping.get("fields", {}) | ({"only": mapping["only"]} if "only" in mapping else {})
    return {name: _line(rule) for name, rule in rules.items()}


def _line(rule: dict[str, Any]) -> str:
    values = ", ".join(f"{old}={new}" if new else old for old, new in rule.get("values", ()))
    parts = (
        rule.get("path", ""),
        f"({values})" if values else "",
        f"|| '{rule['default']}'" if "default" in rule else "",
    )
    return " ".join(part for part in parts if part)
