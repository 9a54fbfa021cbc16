"""How scripts have done: uses, edits and the satisfaction of the cases, for the list and for the ranking."""

from django.core.cache import cache

from complaints.queries import script_use
from followups.admin.ratings import ratings_by_script
from knowledge.queries import Worked

REMEMBERED_SECONDS = 300


def worked() -> dict[int, Worked]:
    """Id of the script -> its figures over the latest uses; three queries."""
    above = script_use.floor()
    ratings = ratings_by_script(above)
    figures = {}
    for script, (uses, edited) in script_use.recent_uses(above).items():
        rated = ratings.get(script, [])
        mean = sum(rated) / len(rated) if rated else None
        figures[script] = Worked(uses=uses, edited=edited, satisfaction=mean, rated=len(rated))
    return figures


def worked_lately() -> dict[int, Worked]:
    """The same for the ranking on every case page, a few minutes old at most."""
    return cache.get_or_set("scripts:worked", worked, REMEMBERED_SECONDS) or {}
