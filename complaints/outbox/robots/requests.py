"""The request that hands a message to a robot, as each platform documents it. Pure.

    WeCom     https://developer.work.weixin.qq.com/document/path/91770
    DingTalk  https://open.dingtalk.com/document/robots/custom-robot-access
    Feishu    https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot

The plain webhook signs `id.timestamp.body` and names each in a header (reliability.md, section 3).
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from complaints import signing
from complaints.models import OutboxMessage, Robot
from complaints.outbox import plain

Kind = Robot.Kind

MOST_BYTES = {Kind.WECOM: 4096, Kind.DINGTALK: 9000, Kind.FEISHU: 9000, Kind.WEBHOOK: 60_000}
"""Of text. DingTalk and Feishu count the whole request, 20,000 bytes: JSON may double what it quotes."""


@dataclass(frozen=True, slots=True)
class Request:
    url: str
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


def request(robot: Robot, message: OutboxMessage, *, now: datetime) -> Request:
    """The request that hands this message to the robot."""
    return _REQUESTS[robot.kind](robot, message, now)


def _wecom(robot: Robot, message: OutboxMessage, now: datetime) -> Request:
    text = f"**{plain.harmless(message.subject)}**\n{plain.harmless(message.body)}"
    return _json(robot.url, {"msgtype": "markdown", "markdown": {"content": _cut(robot, text)}})


def _dingtalk(robot: Robot, message: OutboxMessage, now: datetime) -> Request:
    title = plain.harmless(message.subject)
    # A single line break is none in its Markdown.
    text = f"**{title}**\n\n{plain.harmless(message.body)}".replace("\n", "  \n")
    url = robot.url
    if robot.secret:
        stamp = str(int(now.timestamp() * 1000))
        signed = _sign(robot.secret.encode(), f"{stamp}\n{robot.secret}".encode())
        url += ("&" if "?" in url else "?") + urlencode({"timestamp": stamp, "sign": signed})
    return _json(url, {"msgtype": "markdown", "markdown": {"title": plain.cut(title, 200), "text": _cut(robot, text)}})


def _feishu(robot: Robot, message: OutboxMessage, now: datetime) -> Request:
    text = f"{plain.harmless(message.subject)}\n{plain.harmless(message.body)}"
    data: dict[str, Any] = {"msg_type": "text", "content": {"text": _cut(robot, text)}}
    if robot.secret:
        stamp = str(int(now.timestamp()))
        data |= {"timestamp": stamp, "sign": _sign(f"{stamp}\n{robot.secret}".encode(), b"")}
    return _json(robot.url, data)


def _webhook(robot: Robot, message: OutboxMessage, now: datetime) -> Request:
    """The id stays the same when a message comes twice, so that the other side can tell."""
    stamp, event = str(int(now.timestamp())), message.message_id.strip("<>").partition("@")[0]
    complaint = message.complaint
    data = {
        "subject": message.subject,
        "text": _cut(robot, message.body),
        "complaint": complaint.number if complaint else None,
        "robot": robot.name,
    }
    kind = message.dedup_key.partition(":")[0]
    written = {"id": event, "type": kind, "created_at": message.created_at.isoformat(), "data": data}
    built = _json(robot.url, written)
    signed = signing.sign(robot.secret or "", event, stamp, built.body)
    built.headers.update({signing.ID: event, signing.TIMESTAMP: stamp, signing.SIGNATURE: signed})
    return built


_REQUESTS: dict[str, Callable[[Robot, OutboxMessage, datetime], Request]] = {
    Kind.WECOM: _wecom,
    Kind.DINGTALK: _dingtalk,
    Kind.FEISHU: _feishu,
    Kind.WEBHOOK: _webhook,
}


def _json(url: str, data: dict[str, Any]) -> Request:
    headers = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "Amends"}
    return Request(url, json.dumps(data, ensure_ascii=False).encode(), headers)


def _cut(robot: Robot, text: str) -> str:
    return plain.cut(text, MOST_BYTES[Kind(robot.kind)])


def _sign(key: bytes, text: bytes) -> str:
    return base64.b64encode(hmac.new(key, text, hashlib.sha256).digest()).decode()
