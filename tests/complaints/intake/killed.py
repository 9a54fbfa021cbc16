"""A worker's import task in a process of its own, on a test's database: `python -m tests.complaints.intake.killed`.

It gets database and media folder by the environment, says `written <rows>` after each step, and waits a moment so that
whoever runs it can kill it in the middle.
"""

import json
import os
import sys

import django


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.conf import settings

    settings.MEDIA_ROOT = os.environ["AMENDS_TEST_MEDIA"]
    settings.DATABASES["default"] |= json.loads(os.environ["AMENDS_TEST_DATABASE"])
    django.setup()
    from django.utils import timezone

    from complaints.intake import running

    running.BATCH = 3
    keep = running.keep

    def told(job: object, **fields: object) -> None:
        keep(job, **fields)  # type: ignore[arg-type]
        # Within the transaction: nothing of this step is committed yet.
        print("step", fields.get("position"), flush=True)
        sys.stdin.readline()

    running.keep = told
    running.go_on(now=timezone.now())


if __name__ == "__main__":
    main()
