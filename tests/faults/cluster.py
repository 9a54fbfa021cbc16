"""A PostgreSQL server of our own, to be restarted at will: the machine's server is other people's, too."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

from django.conf import settings

from tests.config.running_desk import free_port
from tests.journeys.background import Database

OWNER = "postgres"


class Cluster:
    """`with Cluster() as server:` answers on 127.0.0.1:`server.port`; nothing of it is left afterwards."""

    def __init__(self) -> None:
        self.port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="amends-faults-"))
        self.data = self.folder / "data"

    def __enter__(self) -> Cluster:
        if os.getuid() == 0:
            shutil.chown(self.folder, OWNER)
        self._run(
            "initdb", "--auth=trust", f"--username={OWNER}", "--encoding=UTF8", "--locale=C.UTF-8", str(self.data)
        )
        self._control("start")
        return self

    def __exit__(self, *exc: object) -> None:
        self._control("stop", "-m", "immediate")
        shutil.rmtree(self.folder)

    @property
    def url(self) -> str:
        return f"postgres://{OWNER}@127.0.0.1:{self.port}/postgres"

    def restart(self, *, gently: bool) -> None:
        """With goodbye to the sessions, or as after a power cut; the server answers when this returns."""
        self._control("restart", "-m", "fast" if gently else "immediate")

    def _control(self, do: str, *how: str) -> None:
        options = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1"
        self._run(
            "pg_ctl", do, "-w", "-t", "120", "-D", str(self.data), "-l", str(self.folder / "log"), "-o", options, *how
        )

    def _run(self, program: str, *arguments: str) -> None:
        """As the user that PostgreSQL insists on not being root. The server must not hold our pipes open."""
        user = pwd.getpwnam(OWNER).pw_uid if os.getuid() == 0 else None
        command = [str(_binaries() / program), *arguments]
        log = self.folder / "commands.log"
        with log.open("ab") as out:
            done = subprocess.run(command, user=user, cwd=self.folder, stdout=out, stderr=out, check=False)
        assert done.returncode == 0, log.read_text()[-2000:]


def _binaries() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    if found:
        return found[-1]
    on_path = shutil.which("initdb")
    assert on_path, "no initdb on this machine"
    return Path(on_path).parent


class OnCluster(Database):
    """A database on a server of our own."""

    def __init__(self, cluster: Cluster) -> None:
        super().__init__()
        self.server = settings.DATABASES["default"] | {
            "ENGINE": "django.db.backends.postgresql",
            "HOST": "127.0.0.1",
            "PORT": cluster.port,
            "USER": OWNER,
            "PASSWORD": "",
        }
        self.is_file = False
