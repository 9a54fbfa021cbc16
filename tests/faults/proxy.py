"""A TCP proxy that breaks the line as networks do: between us and Redis, SMTP or PostgreSQL.

    with Proxy(("127.0.0.1", 6379)) as line:
        ... line.port ...
        line.half_open()
        line.flow()

All methods may be called from any thread, at any time, and hold for present connections as for new ones.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import struct
import threading
from collections.abc import Callable, Coroutine
from enum import StrEnum
from pathlib import Path
from typing import Any

CHUNK = 65536
RST = struct.pack("ii", 1, 0)
"""SO_LINGER with no time to linger: closing sends RST instead of FIN."""

Upstream = tuple[str, int] | Path


class Mode(StrEnum):
    FLOW = "flow"
    STALL = "stall"
    """Nothing moves, nothing is lost: a partition that heals."""
    HALF_OPEN = "half-open"
    """Connections are taken and stay; whatever comes is swallowed: a peer that has lost power."""
    RESET = "reset"
    REFUSE = "refuse"


class Proxy:
    """One port of 127.0.0.1 that leads to `upstream`: a host and port, or the path of a Unix socket."""

    def __init__(self, upstream: Upstream | None = None) -> None:
        self.upstream = upstream
        """May be named later, by whom the number of the port is part of what listens there."""
        self.mode = Mode.FLOW
        self.taken = 0
        """Connections taken since the beginning."""
        self.port = 0
        self._delay = self._jitter = 0.0
        self._cut: tuple[str, int] | None = None
        self._lines: set[_Line] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._server: asyncio.Server | None = None

    def __enter__(self) -> Proxy:
        self._thread.start()
        self._do(self._listen())
        return self

    def __exit__(self, *exc: object) -> None:
        self._do(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    # -------------------------------------------------------------- what it shall do

    def flow(self) -> None:
        """Carry everything both ways; connections that have lost bytes are reset."""
        self._delay = self._jitter = 0.0
        self._cut = None
        self._do(self._turn(Mode.FLOW))

    def latency(self, seconds: float, *, jitter: float = 0.0) -> None:
        """Hold each piece back so long, more or less by `jitter`."""
        self._delay, self._jitter = seconds, jitter

    def cut_at(self, byte: int, *, towards: str) -> None:
        """Cut each new connection once so many bytes went towards "server" or "client": these arrive, then all ends."""
        assert towards in ("server", "client")
        self._cut = towards, byte

    def stall(self) -> None:
        self._do(self._turn(Mode.STALL))

    def half_open(self) -> None:
        self._do(self._turn(Mode.HALF_OPEN))

    def reset(self) -> None:
        """Reset what is open, and whatever comes as soon as it has come."""
        self._do(self._turn(Mode.RESET))

    def refuse(self) -> None:
        """Reset what is open and stop listening: who calls is refused."""
        self._do(self._turn(Mode.REFUSE))

    def cut(self) -> int:
        """Reset what is open at this moment, once; returns how many."""
        return self._do(self._cut_lines(lambda line: True))

    @property
    def open(self) -> int:
        return len(self._lines)

    # -------------------------------------------------------------- inside the loop

    def _do(self, what: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(what, self._loop).result(30)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._take, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _turn(self, mode: Mode) -> None:
        self.mode = mode
        if mode is Mode.REFUSE and self._server:
            self._server.close()
            self._server = None
        elif mode is not Mode.REFUSE and self._server is None:
            await self._listen()
        if mode in (Mode.RESET, Mode.REFUSE):
            await self._cut_lines(lambda line: True)
        elif mode is Mode.HALF_OPEN:
            for line in self._lines:
                line.deaf = True
        elif mode is Mode.FLOW:
            await self._cut_lines(lambda line: line.deaf)
        for line in self._lines:
            line.may_move(mode is not Mode.STALL)

    async def _cut_lines(self, which: Callable[[_Line], bool]) -> int:
        chosen = [line for line in self._lines if which(line)]
        for line in chosen:
            line.break_off()
        return len(chosen)

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.taken += 1
        line = _Line(self, writer)
        if self.mode is Mode.RESET:
            line.break_off()
            return
        line.deaf = self.mode is Mode.HALF_OPEN
        line.may_move(self.mode is not Mode.STALL)
        self._lines.add(line)
        try:
            await line.carry(reader)
        finally:
            self._lines.discard(line)

    async def _end(self) -> None:
        if self._server:
            self._server.close()
        await self._cut_lines(lambda line: True)
        running = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self.upstream is None:
            raise ConnectionRefusedError("nothing is behind this line yet")
        if isinstance(self.upstream, Path):
            return await asyncio.open_unix_connection(str(self.upstream))
        return await asyncio.open_connection(*self.upstream)

    async def hold_back(self) -> None:
        if self._delay:
            await asyncio.sleep(max(0.0, self._delay + random.uniform(-self._jitter, self._jitter)))

    def allowance(self, towards: str) -> int | None:
        """How many bytes a new connection may carry in this direction."""
        return self._cut[1] if self._cut and self._cut[0] == towards else None


class _Line:
    """One connection with its continuation to the server."""

    def __init__(self, proxy: Proxy, client: asyncio.StreamWriter) -> None:
        self.proxy, self.client = proxy, client
        self.server: asyncio.StreamWriter | None = None
        self.deaf = False
        self._moving = asyncio.Event()
        self._left = {towards: proxy.allowance(towards) for towards in ("server", "client")}

    def may_move(self, moving: bool) -> None:
        (self._moving.set if moving else self._moving.clear)()

    async def carry(self, reader: asyncio.StreamReader) -> None:
        """Both ways until both have ended; errors of either side end the line as they would end a wire."""
        with contextlib.suppress(OSError):
            await self._moving.wait()
            if self.deaf:
                await self._swallow(reader)
                return
            answers, self.server = await self.proxy.connect()
            await asyncio.gather(self._pump(reader, self.server, "server"), self._pump(answers, self.client, "client"))
        self.break_off(gently=True)

    async def _swallow(self, reader: asyncio.StreamReader) -> None:
        while await reader.read(CHUNK):
            pass
        self.client.close()

    async def _pump(self, source: asyncio.StreamReader, target: asyncio.StreamWriter, towards: str) -> None:
        while data := await source.read(CHUNK):
            await self.proxy.hold_back()
            await self._moving.wait()
            if self.deaf:
                continue
            left = self._left[towards]
            target.write(data if left is None else data[:left])
            await target.drain()
            if left is not None:
                self._left[towards] = left - len(data)
                if left <= len(data):
                    # An RST would take what lies unread at the other end along.
                    target.close()
                    self.break_off()
                    return
        if not self.deaf and target.can_write_eof():
            target.write_eof()

    def break_off(self, *, gently: bool = False) -> None:
        """End both halves that are not ended yet: by RST, or gently by FIN."""
        for writer in filter(None, (self.client, self.server)):
            wire = writer.get_extra_info("socket")
            if gently:
                writer.close()
            elif not writer.is_closing():
                with contextlib.suppress(OSError):
                    if wire.family != socket.AF_UNIX:
                        wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RST)
                writer.transport.abort()
