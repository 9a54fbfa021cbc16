from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError
from django.utils import timezone
from django.utils.translation import gettext as _

from complaints.models.staff import staff_name
from complaints.refusals import Refused
from complaints.roles import ROLES
from followups.demo.load import Loaded, load, refuse_where_mail_leaves


class Command(BaseCommand):
    help = "Load a believable small company to try the desk with. Works once, and only where there is no data yet."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            refuse_where_mail_leaves()
            call_command("migrate", interactive=False, verbosity=0)
            call_command("bootstrap", stdout=self.stdout)
            loaded = load(now=timezone.now(), report=self._report)
        except Refused as refusal:
            raise CommandError(refusal.text) from None
        except OperationalError as error:
            raise CommandError(_("The database cannot be used: %(reason)s") % {"reason": str(error).strip()}) from None
        self._introduce(loaded)

    def _report(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()

    def _introduce(self, loaded: Loaded) -> None:
        self.stdout.write("\n" + _("The demo company is ready. These people can log in:"))
        for role, names in loaded.company.roles.items():
            people = ", ".join(f"{name} ({staff_name(loaded.company.staff[name])})" for name in names)
            self.stdout.write(f"  {ROLES[role].label}: {people}")
        self.stdout.write(
            _("All of them with this password, which is shown only now: %(password)s") % {"password": loaded.password}
        )
