"""What connections may hold and how long they may take: bounds that no request can step over.

A request that never ends holds a connection and what came of its body. So connections are counted,
those of one client too; bodies are counted over all clients; and a request has a time to arrive in.
"""

from __future__ import annotations

import resource
from collections import Counter
from http import HTTPStatus

from catchup.kg.engine.errors import Overloaded
from catchup.kg.errors import CatchupError
from catchup.server.config import ClientLimits
from catchup.server.front import completed
from catchup.server.problems import (
    PROBLEM_JSON,
    BadRequest,
    HttpProblem,
    TooLarge,
    problem_body,
    problem_headers,
)

# Descriptors that are not for visitors: the snapshot, cases, workers, logs.
_OWN = 100


class Late(HttpProblem):
    """The request did not arrive in time."""

    title = "The request did not arrive in time"
    kind = "request-timeout"
    status = 408


class HeadTooLong(TooLarge):
    """The request line and headers are longer than is read."""

    kind = "head-too-long"
    status = 431


def refusal(error: CatchupError) -> bytes:
    """Return the response that ends a connection, as bytes."""
    data, body = problem_body(error)
    headers = {"Content-Type": PROBLEM_JSON, "Cache-Control": "no-store", "Connection": "close"}
    headers |= {"Content-Length": str(len(body))} | problem_headers(error)
    pairs = [(k.lower().encode(), v.encode()) for k, v in headers.items()]
    lines = b"".join(b"%b: %b\r\n" % pair for pair in completed(pairs, cors=True))
    status = HTTPStatus(data["status"])
    return b"HTTP/1.1 %d %b\r\n%b\r\n%b" % (status, status.phrase.encode(), lines, body)


class Bounds:
    """What all connections of one server hold together."""

    def __init__(self, limits: ClientLimits, proxies: int) -> None:
        free = resource.getrlimit(resource.RLIMIT_NOFILE)[0] - _OWN
        self._connections = max(min(limits.connections, free), 1)
        # One client can never take them all; behind a proxy all connections are the proxy's.
        self._of_one = self._connections if proxies else max(self._connections // 2, 1)
        self._bodies = limits.bodies
        self.arrival = limits.arrival
        self.head = limits.head
        self.headers = limits.headers
        self._open: Counter[str] = Counter()
        self._held = 0
        self.malformed = refusal(
            BadRequest("This is no HTTP request.", remedy="See RFC 9112 for what one is.")
        )
        self.late = refusal(
            Late(
                f"The request was not there after {limits.arrival:g} seconds.",
                remedy="Send it at once.",
            )
        )
        self.head_too_long = refusal(
            HeadTooLong(
                f"Request line and headers are longer than the {limits.head:,} bytes that are read,"
                f" or the headers than {limits.headers:,}.",
                remedy="Send a long query by POST.",
            )
        )
        self.full = refusal(
            Overloaded(
                f"{self._connections:,} connections are open, or {self._of_one:,} of yours.",
                remedy="Try again in a moment, and close what you do not use.",
            )
        )
        self.bodies_full = refusal(
            Overloaded(
                f"Bodies of requests hold {self._bodies:,} bytes already.",
                remedy="Try again in a moment.",
            )
        )

    def enter(self, client: str) -> bool:
        """Count a connection; False when there are too many."""
        if self._open.total() >= self._connections or self._open[client] >= self._of_one:
            return False
        self._open[client] += 1
        return True

    def leave(self, client: str) -> None:
        """Count a connection no more."""
        self._open[client] -= 1
        if not self._open[client]:
            del self._open[client]

    def take(self, size: int) -> bool:
        """Count bytes of a body; False when all clients together hold too much."""
        if self._held + size > self._bodies:
            return False
        self._held += size
        return True

    def give(self, size: int) -> None:
        """Say that bytes of a body are held no more."""
        self._held -= size
