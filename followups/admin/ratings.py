"""What pages of the storey below show of ratings; `complaints.admin` takes it in."""

from followups.queries import ratings_by_script

__all__ = ["ratings_by_script"]
