"""Wiring: what must be known to every process once Django is up."""

from django.apps import AppConfig


class DeskConfig(AppConfig):
    """Registers our system checks and makes our Celery application the current one."""

    name = "config"
    label = "desk"

    def ready(self) -> None:
        from config import celery, checks  # noqa: F401
