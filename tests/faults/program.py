"""One attack on one database, told as JSON: `python -m tests.faults.program F3 [--small] [--cluster]`.

`--cluster`: on a PostgreSQL server of its own, with the settings that PostgreSQL comes with.
"""

from __future__ import annotations

import logging
import os
import sys
import tempfile
import time
import traceback
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import django

from tests.faults.cluster import Cluster
from tests.faults.finding import Finding


def main() -> None:
    name, *options = sys.argv[1:]
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    with ExitStack() as stack:
        if "--cluster" in options:
            os.environ["DATABASE_URL"] = stack.enter_context(Cluster()).url
        django.setup()
        logging.getLogger("mail.log").setLevel(logging.WARNING)
        print(_found(name, small="--small" in options).to_json())


def _found(name: str, *, small: bool) -> Finding:
    from tests.faults.attacks import ATTACKS
    from tests.faults.desk import place

    attack, begun = ATTACKS[name], time.monotonic()
    counts: dict[str, Any] = attack.SMALL if small else attack.FULL
    with tempfile.TemporaryDirectory(prefix="amends-faults-") as folder:
        try:
            with place(Path(folder), patient=not small) as where:
                finding = attack.attack(where, **counts)
        except Exception as error:
            traceback.print_exc()
            words = " ".join(str(error).split())[:300]
            finding = Finding(name, "", wanted="", misses=[f"broke off: {type(error).__name__} {words}"])
    finding.seconds = time.monotonic() - begun
    return finding


if __name__ == "__main__":
    main()
