"""The signing secret of a webhook: shown once, when it is made; later it can only be replaced."""

from datetime import timedelta
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

KEEP = (
    (24, _("one day")),
    (1, _("one hour")),
    (168, _("a week")),
    (0, _("not at all: it has leaked")),
)


class RotateForm(forms.Form):
    keep = forms.TypedChoiceField(label=_("The old secret stays valid for"), coerce=int, choices=KEEP, initial=24)

    @property
    def span(self) -> timedelta:
        return timedelta(hours=self.cleaned_data["keep"])


def secret_page(request: HttpRequest, owner: Any, *, site: Any, back: str, address: str = "") -> HttpResponse:
    """The answer to the POST that made the secret; it is not stored by the browser and cannot be asked for again."""
    context = site.each_context(request) | {
        "title": owner.name, "owner": owner, "address": address, "back": back,
    }  # fmt: skip
    answer = render(request, "admin/complaints/hook_secret.html", context)
    answer["Cache-Control"] = "no-store"
    return answer
