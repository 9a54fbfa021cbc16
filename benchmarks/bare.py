"""What ours is measured against: the same rows in the Django admin as it comes, under addresses of its own.

The stock pages are drawn by an engine that sees only Django's templates; middleware and login are the desk's.
"""

from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.contrib import admin
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from complaints.models import Complaint

STOCK = "stock"
_PROCESSORS = (
    "template.context_processors.request", "contrib.auth.context_processors.auth",
    "contrib.messages.context_processors.messages",
)  # fmt: skip
_CONTRIB = Path(django.__file__).parent / "contrib"


class PlainAdmin(admin.ModelAdmin):
    """The columns of the work list, with the settings that everybody makes for foreign keys."""

    list_display = (
        "next_due_at", "number", "title", "state", "priority", "customer", "shop", "assignee", "last_contact_at",
    )  # fmt: skip
    list_select_related = ("customer", "shop", "assignee")
    list_per_page = 50

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        response = super().changelist_view(request, extra_context)
        response.using = STOCK
        return response


class WithoutFullCount(PlainAdmin):
    show_full_result_count = False


class _Uncounted(Paginator):
    count = 51
    """More than a page: for less, the admin reads all rows."""


class WithoutAnyCount(WithoutFullCount):
    """Shows the first page alone: what remains is the query of 50 rows and drawing them."""

    paginator = _Uncounted


def _site(name: str, model_admin: type[PlainAdmin]) -> admin.AdminSite:
    site = admin.AdminSite(name=name)
    site.register(Complaint, model_admin)
    return site


SITES = {
    "bare": _site("bare", PlainAdmin),
    "bare_no_full_count": _site("bare_no_full_count", WithoutFullCount),
    "bare_no_count": _site("bare_no_count", WithoutAnyCount),
}

urlpatterns = [
    path("", include("config.urls")),
    *(path(f"{name}/", site.urls) for name, site in SITES.items()),
]


def install() -> None:
    """Add the addresses and the stock engine; to be called before the first request."""
    settings.ROOT_URLCONF = __name__
    processors = [f"django.{name}" for name in _PROCESSORS]
    stock = {
        "NAME": STOCK,
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [_CONTRIB / "admin/templates"],
        "OPTIONS": {"context_processors": processors},
    }
    settings.TEMPLATES = [*settings.TEMPLATES, stock]
