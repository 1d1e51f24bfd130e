"""Who a client is, and how much engine time it has left."""

from __future__ import annotations

import ipaddress
import math
import time
from collections import OrderedDict
from typing import Any

from catchup.server.problems import TooManyRequests

# Clients remembered; the longest unseen is forgotten first and begins anew with a full budget.
_REMEMBERED = 10_000


def client_of(scope: dict[str, Any], proxies: int) -> str:
    """Return the address that a request counts against; a whole /64 for IPv6."""
    address = str((scope.get("client") or ("local", 0))[0])
    if proxies:
        for name, value in scope["headers"]:
            if name == b"x-forwarded-for":
                hops = [hop.strip() for hop in value.decode("latin-1").split(",")]
                address = hops[-min(proxies, len(hops))]
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((parsed, 64), strict=False).network_address)
    return address


class Budgets:
    """Engine time for each client: a bucket that fills by `seconds` a minute and holds as much."""

    def __init__(self, seconds: float) -> None:
        self._size = seconds
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def check(self, client: str) -> None:
        """Raise TooManyRequests when the client has no engine time left."""
        found = self._left.get(client)
        # what is left only grows until the next charge
        if found is None or found[0] > 0:
            return
        left = self._at(client, time.monotonic())
        if left <= 0:
            wait = math.ceil((1 - left) * 60 / self._size)
            raise TooManyRequests(
                f"Your queries used more than {self._size:g} seconds of engine time a minute.",
                max(wait, 1),
            )

    def charge(self, client: str, seconds: float) -> None:
        """Take engine time off the client's budget."""
        now = time.monotonic()
        self._left[client] = self._at(client, now) - seconds, now
        self._left.move_to_end(client)
        if len(self._left) > _REMEMBERED:
            self._left.popitem(last=False)

    def _at(self, client: str, now: float) -> float:
        """Return what a client has left at a time."""
        found = self._left.get(client)
        if found is None:
            return self._size
        left = found[0] + (now - found[1]) * self._size / 60
        return left if left < self._size else self._size
