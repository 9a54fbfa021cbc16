"""One attack on one database, told as JSON: `python -m tests.faults.program F3 [--small]`."""

from __future__ import annotations

import logging
import os
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import Any

import django


def main() -> None:
    name, *options = sys.argv[1:]
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    logging.getLogger("mail.log").setLevel(logging.WARNING)

    from tests.faults.attacks import ATTACKS
    from tests.faults.desk import place
    from tests.faults.finding import Finding

    small, attack = "--small" in options, ATTACKS[name]
    counts: dict[str, Any] = attack.SMALL if small else attack.FULL
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="amends-faults-") as folder:
        try:
            with place(Path(folder), patient=not small) as where:
                finding = attack.attack(where, **counts)
        except Exception as error:
            traceback.print_exc()
            words = " ".join(str(error).split())[:300]
            finding = Finding(name, "", wanted="", misses=[f"broke off: {type(error).__name__} {words}"])
    finding.seconds = time.monotonic() - begun
    print(finding.to_json())


if __name__ == "__main__":
    main()
