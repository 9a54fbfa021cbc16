"""How colleagues are called."""

from typing import Any


def staff_name(user: Any) -> str:
    """Full name in the order in which Chinese and Western names are written, else the user name."""
    if user is None:
        return ""
    family, given = user.last_name.strip(), user.first_name.strip()
    if (family + given).isascii():
        return f"{given} {family}".strip() or user.get_username()
    return f"{family}{given}"
