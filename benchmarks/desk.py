"""Start Django for a programme outside the desk's own processes."""

import os

import django


def start(database: str = "") -> None:
    """Set Django up, on the database with this URL or on the configured one."""
    if database:
        os.environ["DATABASE_URL"] = database
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
