from typing import Any

from django.core.management.base import BaseCommand

from complaints.operations import heartbeat
from complaints.operations.bootstrap import load_roles
from knowledge.operations.bootstrap import load_content


class Command(BaseCommand):
    help = "Load roles and default content. Safe to run again: what exists and what managers edited stays."

    def handle(self, *args: Any, **options: Any) -> None:
        roles = load_roles()
        added = load_content()
        heartbeat.expect_all()
        if roles or any(added.values()):
            self.stdout.write(
                f"bootstrap: {roles} roles, {added['issue_types']} issue types, {added['scripts']} scripts"
            )
