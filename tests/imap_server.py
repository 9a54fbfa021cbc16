"""A real IMAP server in a thread: pymap, in memory."""

from __future__ import annotations

import asyncio
import threading
from argparse import Namespace
from contextlib import AsyncExitStack
from typing import Any

from imap_tools import MailBoxUnencrypted
from pymap.backend.dict import Config, DictBackend
from pymap.imap import IMAPService
from pysasl.hashing import BuiltinHash

from tests.config.running_desk import free_port

USER, PASSWORD = "support@shop.example", "auth-code"

# As it comes, a login takes half a second of hashing.
Config._get_hash_context = classmethod(lambda cls, path: BuiltinHash(rounds=1))


class ImapServer:
    """`with ImapServer() as server:` listens on 127.0.0.1:`server.port`, with one user and an empty INBOX."""

    def __init__(self) -> None:
        self.port = free_port()
        self._ready, self._loop, self._end = threading.Event(), asyncio.new_event_loop(), asyncio.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._serve(),), daemon=True)

    def __enter__(self) -> ImapServer:
        self._thread.start()
        assert self._ready.wait(20)
        return self

    def __exit__(self, *exc: object) -> None:
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(10)

    async def _serve(self) -> None:
        given = Namespace(
            host=["127.0.0.1"], port=str(self.port), cert=None, key=None, tls=False, proxy_protocol=None,
            inherited_sockets=None, demo_data=False, demo_user=USER, demo_password=PASSWORD, passlib_cfg=None,
            debug=False,
        )  # fmt: skip
        backend, config = await DictBackend.init(given)
        config.apply_context()
        async with AsyncExitStack() as stack:
            await backend.start(stack)
            await IMAPService(backend, config).start(stack)
            self._ready.set()
            await self._end.wait()

    # -------------------------------------------------------------- what is in the mailbox

    def box(self, folder: str = "INBOX") -> Any:
        """A mail program of its own, logged in."""
        return MailBoxUnencrypted("127.0.0.1", self.port, timeout=20).login(USER, PASSWORD, folder)

    def put(self, *mails: bytes, folder: str = "INBOX") -> None:
        with self.box(folder) as box:
            for mail in mails:
                box.append(mail, folder)

    def unseen(self, folder: str = "INBOX") -> int:
        with self.box(folder) as box:
            return len(box.uids("UNSEEN"))
