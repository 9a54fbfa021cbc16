"""What a button on the page of a service policy does: who may, which operation, and what is said afterwards."""

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext as _

from knowledge.operations import service_policies

Step = tuple[str, Callable[..., Any], Callable[[], str]]


def _with(operation: Callable[..., Any], *names: str) -> Callable[..., Any]:
    """The operation, called with these of what was sent."""

    def perform(pk: int, data: dict[str, Any], **who: Any) -> Any:
        return operation(pk, **{name: data[name] for name in names}, **who)

    return perform


STEPS: dict[str, Step] = {
    "publish": (
        "publish", _with(service_policies.publish, "seen", "effective_from", "comment", "among"),
        lambda: _("Published. Customers read it on the shop's pages."),
    ),
    "send_back": ("publish", _with(service_policies.send_back, "seen", "comment"), lambda: _("Sent back.")),
    "discard": (
        "change", _with(service_policies.discard, "seen", "comment"),
        lambda: _("Draft discarded. Its text stays among the versions."),
    ),
    "restore": (
        "change", _with(service_policies.restore, "number"), lambda: _("There is a draft with the older text now.")
    ),
    "cancel": (
        "publish", _with(service_policies.cancel, "number"),
        lambda: _("Taken back. It will not come into force."),
    ),
    "withdraw": (
        "publish", _with(service_policies.withdraw, "seen", "comment"),
        lambda: _("Withdrawn. Orders placed until now keep the terms they were placed under."),
    ),
}  # fmt: skip
"""Name of a step -> permission, operation, what is said when it is done."""
