"""A server that plays the chat platforms: it takes what their documentation describes and refuses everything else.

Signatures are computed here from the documentation, not by the code under test.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import ssl
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

SECRET = "SEC-of-the-robot"
KEY = "693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa"
Answer = tuple[int, dict[str, str], bytes]


class ChatServer:
    """`with ChatServer("wecom") as server:` listens at `server.url`; what it took is in `server.taken`."""

    def __init__(self, kind: str, context: ssl.SSLContext | None = None) -> None:
        self.kind = kind
        self.taken: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.refused: list[str] = []
        self.answers: list[Callable[[BaseHTTPRequestHandler], None] | Answer] = []
        self.over = threading.Event()
        chat = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                chat._post(self)

            def log_message(self, *arguments: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if context:
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.host = f"127.0.0.1:{self._server.server_port}"
        self.port = self._server.server_port

    def __enter__(self) -> ChatServer:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.over.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def path(self) -> str:
        return {
            "wecom": f"/cgi-bin/webhook/send?key={KEY}",
            "dingtalk": f"/robot/send?access_token={KEY}",
            "feishu": f"/open-apis/bot/v2/hook/{KEY}",
            "webhook": f"/hooks/{KEY}",
        }[self.kind]

    @property
    def url(self) -> str:
        return f"http://{self.host}{self.path}"

    # -------------------------------------------------------------- answering

    def _post(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers["Content-Length"]))
        wrong = self._problem(handler, body)
        if wrong:
            self.refused.append(wrong)
        else:
            self.taken.append(json.loads(body))
            self.headers.append(dict(handler.headers))
        planned = self.answers.pop(0) if self.answers else None
        if callable(planned):
            planned(handler)
        else:
            answer(handler, *(planned or self._documented(wrong)))

    def _documented(self, wrong: str) -> Answer:
        if self.kind == "webhook":
            return (401 if wrong else 204), {}, b""
        if self.kind == "feishu":
            data = (
                {"code": 19021, "msg": wrong} if wrong else {"StatusCode": 0, "code": 0, "msg": "success", "data": {}}
            )
        else:
            bad = {"wecom": 93000, "dingtalk": 310000}[self.kind]
            data = {"errcode": bad, "errmsg": wrong} if wrong else {"errcode": 0, "errmsg": "ok"}
        return 200, {"Content-Type": "application/json"}, json.dumps(data).encode()

    def _problem(self, handler: BaseHTTPRequestHandler, body: bytes) -> str:
        """What the platform would object to."""
        if not handler.headers["Content-Type"].startswith("application/json"):
            return "not JSON"
        if not handler.path.startswith(self.path):
            return "no such robot"
        return getattr(self, f"_{self.kind}")(handler, body)

    def _wecom(self, handler: BaseHTTPRequestHandler, body: bytes) -> str:
        data = json.loads(body)
        content = data["markdown"]["content"]
        fits = len(content.encode()) <= 4096
        return "" if data == {"msgtype": "markdown", "markdown": {"content": content}} and fits else "bad message"

    def _dingtalk(self, handler: BaseHTTPRequestHandler, body: bytes) -> str:
        data, query = json.loads(body), parse_qs(urlsplit(handler.path).query)
        stamp = query["timestamp"][0]
        digest = hmac.new(SECRET.encode(), f"{stamp}\n{SECRET}".encode(), hashlib.sha256).digest()
        if abs(int(stamp) - time.time() * 1000) > 3_600_000:
            return "invalid timestamp"
        if query["sign"][0] != base64.b64encode(digest).decode():
            return "sign not match"
        known = {"msgtype", "markdown"} == set(data) and {"title", "text"} == set(data["markdown"])
        return "" if known and data["msgtype"] == "markdown" and len(body) <= 20_000 else "bad message"

    def _feishu(self, handler: BaseHTTPRequestHandler, body: bytes) -> str:
        data = json.loads(body)
        key = f"{data['timestamp']}\n{SECRET}".encode()
        if abs(int(data["timestamp"]) - time.time()) > 3600 or not isinstance(data["timestamp"], str):
            return "timestamp is not within one hour from current time"
        if data["sign"] != base64.b64encode(hmac.new(key, b"", hashlib.sha256).digest()).decode():
            return "sign match fail"
        fits = len(body) <= 20 * 1024
        return "" if data["msg_type"] == "text" and set(data["content"]) == {"text"} and fits else "bad message"

    def _webhook(self, handler: BaseHTTPRequestHandler, body: bytes) -> str:
        event, stamp = handler.headers["Amends-Id"], handler.headers["Amends-Timestamp"]
        signed = f"{event}.{stamp}.".encode() + body
        expected = base64.b64encode(hmac.new(SECRET.encode(), signed, hashlib.sha256).digest()).decode()
        if abs(int(stamp) - time.time()) > 300:
            return "too old"
        if handler.headers["Amends-Signature"] != f"v1,{expected}":
            return "bad signature"
        data = json.loads(body)
        return "" if set(data) == {"id", "type", "created_at", "data"} and data["id"] == event else "bad message"


def answer(handler: BaseHTTPRequestHandler, status: int, headers: dict[str, str], body: bytes) -> None:
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def certificate(name: str, folder: Any) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """What a server of that name shows, and a client that believes it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "server.pem", folder / "server.key"
    paths[0].write_bytes(built.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )  # fmt: skip
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(*paths)
    return server, ssl.create_default_context(cafile=str(paths[0]))
