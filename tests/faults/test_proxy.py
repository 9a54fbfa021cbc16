"""Each mode of the proxy does to a line what it says."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from tests.config.running_desk import wait_until
from tests.faults.proxy import Proxy

PATIENCE = 10.0
SILENCE = 0.3
"""Seconds without an answer that count as silence; the echo answers at once."""


class Echo:
    """Sends back what comes; `heard` is all that came."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = self.listener.getsockname()
        self.heard = b""
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=self._answer, args=[self.listener.accept()[0]], daemon=True).start()

    def _answer(self, wire: socket.socket) -> None:
        with wire, contextlib.suppress(OSError):
            while data := wire.recv(65536):
                self.heard += data
                wire.sendall(data)


@pytest.fixture
def echo() -> Iterator[Echo]:
    server = Echo()
    yield server
    server.listener.close()


@pytest.fixture
def line(echo: Echo) -> Iterator[Proxy]:
    with Proxy(echo.address) as proxy:
        yield proxy


def call(proxy: Proxy) -> socket.socket:
    return socket.create_connection(("127.0.0.1", proxy.port), timeout=PATIENCE)


def ask(wire: socket.socket, text: bytes, *, timeout: float = PATIENCE) -> bytes:
    """Send, and return as many bytes as come back until all are there or the other end has closed."""
    wire.settimeout(timeout)
    wire.sendall(text)
    return listen(wire, len(text))


def listen(wire: socket.socket, number: int) -> bytes:
    heard = b""
    while len(heard) < number and (data := wire.recv(65536)):
        heard += data
    return heard


def is_reset(wire: socket.socket) -> bool:
    """Whether the other end breaks off, instead of closing."""
    wire.settimeout(PATIENCE)
    try:
        wire.recv(1)
    except ConnectionResetError:
        return True
    return False


def call_is_reset(proxy: Proxy) -> bool:
    """The same of a new call; the break may come before the call itself has returned."""
    try:
        with call(proxy) as wire:
            return is_reset(wire)
    except ConnectionResetError:
        return True


def test_flowing_line_carries_all_bytes_and_the_end(line: Proxy) -> None:
    text = bytes(range(256)) * 4000
    with call(line) as wire:
        answered: list[bytes] = []
        reader = threading.Thread(target=lambda: answered.append(listen(wire, len(text))))
        reader.start()
        wire.sendall(text)
        reader.join(PATIENCE)
        assert answered == [text]
        wire.shutdown(socket.SHUT_WR)
        assert wire.recv(1) == b""
    wait_until(lambda: line.open == 0, seconds=PATIENCE, what=lambda: "the line stays")


def test_latency_holds_each_way_back(line: Proxy) -> None:
    with call(line) as wire:
        assert ask(wire, b"at once") == b"at once"
        line.latency(0.2, jitter=0.05)
        begun = time.monotonic()
        assert ask(wire, b"slow") == b"slow"
        assert time.monotonic() - begun >= 0.3
        line.flow()
        assert ask(wire, b"again") == b"again"


def test_half_open_line_takes_everything_and_says_nothing(line: Proxy, echo: Echo) -> None:
    with call(line) as old:
        assert ask(old, b"before") == b"before"
        line.half_open()
        with call(line) as new:
            for wire in (old, new):
                with pytest.raises(TimeoutError):
                    ask(wire, b"lost", timeout=SILENCE)
            assert echo.heard == b"before"
            line.flow()
            # A stream with a hole in it must not go on.
            assert is_reset(old)
            assert is_reset(new)
    with call(line) as wire:
        assert ask(wire, b"after") == b"after"


def test_stalled_line_loses_nothing(line: Proxy) -> None:
    with call(line) as old:
        assert ask(old, b"before") == b"before"
        line.stall()
        with call(line) as new:
            for wire in (old, new):
                with pytest.raises(TimeoutError):
                    ask(wire, b"late", timeout=SILENCE)
                wire.settimeout(PATIENCE)
            line.flow()
            assert [listen(old, 4), listen(new, 4)] == [b"late", b"late"]


def test_reset_line_ends_with_rst_and_so_does_every_new_one(line: Proxy) -> None:
    with call(line) as old:
        assert ask(old, b"before") == b"before"
        line.reset()
        assert is_reset(old)
        assert call_is_reset(line)
        line.flow()
        with call(line) as wire:
            assert ask(wire, b"after") == b"after"


def test_refused_line_takes_no_call_until_it_flows_again_on_the_same_port(line: Proxy) -> None:
    with call(line) as old:
        assert ask(old, b"before") == b"before"
        line.refuse()
        assert is_reset(old)
        with pytest.raises(ConnectionRefusedError):
            call(line)
    line.flow()
    with call(line) as wire:
        assert ask(wire, b"after") == b"after"


def test_cut_resets_what_is_open_and_nothing_else(line: Proxy) -> None:
    with call(line) as old:
        assert ask(old, b"before") == b"before"
        assert line.cut() == 1
        assert is_reset(old)
        with call(line) as new:
            assert ask(new, b"after") == b"after"


def test_line_is_cut_at_the_named_byte_of_the_named_direction(line: Proxy, echo: Echo) -> None:
    line.cut_at(5, towards="server")
    with call(line) as wire:
        wire.sendall(b"123456789")
        assert is_reset(wire)
    wait_until(lambda: echo.heard == b"12345", seconds=PATIENCE, what=lambda: str(echo.heard))
    line.cut_at(3, towards="client")
    with call(line) as wire:
        wire.sendall(b"abcdef")
        assert listen(wire, 6) == b"abc"
    assert echo.heard == b"12345abcdef"


def test_dead_server_behind_the_line_ends_the_call(line: Proxy, echo: Echo) -> None:
    # The serving thread is still waiting for a call; it takes that one and no other.
    echo.listener.shutdown(socket.SHUT_RDWR)
    echo.listener.close()
    with call(line) as wire, contextlib.suppress(ConnectionResetError):
        wire.settimeout(PATIENCE)
        assert wire.recv(1) == b""
