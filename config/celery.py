"""The Celery application; what it does is found in each app's `tasks`."""

import os
from typing import Any

from celery import Celery
from celery.signals import setup_logging

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("amends")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def keep_the_desks_logging(**kwargs: Any) -> None:
    """Celery configures no loggers once somebody answers this signal; Django has done it already."""
