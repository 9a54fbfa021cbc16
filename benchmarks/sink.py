"""A mail server that takes everything and keeps nothing, in a process of its own: `with MailSink() as port:`."""

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP


class MailSink:
    """Listens on 127.0.0.1 on a free port until the end."""

    def __enter__(self) -> int:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.sink"], stdout=subprocess.PIPE, cwd=Path(__file__).parent.parent
        )
        assert self._process.stdout
        return int(self._process.stdout.readline())

    def __exit__(self, *exc: object) -> None:
        self._process.kill()
        self._process.wait()


class _Nowhere:
    async def handle_DATA(self, server: SMTP, session: Any, envelope: Any) -> str:
        return "250 OK"


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(_Nowhere(), hostname="sink", enable_SMTPUTF8=True), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve())
