"""Pages of one work calendar: the year, its settings, a day, a copy."""

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from complaints.models import CalendarDay, CalendarYear, WorkCalendar
from complaints.operations import calendar_days, calendar_years, calendars
from complaints.queries.calendars import clocks_following, latest_changes, year_warnings
from complaints.refusals import Refused

from .asked import known_id
from .calendar_changes import change_words
from .calendar_forms import CalendarForm, CopyForm, DayForm
from .calendar_year import COLUMNS, LEGEND, hours_on, months_of, words_of
from .transitions import UNPROCESSABLE

YEARS = range(2000, 2101)
VIEW, ADD, CHANGE = (f"complaints.{verb}_workcalendar" for verb in ("view", "add", "change"))


def calendar_or_404(request: HttpRequest, object_id: str, permission: str = CHANGE) -> WorkCalendar:
    """The calendar, for somebody who has the permission."""
    if not request.user.has_perm(permission):
        raise PermissionDenied
    pk = known_id(object_id)
    calendar = WorkCalendar.objects.filter(pk=pk).first() if pk else None
    if calendar is None:
        raise Http404
    return calendar


def year_url(calendar: WorkCalendar, year: int | None = None, day: date | None = None) -> str:
    """Where the year is shown, and in it the day."""
    url = reverse("admin:complaints_workcalendar_change", args=[calendar.pk])
    return f"{url}?year={year or day.year}" + (f"#d{day}" if day else "") if year or day else url


def asked_year(text: str, calendar: WorkCalendar) -> int:
    """The year of an address; this year for anything that is none."""
    asked = known_id(text)
    return asked if asked is not None and asked in YEARS else calendar_years.year_of(calendar, timezone.now())


def following(number: int) -> str:
    """What is told after a change, with the clocks that follow it."""
    if not number:
        return _("Saved.")
    waiting = ngettext(
        "Saved. %(n)s running clock is being recomputed.", "Saved. %(n)s running clocks are being recomputed.", number
    )
    return waiting % {"n": number}


def year_page(request: HttpRequest, object_id: str, *, site: Any) -> HttpResponse:
    calendar = calendar_or_404(request, object_id, VIEW)
    year = asked_year(request.GET.get("year", ""), calendar)
    now = timezone.now()
    known = CalendarYear.objects.filter(calendar=calendar, year=year).first()
    months = months_of(calendar, year, today=now.astimezone(ZoneInfo(calendar.time_zone)).date())
    context = site.each_context(request) | {
        "title": calendar.name,
        "calendar": calendar,
        "year": year,
        "previous": year - 1 if year - 1 in YEARS else None,
        "following": year + 1 if year + 1 in YEARS else None,
        "known": known,
        "months": months,
        "workdays": sum(month.workdays for month in months),
        "columns": COLUMNS,
        "legend": LEGEND,
        "week": [(name, hours) for (short, name), hours in zip(COLUMNS, calendar.week, strict=True)],
        "recomputing": clocks_following(calendar),
        "warnings": [warning for warning in year_warnings(request.user, now=now) if warning.calendar_id == calendar.pk],
        "changes": [(change, change_words(change)) for change in latest_changes(calendar)],
        "may_change": request.user.has_perm(CHANGE),
        "may_add": request.user.has_perm(ADD),
    }
    return render(request, "admin/complaints/workcalendar/year.html", context)


def add(request: HttpRequest, *, site: Any) -> HttpResponse:
    if not request.user.has_perm(ADD):
        raise PermissionDenied
    calendar = WorkCalendar()
    if request.method != "POST":
        return _settings_page(request, calendar, CalendarForm(calendar=calendar), site=site)
    form = CalendarForm(request.POST, calendar=calendar)
    if form.is_valid():
        try:
            created = calendars.create(form.values(), actor=request.user, now=timezone.now())
        except Refused as refusal:
            form.add_error("name", refusal.text)
        else:
            messages.success(request, _("The calendar is created."))
            return redirect(year_url(created))
    return _settings_page(request, calendar, form, site=site, status=UNPROCESSABLE)


def configure(request: HttpRequest, object_id: str, *, site: Any) -> HttpResponse:
    calendar = calendar_or_404(request, object_id)
    if request.method != "POST":
        return _settings_page(request, calendar, CalendarForm(calendar=calendar), site=site)
    form = CalendarForm(request.POST, calendar=calendar)
    if form.is_valid():
        try:
            changed = calendars.configure(
                calendar.pk, form.values(), seen=form.cleaned_data["seen"], actor=request.user, now=timezone.now()
            )
        except calendars.NameTaken as refusal:
            form.add_error("name", refusal.text)
        except calendars.CalendarChanged as refusal:
            calendar.refresh_from_db()
            form.show_stored(calendar)
            form.add_error(None, refusal.text)
        except Refused as refusal:
            form.add_error(None, refusal.text)
        else:
            changed.refresh_from_db()
            messages.success(request, following(clocks_following(changed)))
            return redirect(year_url(calendar))
    return _settings_page(request, calendar, form, site=site, status=UNPROCESSABLE)


