"""One request on its way through the pool."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from catchup.kg.engine.model import Answer
from catchup.kg.errors import CatchupError

if TYPE_CHECKING:
    from catchup.kg.engine.connection import Connection


class Job:
    """A request that waits or runs; whoever asks says in `done` what becomes of the outcome."""

    __slots__ = (
        "client",
        "finished",
        "frame",
        "queued",
        "running",
        "submitted",
        "timeout",
        "worker",
    )

    def __init__(self, frame: bytes, client: str, timeout: float) -> None:
        #: what a worker is sent (`Request.to_wire`)
        self.frame = frame
        #: whom it counts against
        self.client = client
        self.timeout = timeout
        #: clock of `time.perf_counter`
        self.submitted = 0.0
        #: milliseconds it waited for a worker
        self.queued = 0.0
        #: the worker that is to answer; None while it waits
        self.worker: Connection | None = None
        #: whether it counts among the running queries of its client
        self.running = False
        self.finished = False

    def done(self, outcome: Answer | CatchupError) -> None:
        """Take the outcome: called once, unless the job is cancelled.

        The answer's bytes count as held until they are released.
        """
        raise NotImplementedError


class Awaited(Job):
    """A job whose outcome a task waits for."""

    __slots__ = ("late", "outcome")

    def __init__(self, frame: bytes, client: str, timeout: float) -> None:
        super().__init__(frame, client, timeout)
        self.outcome: asyncio.Future[Answer | CatchupError] = (
            asyncio.get_running_loop().create_future()
        )
        #: what came after the task was cancelled, and before it could cancel the job
        self.late: Answer | CatchupError | None = None

    def done(self, outcome: Answer | CatchupError) -> None:
        """Wake the task."""
        if self.outcome.done():
            self.late = outcome
        else:
            self.outcome.set_result(outcome)
