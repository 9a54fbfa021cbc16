"""The endpoints together, as django-ninja reads and documents them."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext_noop
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError

from . import complaints, confirmations, evidence
from .door import trouble_of
from .reading import StrictParser

api = NinjaAPI(
    title="Amends API",
    version="1",
    description=gettext_noop(
        "Complaints of one shop: send them, add messages and files, read where they stand. "
        "Labels and sentences come in the language of Accept-Language: zh-hans (default) or en."
    ),
    urls_namespace="amends-api-1",
    openapi_url=None,
    docs_url=None,
    parser=StrictParser(),
)
api.add_router("", complaints.router)
api.add_router("", evidence.router)
api.add_router("", confirmations.router)


def _trouble(_request: HttpRequest, error: Any) -> HttpResponse:
    return trouble_of(error).answer()


for kind in (Exception, HttpError, ValidationError, Http404):  # django-ninja has answers of its own for these
    api.add_exception_handler(kind, _trouble)
