"""Boxes for choosing issue types, each first-level type with those below it."""

from collections.abc import Iterable, Mapping
from typing import Any

from knowledge.models import IssueType


def issue_tree(field: Iterable[Any], types: Mapping[str, IssueType]) -> list[tuple[Any, list[Any], bool]]:
    """Each first-level type's box with those below it, and whether any of these is chosen; `types` by their ids."""
    boxes = {str(box.data["value"]): box for box in field}
    found = []
    for pk, issue in types.items():
        if issue.parent_id is None:
            below = [boxes[one] for one, child in types.items() if child.parent_id == issue.pk]
            found.append((boxes[pk], below, any(box.data["selected"] for box in below)))
    return found
