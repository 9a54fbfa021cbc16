"""The desk's addresses."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("", include("complaints.probes")),
    path("api/v1/hooks/", include("complaints.intake.hooks.urls")),
    path("api/v1/", include("complaints.intake.api.urls")),
    path("i18n/", include("django.conf.urls.i18n")),
    path("admin/", admin.site.urls),
    path("", include("complaints.portal.urls")),
]
