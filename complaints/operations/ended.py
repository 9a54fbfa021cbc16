"""Nothing is added to a complaint that is over: nobody would read it there."""

from django.utils.translation import gettext_lazy as _

from complaints.models import Complaint
from complaints.refusals import Refused


class ComplaintOver(Refused):
    message = _("The complaint is over. Reopen it or register a new one.")


class MergedAway(ComplaintOver):
    message = _("This complaint has been merged into %(number)s. Go on there.")


def refuse_ended(complaint: Complaint) -> None:
    """Raises ComplaintOver, or MergedAway, which says where to go on."""
    if complaint.merged_into_id:
        raise MergedAway(number=complaint.merged_into.number if complaint.merged_into else "")
    if not complaint.is_open:
        raise ComplaintOver
