"""Holidays from an .ics file: first what would change, then, once confirmed, the change."""

from datetime import date
from typing import Any

from django.contrib import messages
from django.core.signing import BadSignature, Signer
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from complaints.intake import calendar_files
from complaints.intake.problem import Problem
from complaints.models import WorkCalendar
from complaints.operations import calendar_days, calendar_years
from complaints.operations.calendar_days import Source
from complaints.public_holidays import PublicDay

from .calendar_changes import day_value
from .calendar_forms import FileForm
from .calendar_pages import calendar_or_404, year_url
from .transitions import UNPROCESSABLE

_signer = Signer(salt="calendar-file")

FORGED = gettext_lazy("This preview is damaged or belongs to another calendar. Choose the file again.")


def import_page(request: HttpRequest, object_id: str, *, site: Any) -> HttpResponse:
    """GET asks for a file; POST with a file shows what would change; POST with the signed preview does it."""
    calendar = calendar_or_404(request, object_id)
    if request.method != "POST":
        return _file_page(request, calendar, FileForm(), site=site)
    if "days" in request.POST:
        return _take_over(request, calendar, site=site)
    form = FileForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            days = _read(form.cleaned_data["file"])
        except Problem as problem:
            form.add_error("file", problem.text)
        else:
            return _preview(request, calendar, days, site=site)
    return _file_page(request, calendar, form, site=site, status=UNPROCESSABLE)


def _read(upload: Any) -> list[PublicDay]:
    if upload.size > calendar_files.MAX_BYTES:
        raise calendar_files.FileTooLarge
    return calendar_files.days_of(upload.read())


def _take_over(request: HttpRequest, calendar: WorkCalendar, *, site: Any) -> HttpResponse:
    try:
        owner, rows = _signer.unsign_object(request.POST["days"])
        if owner != calendar.pk:
            raise BadSignature
    except (BadSignature, ValueError, TypeError):
        form = FileForm()
        messages.error(request, str(FORGED))
        return _file_page(request, calendar, form, site=site, status=UNPROCESSABLE)
    days = [PublicDay(date.fromisoformat(day), works, name) for day, works, name in rows]
    now = timezone.now()
    complete = "announced" in request.POST
    number = calendar_years.take_over(calendar.pk, days, complete=complete, actor=request.user, now=now)
    text = ngettext("%(n)s day taken over from the file.", "%(n)s days taken over from the file.", number)
    messages.success(request, text % {"n": number})
    return redirect(year_url(calendar, days[0].day.year))


def _preview(request: HttpRequest, calendar: WorkCalendar, days: list[PublicDay], *, site: Any) -> HttpResponse:
    plans = calendar_days.plans_for(calendar, days, source=Source.FILE, keep=(Source.HAND,))
    changes = calendar_days.differences(calendar, plans)
    announced = set(calendar.years.filter(announced=True).values_list("year", flat=True))
    rows = [[found.day.isoformat(), found.works, found.name] for found in days]
    context = site.each_context(request) | {
        "title": _("What the file changes"),
        "calendar": calendar,
        "changes": [(day, day_value(old), day_value(new)) for day, (old, new) in changes.items()],
        "same": len(plans) - len(changes),
        "kept": [day.day for day in days if day.day not in plans],
        "open_years": [year for year in _years(days) if year not in announced],
        "token": _signer.sign_object([calendar.pk, rows], compress=True),
        "back": year_url(calendar),
    }
    return render(request, "admin/complaints/workcalendar/preview.html", context)


def _years(days: list[PublicDay]) -> list[int]:
    return sorted({day.day.year for day in days})


def _file_page(
    request: HttpRequest, calendar: WorkCalendar, form: FileForm, *, site: Any, status: int = 200
) -> HttpResponse:
    context = site.each_context(request) | {
        "title": _("Import holidays"),
        "calendar": calendar,
        "form": form,
        "max_bytes": calendar_files.MAX_BYTES,
        "back": year_url(calendar),
    }
    return render(request, "admin/complaints/workcalendar/import.html", context, status=status)
