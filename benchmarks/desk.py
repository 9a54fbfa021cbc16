"""Start the desk's code for a programme outside its own processes."""

import os
import tempfile
from pathlib import Path

import django


def start(database: str = "") -> None:
    """Set Django up, on the database with this URL or on the configured one."""
    if database:
        os.environ["DATABASE_URL"] = database
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()


def start_apart(database: str) -> None:
    """The same with keys, files and broker of the benchmarks' own, never an installation's."""
    os.environ["AMENDS_VAR"] = str(Path(tempfile.gettempdir()) / "amends-benchmarks")
    os.environ["AMENDS_ENV_FILE"] = ""
    start(database)

    from django.core.management import call_command

    from config.celery import app

    app.conf.update(broker_url="memory://localhost", broker_transport_options={})
    call_command("collectstatic", interactive=False, verbosity=0)
