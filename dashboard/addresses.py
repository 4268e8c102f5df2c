"""Where a request comes from: the address of its connection, or what a proxy of ours says of it.

Anybody can write X-Forwarded-For, so it is read from its end, and each entry is believed only when the
one behind it is a proxy of JOBHUB_TRUSTED_PROXIES.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from hub.errors import InvalidInput

Network = IPv4Network | IPv6Network


def read_proxies(texts: Iterable[str]) -> tuple[Network, ...]:
    """Read addresses and networks.

    Raises: InvalidInput.
    """
    try:
        return tuple(ip_network(text) for text in texts)
    except ValueError as error:
        raise InvalidInput(str(error), field="JOBHUB_TRUSTED_PROXIES") from None


def address_of(peer: str | None, forwarded: str, proxies: tuple[Network, ...]) -> str:
    """Find who a request is from.

    Args: peer: the other end of the connection. forwarded: X-Forwarded-For, empty without one.
    """
    address = peer or ""
    for entry in reversed(forwarded.split(",")):
        known = _read(address)
        if known is None or not any(known in network for network in proxies):
            break
        said = _read(entry.strip())
        if said is None:
            break
        address = str(said)
    return address


def _read(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
