"""One at a time: what no row can be locked for, because it is about rows that are not there yet."""

import hashlib

from django.db import connection


def take_turn(name: str) -> None:
    """Wait until no other transaction has the turn of this name, and have it until this transaction ends.

    SQLite has one writer at a time, whatever it writes: there it is one's turn already.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [lock_number(name)])


def lock_number(name: str) -> int:
    """The name as a lock of the database is called."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)
