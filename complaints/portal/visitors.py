"""Who calls, as far as pacing needs to know: a keyed hash of the address, never the address."""

import hmac
from hashlib import sha256
from ipaddress import IPv6Address, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest

from complaints.intake import pacing

SENDING = "10/hour;40/day"
FILES = "40/hour;120/day"
LOOKING = "120/minute"
MAILS = "3/day"
MANY = "3/10 minutes"
"""More from one address than a person has to complain about: looked at by staff, refused to nobody."""


def caller(request: HttpRequest) -> str:
    """Equal for the same address; of IPv6 the network, since one visitor has all addresses of it."""
    return _hashed(_network(address_of(request)))


def address_of(request: HttpRequest) -> str:
    """The address that connects, or the one that so many trusted proxies saw (AMENDS_TRUSTED_PROXIES).

    Each proxy adds the address it sees at the right: what a client itself has put further left is not believed.
    """
    direct = request.META.get("REMOTE_ADDR", "")
    proxies = settings.AMENDS_TRUSTED_PROXIES
    seen = [part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if part.strip()]
    return seen[-proxies] if proxies and len(seen) >= proxies else direct


def wait(rates: str, scope: str, who: str) -> int:
    """Seconds to wait, or 0; counts the visit."""
    return pacing.wait(rates, f"portal:{scope}", who)


def may_mail(address: str) -> bool:
    """Whether this address has had few enough mails that anybody could have asked for."""
    return not wait(MAILS, "mail", _hashed(address.casefold()))


def _network(address: str) -> str:
    try:
        known = ip_address(address)
    except ValueError:
        return address
    if isinstance(known, IPv6Address) and known.ipv4_mapped is None:
        return str(ip_network((known, 64), strict=False))
    return str(known)


def _hashed(value: str) -> str:
    return hmac.new(settings.AMENDS_HASH_KEY.encode(), f"visitor:{value}".encode(), sha256).hexdigest()[:32]
