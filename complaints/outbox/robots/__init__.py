"""Robots of chats and plain webhooks: what is asked, what is answered, and the way there."""

from .answers import NotNow, Refusal, Unclear, Withheld, read_answer
from .line import Line, check, without_secrets, words

__all__ = ["Line", "NotNow", "Refusal", "Unclear", "Withheld", "check", "read_answer", "without_secrets", "words"]
