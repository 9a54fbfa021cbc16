from .issue_type import IssueType
from .listing import ConfirmationText, ListingItem
from .phrase import PhraseRule, PhraseRuleEvent
from .rubric import Criterion, CriterionVersion
from .script import ReplyScript, ScriptEvent, ScriptVersion
from .search import SearchDocument, SearchProgress, SynonymChange, SynonymGroup
from .service_policy import ServicePolicy, ServicePolicyEvent, ServicePolicyVersion

__all__ = [
    "ConfirmationText",
    "Criterion",
    "CriterionVersion",
    "IssueType",
    "ListingItem",
    "PhraseRule",
    "PhraseRuleEvent",
    "ReplyScript",
    "ScriptEvent",
    "ScriptVersion",
    "ServicePolicy",
    "ServicePolicyEvent",
    "ServicePolicyVersion",
    "SearchDocument",
    "SearchProgress",
    "SynonymChange",
    "SynonymGroup",
]
