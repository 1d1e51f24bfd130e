"""One request on its way through the pool."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from catchup.kg.engine.model import Answer
from catchup.kg.errors import CatchupError

if TYPE_CHECKING:
    from catchup.kg.engine.connection import Connection


@dataclass(eq=False, slots=True)
class Job:
    """A request that waits or runs. `done` is called once, unless the job is cancelled."""

    frame: bytes
    client: str
    timeout: float
    done: Callable[[Answer | CatchupError], None]
    #: clock of `time.perf_counter`
    submitted: float
    #: milliseconds it waited for a worker
    queued: float = 0.0
    #: the worker that is to answer; None while it waits
    worker: Connection | None = None
    #: whether it counts among the running queries of its client
    running: bool = field(default=False)
    finished: bool = field(default=False)
