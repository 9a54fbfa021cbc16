"""How much memory a process has taken."""

import re
from pathlib import Path

_PEAK = re.compile(r"^VmHWM:\s*(\d+) kB$", re.MULTILINE)


def peak_mb() -> float:
    """Megabytes of this process at its largest, since its programme was started.

    Not by `getrusage`: its ru_maxrss outlives exec, so that a small process of a large parent looks large.
    """
    found = _PEAK.search(Path("/proc/self/status").read_text())
    if found is None:
        raise RuntimeError("/proc/self/status tells no VmHWM: peak memory is measured on Linux only")
    return int(found[1]) / 1024
