from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps
from django.utils.translation import gettext_lazy as _


class ComplaintsConfig(AppConfig):
    name = "complaints"
    verbose_name = _("Complaints")
    default_auto_field = "django.db.models.BigAutoField"
    default = True

    def ready(self) -> None:
        from knowledge import search_sources

        from .queries import case_documents, policy_documents

        search_sources.register(case_documents.SOURCE)
        search_sources.register(policy_documents.SOURCE)


class AmendsAdminConfig(admin_apps.AdminConfig):
    """The admin with our own site."""

    default = False
    default_site = "complaints.site.AmendsSite"
