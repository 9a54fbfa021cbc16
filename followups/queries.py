"""Named reads of what happened after the solution."""

from followups.models import FollowUp


def ratings_by_script(above: int) -> dict[int, list[int]]:
    """Id of a script -> the ratings of the cases in which it was used; of uses with an id over `above`.

    A rating counts once per script, however often the script was used in that case.
    """
    uses = "complaint__contacts__script_uses"
    rows = FollowUp.objects.filter(satisfaction__isnull=False, **{f"{uses}__pk__gt": above})
    found: dict[int, list[int]] = {}
    told = rows.order_by().values_list("pk", "satisfaction", f"{uses}__version__script").distinct()
    for _pk, rating, script in told:
        found.setdefault(script, []).append(rating or 0)
    return found
