"""Who may do what: the one table of roles. Pure data; `operations.bootstrap` makes groups of it."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from complaints.lifecycle import STEPS

VIEW_CASE = (
    "complaints.view_complaint", "complaints.view_contact", "complaints.view_evidence", "complaints.view_remedy",
    "complaints.view_promise", "complaints.view_deadline", "complaints.view_complaintevent", "complaints.view_order",
    "complaints.view_customer", "complaints.view_shop", "followups.view_followup",
    "complaints.view_inquiry", "complaints.view_recoveryclaim", "knowledge.view_servicepolicy",
    "complaints.view_product", "complaints.view_confirmationrecord",
)  # fmt: skip

_RECOVER = ("complaints.add_recoveryclaim", "complaints.change_recoveryclaim")

HANDLE = (
    "complaints.add_complaint", "complaints.change_complaint", "complaints.add_contact", "complaints.add_evidence",
    "complaints.set_liability", "complaints.add_remedy", "complaints.execute_remedy", "complaints.claim_complaint",
    "complaints.pass_on_complaint",
    "knowledge.view_replyscript", "complaints.view_liabilityshare", "complaints.view_alert",
    "complaints.add_inquiry", "complaints.change_inquiry", *_RECOVER,
    "complaints.hold_complaint", "complaints.set_platform_case",
    "complaints.view_websubmission", "complaints.decide_websubmission",
    "complaints.view_inboundmail", "complaints.handle_inboundmail",
    "complaints.view_replyreview", "complaints.answer_replyreview",
    "complaints.add_confirmationrecord",
)  # fmt: skip

_AGENT_STEPS = (
    "accept", "start_verification", "conclude_verification", "offer", "decline", "agree", "resolve", "close",
    "supplement", "reopen", "withdraw",
)  # fmt: skip


def step_permission(step: str) -> str:
    """The permission that taking this step needs."""
    return f"complaints.{step}_complaint"


def _steps(*names: str) -> tuple[str, ...]:
    return tuple(step_permission(name) for name in names)


STEP_PERMISSIONS = [(f"{name}_complaint", f"Can take step: {name}") for name in STEPS]

_AGENT = (*VIEW_CASE, *HANDLE, *_steps(*_AGENT_STEPS))
_LEAD = (
    *_AGENT, "complaints.assign_complaint", "complaints.waive_evidence", "complaints.approve_l1",
    "complaints.view_absence", "complaints.add_absence", "complaints.change_absence",
    "complaints.view_dutyprofile", "complaints.change_dutyprofile",
    "complaints.view_importjob", "complaints.add_importjob", "knowledge.view_phraserule",
    "complaints.view_team_reviews",
    *_steps("merge", "unmerge"),
)  # fmt: skip
_SUPERVISOR = (
    *_LEAD, "complaints.view_all_shops", "complaints.approve_l2", "complaints.record_apology",
    "complaints.reveal_contact", "complaints.overrule_phrases", "complaints.view_outboxmessage",
    "complaints.view_slapolicy", "complaints.view_workcalendar", *_steps("find_unfounded"),
)  # fmt: skip
_SETTINGS = (
    "complaints.change_shop", "complaints.add_shop", "auth.view_user", "auth.add_user", "auth.change_user",
    "complaints.resend_message", "complaints.add_slapolicy", "complaints.change_slapolicy",
    "complaints.view_settingchange", "complaints.add_workcalendar", "complaints.change_workcalendar",
    "complaints.view_department", "complaints.add_department", "complaints.change_department",
    "complaints.view_robot", "complaints.add_robot", "complaints.change_robot",
    "complaints.view_hookchannel", "complaints.add_hookchannel", "complaints.change_hookchannel",
    "complaints.view_hookdelivery", "complaints.change_hookdelivery",
    "complaints.view_subscription", "complaints.add_subscription", "complaints.change_subscription",
    "complaints.view_apikey", "complaints.add_apikey", "complaints.change_apikey",
    "complaints.view_mailbox", "complaints.add_mailbox", "complaints.change_mailbox",
)  # fmt: skip
_KNOWLEDGE = (
    "knowledge.view_issuetype", "knowledge.add_issuetype", "knowledge.change_issuetype",
    "knowledge.view_replyscript", "knowledge.add_replyscript", "knowledge.change_replyscript",
    "knowledge.publish_replyscript",
    "knowledge.view_servicepolicy", "knowledge.add_servicepolicy", "knowledge.change_servicepolicy",
    "knowledge.publish_servicepolicy",
    "knowledge.view_phraserule", "knowledge.add_phraserule", "knowledge.change_phraserule",
    "knowledge.view_criterion", "knowledge.add_criterion", "knowledge.change_criterion",
    "knowledge.view_synonymgroup", "knowledge.add_synonymgroup", "knowledge.change_synonymgroup",
    "knowledge.view_listingitem", "knowledge.add_listingitem", "knowledge.change_listingitem",
    "knowledge.view_confirmationtext", "knowledge.add_confirmationtext",
    "complaints.view_product", "complaints.add_product", "complaints.change_product",
    "complaints.view_confirmationrecord", "complaints.add_confirmationrecord",
)  # fmt: skip
_READ_ALL = (
    *VIEW_CASE, "complaints.view_all_shops", "complaints.view_liabilityshare", "knowledge.view_replyscript",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Role:
    code: str
    label: Any
    permissions: tuple[str, ...]


ROLES: dict[str, Role] = {
    role.code: role
    for role in (
        Role("agent", _("Agent"), _AGENT),
        Role("team_lead", _("Team lead"), _LEAD),
        Role("supervisor", _("Supervisor"), _SUPERVISOR),
        Role("department", _("Department"), ("complaints.view_inquiry", "complaints.answer_inquiry")),
        Role(
            "finance", _("Finance"),
            (*VIEW_CASE, "complaints.view_executing", "complaints.execute_remedy", "complaints.approve_finance",
             "complaints.view_alert", *_RECOVER),
        ),
        Role("legal", _("Legal"), (*_READ_ALL, "complaints.approve_legal", "complaints.view_alert")),
        Role("knowledge_manager", _("Knowledge manager"), _KNOWLEDGE),
        Role(
            "quality_inspector", _("Quality inspector"),
            (*_READ_ALL, "complaints.view_replyreview", "complaints.score_replyreview", "complaints.view_team_reviews",
             "knowledge.view_criterion", "knowledge.view_phraserule"),
        ),
        Role(
            "shop_manager", _("Shop manager"),
            (*_SUPERVISOR, *_SETTINGS, *_KNOWLEDGE, "complaints.approve_l3"),
        ),
        Role(
            "auditor", _("Auditor"),
            (*_READ_ALL, "complaints.view_outboxmessage", "complaints.view_slapolicy", "complaints.view_settingchange",
             "complaints.view_hookchannel", "complaints.view_hookdelivery", "complaints.view_subscription",
             "complaints.view_replyreview", "complaints.view_team_reviews", "knowledge.view_phraserule"),
        ),
    )
}  # fmt: skip
