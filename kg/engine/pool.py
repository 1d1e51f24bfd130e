"""The engine for the web process: workers behind asyncio, with deadlines, fairness and bounds.

A query that runs longer than a moment moves to the slow lane: its worker gets a lower priority
and a replacement takes its place, so that one heavy query never makes small ones wait.

A worker is sent a few queries ahead, so that it need not wait for the web process between two;
on a busy machine that waiting takes longer than the queries. What stands behind a query that is
stuck is sent to another worker as well, and the first answer counts.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import pyoxigraph as ox

from catchup.kg.engine.connection import Connection
from catchup.kg.engine.crew import Crew
from catchup.kg.engine.errors import Overloaded, unpack
from catchup.kg.engine.job import Awaited, Job
from catchup.kg.engine.limits import Limits
from catchup.kg.engine.model import Answer, Request, read_header
from catchup.kg.engine.process import time_limit
from catchup.kg.engine.share import PoolLimits, TooManyQueries
from catchup.kg.errors import CatchupError

if TYPE_CHECKING:
    from catchup.kg.snapshot.build import Derived

# Queries sent to one worker ahead. With one, 400 small queries a second on a machine whose two
# cores were shared by six other processes; see docs/performance.md.
_AHEAD = 4
# Where answers take longer than this in the mean of the last few, nothing is sent ahead: what stands
# behind a long query would be run twice (aggregations of 24 ms came at 0.81 of `oxigraph serve`).
_SMALL = 0.005
# A query that runs so long is no small one: nothing more is sent after it. Deadlines are looked
# at as often as `_TICK`.
_STUCK = 0.02
_TICK = 0.01


class Pool:
    """Workers on one snapshot. All methods belong to one event loop."""

    def __init__(
        self, manifest: Path, limits: Limits | None = None, pool: PoolLimits | None = None
    ) -> None:
        self.limits = limits or Limits()
        self.pool_limits = pool or PoolLimits()
        self._crew = Crew(self, manifest, self.limits, self.pool_limits)
        self._waiters: deque[Job] = deque()
        # jobs whose worker was stuck or ended; they were admitted before and go first
        self._moved: deque[Job] = deque()
        # by client; clients with none are forgotten
        self._running: dict[str, int] = {}
        self._waiting: dict[str, int] = {}
        self._ticker: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        #: called in the same step in which `snapshot` changes
        self.changed: Callable[[], None] = lambda: None
        #: seconds that an answer takes, the mean of the last few
        self._took = 0.0
        self.held = 0
        self.killed = 0

    @property
    def snapshot(self) -> str:
        """The id of the snapshot that new queries are answered from."""
        return self._crew.snapshot

    @property
    def waiting(self) -> int:
        """How many queries wait for a worker."""
        return sum(self._waiting.values()) + len(self._moved)

    @property
    def busy(self) -> int:
        """How many workers run a query."""
        return sum(1 for w in self._crew.all if w.jobs)

    async def start(self) -> None:
        """Load the snapshot and fork the first workers. Raises StoreFailed."""
        await self._crew.start()

    def joined(self) -> None:
        """Give a new worker what waits."""
        self._match()

    def switched(self) -> None:
        """Tell who uses the pool that another snapshot is served."""
        self.changed()

    async def reload(self) -> None:
        """Take up the manifest's present state. Raises StoreFailed; the old state then stays."""
        await self._crew.reload()

    def infer(self, graph: str, quads: Sequence[ox.Quad]) -> list[Derived]:
        """Return what follows from a case; to be called from a thread. Raises StoreFailed."""
        return self._crew.infer(graph, quads)

    # Workers that end

    def _drop(self, worker: Connection) -> None:
        """End a worker; what it was sent goes to others."""
        self._crew.end(worker)
        self._move(worker)
        worker.jobs.clear()
        self._crew.balance()
        self._match()

    def _move(self, worker: Connection, behind: int = 0) -> None:
        """Let others answer what a worker was sent, from the place `behind` on."""
        for at, job in enumerate(worker.jobs):
            if at >= behind and job.worker is worker and not job.finished:
                job.worker = None
                self._moved.append(job)

    def lose(self, worker: Connection, error: CatchupError | None) -> None:
        """End a worker; its first job ends in `error`, or in why the worker ended by itself."""
        if worker not in self._crew.all:
            return
        job = worker.jobs.popleft() if worker.jobs else None
        self.killed += 1
        self._drop(worker)
        # a job that was moved gets its answer elsewhere
        if job is None or job.finished or job.worker is not worker:
            return
        if error is None:
            self._background(self._explain(worker, job))
        else:
            self._finish(job, error)

    async def _explain(self, worker: Connection, job: Job) -> None:
        cause = await self._crew.cause(worker)
        if not job.finished:
            self._finish(job, cause)

    def _background(self, job: Any) -> None:
        task = asyncio.ensure_future(job)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # Queries

    async def query(self, request: Request, client: str = "") -> Answer:
        """Answer a request, and `release` the answer's length when it is sent.

        Raises the errors of kg.engine.errors, TooManyQueries and Overloaded. When the task is
        cancelled (the client went away), the query ends.
        """
        timeout = min(request.timeout or self.limits.timeout, self.limits.timeout)
        job = Awaited(request.to_wire(), client, timeout)
        self.submit(job)
        try:
            outcome = await job.outcome
        except asyncio.CancelledError:
            self.cancel(job)
            unwanted = job.late if job.outcome.cancelled() else job.outcome.result()
            if isinstance(unwanted, Answer):
                self.release(len(unwanted.body))
            raise
        if isinstance(outcome, CatchupError):
            raise outcome
        return outcome

    def submit(self, job: Job) -> None:
        """Begin to answer a request; never calls the job's `done`. Raises TooManyQueries."""
        limits = self.pool_limits
        client = job.client
        job.submitted = now = perf_counter()
        if self._running.get(client, 0) < limits.running and (worker := self._free(now)):
            self._send(worker, job, now)
        elif self._waiting.get(client, 0) >= limits.waiting:
            raise TooManyQueries(
                f"You have {limits.running} queries running and {limits.waiting} waiting.",
                remedy="Wait for some of them to end.",
            )
        else:
            self._waiters.append(job)
            self._waiting[client] = self._waiting.get(client, 0) + 1
        if self._ticker is None:
            self._ticker = asyncio.get_running_loop().call_later(_TICK, self._tick)

    def cancel(self, job: Job) -> None:
        """End a job whose answer nobody wants; a worker that runs it is ended by `_tick`."""
        if not job.finished:
            self._end(job)
            self._match()

    def _free(self, now: float) -> Connection | None:
        """Return the worker with the least to do, None when all have enough."""
        best, least = None, _AHEAD if self._took < _SMALL else 1
        for worker in self._crew.quick:
            count = len(worker.jobs)
            if not count:
                return worker
            if count < least and now - worker.begun < _STUCK:
                best, least = worker, count
        return best

    def _send(self, worker: Connection, job: Job, now: float) -> None:
        if not job.running:
            job.running = True
            self._running[job.client] = self._running.get(job.client, 0) + 1
        if not worker.jobs:
            worker.begun = now
        job.worker = worker
        job.queued = (now - job.submitted) * 1000
        worker.jobs.append(job)
        worker.transport.write(job.frame)

    def _match(self) -> None:
        """Send what waits to workers that are free, where its client may run another query."""
        now = perf_counter()
        while self._moved and (worker := self._free(now)):
            job = self._moved.popleft()
            if not job.finished and job.worker is None:
                self._send(worker, job, now)
        kept: list[Job] = []
        while self._waiters and (worker := self._free(now)):
            job = self._waiters.popleft()
            if job.finished:
                continue
            if self._running.get(job.client, 0) < self.pool_limits.running:
                _less(self._waiting, job.client)
                self._send(worker, job, now)
            else:
                kept.append(job)
        self._waiters.extendleft(reversed(kept))

    def answered(self, worker: Connection, header: bytes, body: bytes) -> None:
        """Take the answer to the first job that a worker was sent."""
        jobs = worker.jobs
        job = jobs.popleft()
        now = perf_counter()
        self._took += (now - worker.begun - self._took) / 8
        worker.begun = now
        error, retire = read_header(header)
        wanted = not job.finished
        if wanted:
            self._end(job)
        if jobs and jobs[0].worker is None:
            # moved, but no other worker was free before this one
            jobs[0].worker = worker
        if retire or worker not in self._crew.quick:
            # an old or slow worker has ended when it has answered what only it was sent
            if retire or worker.slow or not any(j.worker is worker for j in jobs):
                self.killed += retire
                self._drop(worker)
        elif self._waiters or self._moved:
            self._match()
        if error or not wanted:
            self.release(len(body))
        if wanted:
            snapshot = worker.child.snapshot
            job.done(
                unpack(error) if error else Answer.from_wire(header, body, job.queued, snapshot)
            )

    def _finish(self, job: Job, error: CatchupError) -> None:
        self._end(job)
        job.done(error)

    def _end(self, job: Job) -> None:
        """Count a job no more."""
        job.finished = True
        _less(self._running if job.running else self._waiting, job.client)

    def _tick(self) -> None:
        """Look at the clock: what is stuck, slow, beyond its deadline, or has waited too long."""
        now = perf_counter()
        for worker in list(self._crew.all):
            if worker.jobs and now - worker.begun >= _STUCK:
                self._overdue(worker, worker.jobs[0], now - worker.begun)
        while self._waiters and now - self._waiters[0].submitted > self.pool_limits.queue:
            job = self._waiters.popleft()
            if not job.finished:
                busy = f"All workers were busy for {self.pool_limits.queue:g} seconds."
                self._finish(job, Overloaded(busy, remedy="Try again in a moment."))
        self._match()
        at_work = self._waiters or self._moved or any(w.jobs for w in self._crew.all)
        self._ticker = asyncio.get_running_loop().call_later(_TICK, self._tick) if at_work else None

    def _overdue(self, worker: Connection, job: Job, elapsed: float) -> None:
        """Do what is due to a job that runs for longer than a small one."""
        if job.finished or job.worker is not worker:
            # cancelled, or another worker answers it
            self.lose(worker, None)
            return
        if elapsed >= job.timeout:
            self.lose(worker, time_limit(job.timeout))
            return
        self._move(worker, 1)
        if elapsed >= self.pool_limits.slow_after and not worker.slow:
            worker.slow = True
            self._crew.leave(worker)
            with contextlib.suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, worker.tid, 10)
            self._crew.balance()

    def hold(self, size: int) -> bool:
        """Count bytes that will be held; False when all clients together hold too much."""
        if self.held + size > self.pool_limits.held:
            return False
        self.held += size
        return True

    def release(self, size: int) -> None:
        """Say that an answer of this length is sent, or thrown away."""
        self.held -= size

    async def close(self) -> None:
        """End all processes."""
        for task in list(self._tasks):
            task.cancel()
        ending = Overloaded("The service is shutting down.")
        of_workers = [j for w in self._crew.all for j in w.jobs]
        for job in [*of_workers, *self._moved, *self._waiters]:
            if not job.finished:
                self._finish(job, ending)
        if self._ticker:
            self._ticker.cancel()
        await self._crew.close()


def _less(counts: dict[str, int], client: str) -> None:
    """Count one less for a client; clients with none are forgotten."""
    now = counts[client] - 1
    if now:
        counts[client] = now
    else:
        del counts[client]
