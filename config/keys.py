"""The embedded desk's own keys: made once, kept in `var/keys.env`, readable by its owner only."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from config.env import SettingRefused, parse_dotenv

NAMES = ("AMENDS_SECRET_KEY", "AMENDS_FIELD_KEY", "AMENDS_HASH_KEY")


def load_or_create(var: Path) -> dict[str, str]:
    """Return the keys under `var`, making them at the first start.

    Raises SettingRefused when data exist but their keys are gone: new keys could never read the old rows.
    """
    path = var / "keys.env"
    if not path.exists():
        if (var / "db.sqlite3").exists():
            raise SettingRefused(
                f"{path} is missing though {var / 'db.sqlite3'} exists; bring it back from the backup, "
                "for without its keys the customers' data cannot be read."
            )
        _create(path)
    return parse_dotenv(path)


def _create(path: Path) -> None:
    """Write to a private name, then link: of two first starts at once, one set of keys wins whole."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f"keys.{os.getpid()}.{secrets.token_hex(4)}")
    lines = ["# Made at the first start. Back this file up: it opens the encrypted personal data."]
    lines += [f"{name}={secrets.token_urlsafe(48)}" for name in NAMES]
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write("\n".join(lines) + "\n")
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
