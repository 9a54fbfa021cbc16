"""Customers whose fingerprints are all their own while their ciphertexts are shared: to encrypt millions would take
longer than all the rest. The first WHOLE customers are consistent throughout, for look-ups and pages.
"""

from typing import Any

from complaints.identity import Fact
from complaints.models import Customer
from complaints.models.customer import fingerprint, tail_fingerprint

from . import texts

WHOLE = 420
"""A multiple of 10 and 7, the periods of `facts`, so that a shared ciphertext stands where there is a fact."""

NAMES = [s + a + b for s in texts.SURNAMES for a in texts.GIVEN_FIRST for b in texts.GIVEN_LAST]


def facts(serial: int) -> dict[Fact, str]:
    """The personal data of the customer with this serial number, counted from 0; empty where unknown."""
    return {
        Fact.NAME: NAMES[serial * 7919 % len(NAMES)],
        Fact.PHONE: f"13{serial:09d}" if serial % 10 < 7 else "",
        Fact.EMAIL: f"kehu{serial}@mail.example" if serial % 7 == 0 else "",
        Fact.BUYER: f"tb{serial:09d}",
    }


def encrypted(model: Any, field: str, value: str) -> str | None:
    """The ciphertext that the field would store, None for an empty value."""
    return model._meta.get_field(field).get_prep_value(value)


class People:
    """Makes the plain columns of customers by their serial number."""

    def __init__(self) -> None:
        self._stored = [
            tuple(encrypted(Customer, kind, value) for kind, value in facts(serial).items()) for serial in range(WHOLE)
        ]

    def columns(self, serial: int, platform: str) -> tuple[str | None, ...]:
        """Platform, four ciphertexts, four fingerprints, that of the end of the phone number, no returned mail."""
        known = facts(serial)
        marks = (fingerprint(kind, value) for kind, value in known.items())
        return (platform, *self._stored[serial % WHOLE], *marks, tail_fingerprint(known[Fact.PHONE]), "")