def _settings_page(
    request: HttpRequest, calendar: WorkCalendar, form: CalendarForm, *, site: Any, status: int = 200
) -> HttpResponse:
    context = site.each_context(request) | {
        "title": _("Hours and settings") if calendar.pk else _("New work calendar"),
        "calendar": calendar,
        "form": form,
        "back": year_url(calendar) if calendar.pk else reverse("admin:complaints_workcalendar_changelist"),
    }
    return render(request, "admin/complaints/workcalendar/settings.html", context, status=status)


def day_page(request: HttpRequest, object_id: str, day_text: str, *, site: Any) -> HttpResponse:
    """GET shows the form of one day; POST sets it, or gives it back to its weekday."""
    calendar = calendar_or_404(request, object_id)
    day = _day_or_404(day_text)
    row = calendar.days.filter(day=day).first()
    if request.method != "POST":
        return _day_page(request, calendar, day, row, DayForm(initial=_first_values(calendar, row)), site=site)
    if "clear" in request.POST:
        number = calendar_days.clear_day(calendar.pk, day, actor=request.user, now=timezone.now())
    else:
        form = DayForm(request.POST)
        if not form.is_valid():
            return _day_page(request, calendar, day, row, form, site=site, status=UNPROCESSABLE)
        number = calendar_days.set_day(
            calendar.pk, day, **form.cleaned_data, actor=request.user, now=timezone.now()
        )  # fmt: skip
    messages.success(request, following(number))
    return redirect(year_url(calendar, day=day))


def _day_or_404(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise Http404 from error
    if day.year not in YEARS:
        raise Http404
    return day


def _first_values(calendar: WorkCalendar, row: CalendarDay | None) -> dict[str, Any]:
    if row is None or row.kind == CalendarDay.Kind.PLAIN:
        return {"kind": CalendarDay.Kind.CLOSING, "hours": calendar.ordinary_hours, "name": row.name if row else ""}
    return {"kind": row.kind, "hours": row.hours or calendar.ordinary_hours, "name": row.name}


def _day_page(
    request: HttpRequest, calendar: WorkCalendar, day: date, row: CalendarDay | None, form: DayForm, *,
    site: Any, status: int = 200,
) -> HttpResponse:  # fmt: skip
    differs = row if row and row.kind != CalendarDay.Kind.PLAIN else None
    context = site.each_context(request) | {
        "title": day.isoformat(),
        "calendar": calendar,
        "day": day,
        "row": row,
        "differs": differs,
        "is_now": words_of(differs, hours_on(calendar, row, day)),
        "weekday_words": words_of(None, calendar.week[day.weekday()]),
        "form": form,
        "back": year_url(calendar, day=day),
    }
    return render(request, "admin/complaints/workcalendar/day.html", context, status=status)


def copy(request: HttpRequest, object_id: str, *, site: Any) -> HttpResponse:
    calendar = calendar_or_404(request, object_id, ADD)
    form = CopyForm(request.POST or None, initial={"name": _("%(name)s (copy)") % {"name": calendar.name}})
    if request.method == "POST" and form.is_valid():
        try:
            made = calendars.copy(
                calendar.pk, name=form.cleaned_data["name"], actor=request.user, now=timezone.now()
            )  # fmt: skip
        except Refused as refusal:
            form.add_error("name", refusal.text)
        else:
            messages.success(request, _("The calendar is copied. Choose it in the shops that work by it."))
            return redirect(year_url(made))
    context = site.each_context(request) | {
        "title": _("Copy the calendar"),
        "calendar": calendar,
        "form": form,
        "back": year_url(calendar),
    }
    status = UNPROCESSABLE if form.is_bound else 200
    return render(request, "admin/complaints/workcalendar/copy.html", context, status=status)


def load_year(request: HttpRequest, object_id: str) -> HttpResponse:
    """POST only: the holidays of a year as far as they are known now."""
    calendar = calendar_or_404(request, object_id)
    year = asked_year(request.POST.get("year", ""), calendar)
    public = calendar_years.load(calendar.pk, year, actor=request.user, now=timezone.now())
    names = {"year": year, "n": len(public.days)}
    if public.announced:
        messages.success(request, _("The announced holidays of %(year)s are loaded: %(n)s days.") % names)
    elif public.days:
        text = _("%(year)s is not announced yet; the statutory days are loaded. Your own days stay.")
        messages.warning(request, text % names)
    else:
        messages.warning(request, _("No holidays of %(year)s are known. Enter them by hand or import a file.") % names)
    return redirect(year_url(calendar, year))


def confirm_year(request: HttpRequest, object_id: str) -> HttpResponse:
    """POST only: the days that stand there are complete."""
    calendar = calendar_or_404(request, object_id)
    year = asked_year(request.POST.get("year", ""), calendar)
    calendar_years.confirm(calendar.pk, year, actor=request.user, now=timezone.now())
    messages.success(request, _("%(year)s counts as announced.") % {"year": year})
    return redirect(year_url(calendar, year))
