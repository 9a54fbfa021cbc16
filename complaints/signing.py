"""The signature of webhooks, ours and theirs: HMAC-SHA256 over `id.timestamp.body`, base64, after "v1,". Pure."""

import base64
import hashlib
import hmac
from collections.abc import Iterable

ID, TIMESTAMP, SIGNATURE = "Amends-Id", "Amends-Timestamp", "Amends-Signature"
VERSION = "v1"
TOLERANCE = 300
"""Seconds by which the clock of a sender may differ, or a message be late."""

MOST_SIGNATURES = 5


def sign(secret: str, message_id: str, stamp: str, body: bytes) -> str:
    """One signature as it stands in the header."""
    digest = hmac.new(secret.encode(), f"{message_id}.{stamp}.".encode() + body, hashlib.sha256).digest()
    return f"{VERSION},{base64.b64encode(digest).decode()}"


def signatures(secrets: Iterable[str], message_id: str, stamp: str, body: bytes) -> str:
    """The header: a signature by each secret, so that the receiver may change from one to the other."""
    return " ".join(sign(secret, message_id, stamp, body) for secret in secrets)


def signed_by(secrets: Iterable[str], header: str, message_id: str, stamp: str, body: bytes) -> int | None:
    """Which of the secrets one of the header's signatures was made with; None for no one.

    All are compared, each in constant time: how long it takes tells nothing.
    """
    given = [one.encode("utf-8", "replace") for one in header.split(" ", MOST_SIGNATURES)[:MOST_SIGNATURES]]
    found = None
    for number, secret in enumerate(secrets):
        expected = sign(secret, message_id, stamp, body).encode()
        matches = [hmac.compare_digest(expected, one) for one in given]
        if any(matches) and found is None:
            found = number
    return found
