"""A correction changes what was typed, and nothing that was only no longer on offer."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from complaints.admin.registration_forms import BY_POLICY, CorrectionForm, RegistrationForm
from complaints.admin.signing import sign_version
from complaints.models import Complaint, Priority, Severity
from knowledge.models import IssueType
from tests.factories.complaints import current

pytestmark = pytest.mark.usefixtures("frozen")


def fields_of(form: CorrectionForm) -> dict[str, Any]:
    """What a browser sends back of a form as it was shown."""
    values = {name: form[name].value() for name in form.fields}
    return {name: value for name, value in values.items() if value is not None}


def test_what_can_no_longer_be_chosen_stays_chosen(
    case: Callable[..., Any], agent: Any, user_with: Callable[..., Any], client_for: Callable[[Any], Client]
) -> None:
    accused = user_with("agent")
    complaint: Complaint = case("new", issue_code="SERV-01", accused=accused)
    IssueType.objects.filter(pk=complaint.issue_type_id).update(active=False)
    accused.shops.clear()
    accused.groups.clear()
    complaint = current(complaint)
    form = CorrectionForm(complaint=complaint, user=agent)
    fields = fields_of(form) | {"title": "只改了标题", "version": sign_version(complaint)}
    assert f'value="{complaint.issue_type_id}" selected' in str(form["issue_type"])
    assert f'value="{accused.pk}" selected' in str(form["accused"])
    answer = client_for(agent).post(reverse("admin:complaints_complaint_edit", args=[complaint.pk]), fields)
    assert answer.status_code == 302
    after = current(complaint)
    assert (after.title, after.issue_type_id, after.accused_id) == (
        "只改了标题", complaint.issue_type_id, accused.pk,
    )  # fmt: skip


def test_nobody_chooses_anew_what_is_off_the_table(case: Callable[..., Any], agent: Any) -> None:
    complaint = case("new")
    off = IssueType.objects.get(code="SERV-01")
    IssueType.objects.filter(pk=off.pk).update(active=False)
    form = CorrectionForm({"issue_type": off.pk}, complaint=complaint, user=agent)
    assert "issue_type" in form.errors


def test_differences_are_told_in_words(case: Callable[..., Any], agent: Any, user_with: Callable[..., Any]) -> None:
    accused = user_with("agent", last_name="周", first_name="敏")
    complaint = case("new", accused=accused)
    typed = fields_of(CorrectionForm(complaint=complaint, user=agent)) | {
        "priority": "P1",
        "severity": "S4",
        "accused": "",
    }
    form = CorrectionForm(typed, complaint=complaint, user=agent)
    assert form.is_valid()
    rows = {str(row["label"]): (str(row["stored"]), str(row["typed"])) for row in form.differences()}
    assert sorted(rows.values()) == sorted(
        [(str(BY_POLICY[0][1]), Priority.P1.label), (Severity.S2.label, Severity.S4.label), ("周敏", "")]
    )


def test_contact_data_stays_out_of_drafts(case: Callable[..., Any], agent: Any) -> None:
    for form in (RegistrationForm(user=agent), CorrectionForm(complaint=case("new"), user=agent)):
        skipped = {name for name in form.fields if "data-draft-skip" in form.fields[name].widget.attrs}
        assert skipped == {"name", "phone", "email", "buyer"}
