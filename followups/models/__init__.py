from .follow_up import FollowUp

__all__ = ["FollowUp"]
