"""Their addresses."""

from django.urls import path

from . import complain, service_policies, status

app_name = "portal"

urlpatterns = [
    path("c/<str:token>", status.status_page, name="status"),
    path("c/<str:token>/files", status.add_file, name="status_file"),
    path("<slug:code>/complain", complain.complain, name="complain"),
    path("<slug:code>/complain/files", complain.add_file, name="complain_file"),
    path("<slug:code>/policies/", service_policies.index, name="policies"),
    path("<slug:code>/policies/<slug:kind>/", service_policies.policy, name="policy"),
]
