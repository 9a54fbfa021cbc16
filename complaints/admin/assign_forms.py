"""Who is to have a case: forms that show how many cases each colleague has, and whether they are there."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from complaints.duty_roster import Candidate
from complaints.queries import roster
from complaints.queries.people import assignable

from .allotting_words import standing_words
from .forms import ReasonForm, StaffChoiceField


class StandingField(StaffChoiceField):
    """A colleague, with how many cases they have and whether they are there."""

    standing: Mapping[int, Candidate] = MappingProxyType({})

    def label_from_instance(self, obj: Any) -> str:
        return standing_words(obj, self.standing.get(obj.pk))


class AssignForm(ReasonForm):
    assignee = StandingField(label=_("Assign to"), queryset=None)

    field_order = ["assignee", "reason"]

    def prepare(self) -> None:
        self.fields["reason"].required = False
        self.fields["assignee"].initial = self.complaint.assignee_id
        self.offer(assignable(self.complaint.shop_id).exclude(pk=self.complaint.accused_id or 0))

    def offer(self, people: Any) -> None:
        """Choose between these people."""
        field, shop = self.fields["assignee"], self.complaint.shop
        field.queryset = people
        field.standing = roster.standing(people, shop, now=timezone.now())


class PassOnForm(AssignForm):
    assignee = StandingField(label=_("Pass on to"), queryset=None, required=False)

    field_order = ["assignee", "reason"]

    def prepare(self) -> None:
        """Nobody chosen means back to the queue; neither oneself nor who is complained about is a choice."""
        allots = self.complaint.shop.allots_cases
        to_rule, to_queue = _("Let the system choose (not me)"), _("Back to the unassigned ones")
        self.fields["assignee"].empty_label = to_rule if allots else to_queue
        barred = [pk for pk in (self.user.pk, self.complaint.accused_id) if pk]
        self.offer(assignable(self.complaint.shop_id).exclude(pk__in=barred))
