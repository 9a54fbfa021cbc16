"""Why a step is not possible now: named refusals, each with a sentence that tells a clerk what to do. Pure."""

from django.utils.translation import gettext_lazy as _

from knowledge.refusals import Refused


class NotPossibleNow(Refused):
    message = _("This step is not possible in the stage “%(state)s”.")


class FieldsMissing(Refused):
    message = _("Complete the registration first. Missing: %(fields)s.")
    panel = "registration"


class NoHumanReply(Refused):
    message = _("Reply to the customer first; an automatic acknowledgement does not count.")
    panel = "reply"


class NoPromise(Refused):
    message = _("Name a time in the reply: what will happen, and by when.")
    panel = "reply"


class NoAssignee(Refused):
    message = _("Assign the complaint to somebody first.")
    panel = "assign"


class AccusedCannotVerify(Refused):
    message = _("The person complained about cannot verify the own case. Assign it to somebody else.")
    panel = "assign"


class EvidenceMissing(Refused):
    message = _("Add at least one piece of evidence, or have a team lead waive it with a reason.")
    panel = "evidence"


class InquiriesOpen(Refused):
    message = _("Inquiries without an answer: %(n)s. Record the answer, or withdraw the inquiry with a reason.")
    panel = "inquiries"


class LiabilityIncomplete(Refused):
    message = _("Liability adds up to %(percent)s %%; it must be exactly 100 %%.")
    panel = "liability"


class RootCauseMissing(Refused):
    message = _("Write down the root cause.")
    panel = "liability"


class OptionsMissing(Refused):
    message = _("Prepare at least two options, or give the reason for offering only one.")
    panel = "remedies"


class ApprovalMissing(Refused):
    message = _("Not yet approved: option %(labels)s.")
    panel = "remedies"


class ChoiceMissing(Refused):
    message = _("Record which option the customer chose.")
    panel = "choice"


class ChoiceContactMissing(Refused):
    message = _("Record the message or call in which the customer chose.")
    panel = "choice"


class StepsMissing(Refused):
    message = _("Carry the remedy out first. Missing: %(facts)s.")
    panel = "remedies"


class ApologyMissing(Refused):
    message = _("A complaint about service needs a logged apology call by a supervisor.")
    panel = "apology"


class NotSatisfied(Refused):
    message = _("Close only when the customer is satisfied (4 or 5), or was not reached in 3 attempts.")
    panel = "followup"


class StillSatisfied(Refused):
    message = _("A supplementary round is for a customer who is not satisfied (1 to 3).")
    panel = "followup"


class ReasonMissing(Refused):
    message = _("Give the reason.")


class CustomerContactMissing(Refused):
    message = _("Record the customer's message or call that shows it.")


class BasisReplyMissing(Refused):
    message = _("Send the customer a reply with the basis of the finding and the way to object.")


class ReopenWindowOver(Refused):
    message = _("The reopening window of %(days)s days is over. Register a new complaint.")


class MergeTargetMissing(Refused):
    message = _("Choose an open complaint of the same customer or order to merge into.")


class NothingToUnmerge(Refused):
    message = _("This complaint was not merged.")
