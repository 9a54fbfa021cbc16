from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from complaints.operations import calendar_years, calendars, heartbeat
from complaints.operations.bootstrap import load_policies, load_roles
from complaints.operations.departments import load_departments
from knowledge.operations import indexing
from knowledge.operations.bootstrap import load_content


class Command(BaseCommand):
    help = "Load roles and default content. Safe to run again: what exists and what managers edited stays."

    def handle(self, *args: Any, **options: Any) -> None:
        roles = load_roles()
        added = load_content() | {"departments": load_departments(), "policies": load_policies()}
        heartbeat.expect_all()
        self._calendars()
        indexing.sweep(now=timezone.now())
        if roles or any(added.values()):
            self.stdout.write(
                f"bootstrap: {roles} roles, {added['issue_types']} issue types, {added['scripts']} scripts, "
                f"{added['criteria']} scoring criteria, {added['service_policies']} service policies, "
                f"{added['synonyms']} groups of synonyms, "
                f"{added['policies']} time policies, {added['departments']} departments"
            )

    def _calendars(self) -> None:
        now = timezone.now()
        created = calendars.create_default(now=now)
        if created:
            self.stdout.write(f"bootstrap: work calendar {created}")
        elif years := calendar_years.refresh(now=now):
            self.stdout.write(f"bootstrap: {years} years of public holidays")
