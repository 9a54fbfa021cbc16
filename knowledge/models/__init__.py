from .issue_type import IssueType
from .script import ReplyScript

__all__ = ["IssueType", "ReplyScript"]
