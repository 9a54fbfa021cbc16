from django.contrib import admin


class AmendsSite(admin.AdminSite):
    """The Django admin in our frame."""

    enable_nav_sidebar = False
