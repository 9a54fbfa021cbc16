"""Hand over several cases at once: those that were selected, or all of somebody who is away.

Leads hand over what they see, agents their own. GET asks to whom; POST acts on each case by itself, on the version that
was shown, and says which ones stayed where they were.
"""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext

from complaints.models import Complaint
from complaints.models.complaint import ComplaintQuerySet
from complaints.models.staff import staff_name
from complaints.operations import assignment
from complaints.queries import roster
from complaints.queries.people import assignable
from complaints.refusals import Refused

from .asked import known_id
from .assign_forms import StandingField
from .signing import read_version, sign_version

MOST = 100
"""Of one time: each is a transaction of its own."""

REFUSALS_SHOWN = 5
UNPROCESSABLE = 422
LIST = "admin:complaints_complaint_changelist"


class ReassignForm(forms.Form):
    fields: dict[str, Any]

    assignee = StandingField(label=gettext_lazy("To whom"), queryset=None, required=False)
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=300, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args: Any, cases: list[Complaint], besides: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        shops = {case.shop_id for case in cases}
        field = self.fields["assignee"]
        field.queryset = assignable(shops).exclude(pk=besides)
        # By the clock of the first shop: of several, the time zone is nearly always the same.
        field.standing = roster.standing(field.queryset, cases[0].shop, now=timezone.now())
        allots = any(case.shop.allots_cases for case in cases)
        field.empty_label = _("Let the system choose for each") if allots else _("Back to the unassigned ones")


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose cases, and which."""

    person: Any
    cases: list[Complaint]
    more: int


def may_hand_over(user: Any) -> bool:
    return any(user.has_perm(f"complaints.{name}") for name in ("assign_complaint", "pass_on_complaint"))


def in_reach(user: Any) -> ComplaintQuerySet:
    """Open cases that this person may hand over."""
    rows = Complaint.objects.visible_to(user).open()
    return rows if user.has_perm("complaints.assign_complaint") else rows.assigned_to(user)


def page(request: HttpRequest, *, site: Any) -> HttpResponse:
    """GET asks, POST hands over."""
    if not may_hand_over(request.user):
        raise PermissionDenied
    values = request.POST if request.method == "POST" else request.GET
    asked = _asked(request.user, values, selected=request.method == "POST")
    if not asked.cases:
        messages.info(request, _("There is no open case to hand over. Select cases in the list first."))
        return redirect(LIST)
    bound = request.POST if request.method == "POST" else None
    besides = asked.person.pk if asked.person else None
    form = ReassignForm(bound, cases=asked.cases, besides=besides)
    if form.is_valid():
        _hand_over(request, asked.cases, form.cleaned_data)
        return redirect(LIST)
    context = site.each_context(request) | {
        "title": _title(asked),
        "form": form,
        "rows": [(case, sign_version(case)) for case in asked.cases],
        "more": asked.more,
        "person": asked.person,
        "now": timezone.now(),
        "most": MOST,
    }
    status = UNPROCESSABLE if form.is_bound else 200
    return render(request, "admin/complaints/complaint/reassign.html", context, status=status)


def _asked(user: Any, values: Any, *, selected: bool) -> Asked:
    """The cases of a person or, where some must have been `selected`, those alone."""
    person_id = known_id(values.get("person", ""))
    rows = in_reach(user)
    chosen = {pk for text in values.getlist("case")[: MOST * 2] if (pk := known_id(text))}
    person = get_user_model().objects.filter(pk=person_id).first() if person_id else None
    if person:
        rows = rows.assigned_to(person)
    if selected or chosen or not person:
        rows = rows.filter(pk__in=chosen)
    found = list(rows.select_related("shop", "assignee").order_by("next_due_at", "pk")[: MOST + 1])
    more = rows.count() - MOST if len(found) > MOST else 0
    return Asked(person, found[:MOST], more)


def _title(asked: Asked) -> str:
    if asked.person:
        return _("Hand over open cases of %(name)s") % {"name": staff_name(asked.person)}
    number = len(asked.cases)
    return ngettext("Hand over %(n)s case", "Hand over %(n)s cases", number) % {"n": number}


def _hand_over(request: HttpRequest, cases: list[Complaint], data: dict[str, Any]) -> None:
    """Each by itself: one that somebody else has changed meanwhile keeps no other back."""
    leads = request.user.has_perm("complaints.assign_complaint")
    operation = assignment.reassign if leads else assignment.pass_on
    refused, waiting = [], 0
    for case in cases:
        try:
            version = read_version(request.POST.get(f"version_{case.pk}", ""), case.pk)
            handed = operation(
                case.pk, data["assignee"], reason=data["reason"], actor=request.user, version=version,
                now=timezone.now(),
            )  # fmt: skip
            waiting += handed.assignee_id is None and handed.shop.allots_cases
        except Refused as refusal:
            refused.append(f"{case.number}{pgettext('label', ': ')}{refusal.text}")
    if waiting:
        said = ngettext(
            "%(n)s case found nobody who can have it now and is unassigned. Its history says why.",
            "%(n)s cases found nobody who can have them now and are unassigned. Their history says why.",
            waiting,
        )
        messages.warning(request, said % {"n": waiting})
    if done := len(cases) - len(refused) - waiting:
        messages.success(request, ngettext("%(n)s case handed over.", "%(n)s cases handed over.", done) % {"n": done})
    for words in refused[:REFUSALS_SHOWN]:
        messages.warning(request, words)
    if (rest := len(refused) - REFUSALS_SHOWN) > 0:
        said = ngettext("%(n)s more stayed where it was.", "%(n)s more stayed where they were.", rest)
        messages.warning(request, said % {"n": rest})


def offer_after_absence(request: HttpRequest, person: Any, absence: Any) -> HttpResponse | None:
    """Where an absence that has begun leaves open cases behind: to the page on which they are handed over."""
    now = timezone.now()
    if not (absence.starts_at <= now < absence.ends_at) or not may_hand_over(request.user):
        return None
    left = in_reach(request.user).assigned_to(person)[: MOST + 1].count()
    if not left:
        return None
    words = ngettext(
        "%(name)s is away and has %(n)s open case. Hand it over, or leave it.",
        "%(name)s is away and has %(n)s open cases. Hand them over, or leave them.",
        left,
    ) % {"name": staff_name(person), "n": left if left <= MOST else f"{MOST}+"}
    messages.info(request, words)
    answer = redirect("admin:complaints_complaint_reassign")
    answer["Location"] += f"?person={person.pk}"
    return answer
