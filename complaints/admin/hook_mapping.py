"""How a channel's payloads are read: set up by paths, and tried out on a payload before anything is saved."""

from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.formats import localize
from django.utils.translation import gettext as _

from complaints.intake.hooks import paths, payload, repairing, taking
from complaints.intake.hooks.mapping import FIELDS, Cell, FieldMapping, Mapped, apply
from complaints.intake.hooks.words import problem_words
from complaints.intake.problem import Problem
from complaints.models import Complaint, HookChannel
from complaints.operations import hook_channels, receiving
from complaints.queries import hooks

from .asked import known_id
from .hook_mapping_form import MappingForm, fingerprint
from .transitions import UNPROCESSABLE

SHOWN_VALUE = 300


@dataclass(slots=True)
class Outcome:
    """What would come of a payload."""

    refusal: str = ""
    """The payload cannot be read at all."""

    verdict: str = ""
    """Of: new, joins, failed, ignored."""

    complaint: Complaint | None = None
    rows: list[dict[str, Any]] = field(default_factory=list)
    leaves: list[tuple[str, str]] = field(default_factory=list)
    masked: bool = False


def page(request: HttpRequest, channel: HookChannel, *, site: Any) -> HttpResponse:
    """GET shows the mapping. POST tries it out (“preview”), or saves it."""
    kept = hooks.kept(channel)
    asked = request.GET.get("kept", "")
    form = MappingForm(
        request.POST or None, stored=channel.mapping, kept=kept,
        initial={"kept": asked if known_id(asked) in {row.pk for row in kept} else ""},
    )  # fmt: skip
    outcome, status = None, 200
    if request.method == "POST":
        if not form.is_valid():
            status = UNPROCESSABLE
        elif "preview" in request.POST:
            outcome = try_out(request, channel, form)
        elif _save(request, channel, form):
            return redirect("admin:complaints_hookchannel_mapping", channel.pk)
        else:
            status = UNPROCESSABLE
    context = site.each_context(request) | {
        "title": _("Field mapping of “%(name)s”") % {"name": channel.name},
        "channel": channel, "form": form, "outcome": outcome, "failed": hooks.failed_count(channel),
        "may_change": request.user.has_perm("complaints.change_hookchannel"),
    }  # fmt: skip
    return render(request, "admin/complaints/hookchannel/mapping.html", context, status=status)


def _save(request: HttpRequest, channel: HookChannel, form: MappingForm) -> bool:
    if not request.user.has_perm("complaints.change_hookchannel"):
        raise PermissionDenied
    who: dict[str, Any] = {"actor": request.user, "now": timezone.now()}
    try:
        if form.cleaned_data["seen"] != fingerprint(channel.mapping):
            raise hook_channels.MappingChanged
        hook_channels.set_mapping(channel.pk, form.mapping().plain(), seen=channel.mapping, **who)
    except hook_channels.MappingChanged as refusal:
        form.add_error(None, refusal.text)
        return False
    messages.success(request, _("Saved. The next delivery is read so."))
    return True


def try_out(request: HttpRequest, channel: HookChannel, form: MappingForm) -> Outcome:
    """What would come of the payload that was pasted, or of one that came in; nothing is written."""
    text, masked = form.cleaned_data["sample"], False
    if not text.strip():
        text, masked = _kept(request, channel, known_id(form.cleaned_data["kept"]))
    if not text.strip():
        return Outcome(refusal=_("Paste a payload, or choose one that came in."))
    try:
        data = payload.read(text.removeprefix("\ufeff"))
    except Problem as problem:
        return Outcome(refusal=problem.text)
    mapped = apply(data, form.mapping(), known_issue=taking.is_issue)
    outcome = Outcome(masked=masked, rows=_rows(mapped, form.mapping(), masked=masked))
    outcome.leaves = [(path, _shown(value, masked=masked)) for path, value in paths.leaves(data)]
    outcome.verdict, outcome.complaint = _verdict(channel, mapped)
    return outcome


def _kept(request: HttpRequest, channel: HookChannel, pk: int | None) -> tuple[str, bool]:
    """The payload of a delivery, and whether it must be shown masked; who may see it in full is written down."""
    delivery = channel.deliveries.filter(pk=pk).first() if pk else None
    if delivery is None or delivery.payload is None:
        return "", False
    reveals = request.user.has_perm("complaints.reveal_contact")
    if reveals:
        repairing.revealed(delivery, actor=request.user, now=timezone.now())
    return delivery.payload, not reveals


def _verdict(channel: HookChannel, mapped: Mapped) -> tuple[str, Complaint | None]:
    if mapped.blocked:
        return "failed", None
    if not mapped.wanted:
        return "ignored", None
    found = receiving.belongs_to(taking.incoming_of(channel, mapped, source=""), now=timezone.now())
    return ("joins", found) if found else ("new", None)


def _rows(mapped: Mapped, mapping: FieldMapping, *, masked: bool) -> list[dict[str, Any]]:
    """A row for each field that the mapping names, or that is missing."""
    values = mapped.values
    return [
        {
            "label": FIELDS[cell.name][0] if cell.name in FIELDS else _("only payloads with"),
            "path": mapping.rules[cell.name].path if cell.name in mapping.rules else "",
            "found": _shown(cell.found, masked=masked),
            "value": _shown(_localised(values.get(cell.name, "")), masked=masked),
            "problem": problem_words("", cell.problem) if cell.problem else "",
        }
        for cell in mapped.cells
        if _is_told(cell, mapping)
    ]


def _is_told(cell: Cell, mapping: FieldMapping) -> bool:
    return bool(cell.problem) or cell.name in mapping.rules


def _localised(value: Any) -> str:
    return value if isinstance(value, str) else str(localize(timezone.localtime(value)))


def _shown(value: Any, *, masked: bool) -> str:
    text = payload.writable("" if value is None else str(value)).replace("\0", " ")
    return payload.masked_text(text) if masked else text[:SHOWN_VALUE]
