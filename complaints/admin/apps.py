from django.contrib.admin.apps import AdminConfig


class AmendsAdminConfig(AdminConfig):
    default_site = "complaints.admin.site.AmendsSite"
