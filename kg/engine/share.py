"""What all queries together, and those of one client, may use."""

from __future__ import annotations

from dataclasses import dataclass, field

from catchup.kg.engine.errors import Overloaded


@dataclass(frozen=True)
class PoolLimits:
    """What all queries together, and those of one client, may use."""

    workers: int = field(default=2, metadata={"unit": "", "help": "workers for quick queries"})
    slow: int = field(default=4, metadata={"unit": "", "help": "further workers for slow queries"})
    # Small queries take under 1 ms, those of the catalogue under 100 ms.
    slow_after: float = field(default=0.25, metadata={"unit": "s", "help": "when a query is slow"})
    # Half of all lanes: one client can never take them all.
    running: int = field(
        default=3, metadata={"unit": "", "help": "queries one client runs at once"}
    )
    waiting: int = field(
        default=200, metadata={"unit": "", "help": "queries one client may have waiting"}
    )
    queue: float = field(default=10.0, metadata={"unit": "s", "help": "time a query may wait"})
    held: int = field(
        default=256 * 1024 * 1024,
        metadata={"unit": "bytes", "help": "answers held for all clients together"},
    )


class TooManyQueries(Overloaded):
    """One client has too many queries running and waiting."""

    title = "Too many queries at once"
    kind = "too-many-queries"
    status = 429
