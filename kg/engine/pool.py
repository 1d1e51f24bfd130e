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
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyoxigraph as ox

from catchup.kg.engine import wire
from catchup.kg.engine.connection import Connection
from catchup.kg.engine.errors import Overloaded, StoreFailed, unpack
from catchup.kg.engine.job import Job
from catchup.kg.engine.limits import Limits
from catchup.kg.engine.model import Answer, Request, read_header
from catchup.kg.engine.process import HolderProcess, time_limit
from catchup.kg.errors import CatchupError

if TYPE_CHECKING:
    from catchup.kg.snapshot.build import Derived

# A worker is ready within 5 to 25 ms of its fork; on a machine that swaps, within seconds.
_START = 30.0
# Queries sent to one worker ahead. With one, 400 small queries a second on a machine whose two
# cores were shared by six other processes; see docs/performance.md.
_AHEAD = 4
# A query that runs so long is no small one: nothing more is sent after it. Deadlines are looked
# at as often as `_TICK`.
_STUCK = 0.02
_TICK = 0.01
# Between two attempts to start a holder.
_AGAIN = 0.1, 5.0


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


class Pool:
    """Workers on one snapshot. All methods belong to one event loop."""

    def __init__(
        self, manifest: Path, limits: Limits | None = None, pool: PoolLimits | None = None
    ) -> None:
        self.limits = limits or Limits()
        self.pool_limits = pool or PoolLimits()
        self._path = manifest
        self._holder: HolderProcess | None = None
        self._all: set[Connection] = set()
        # those that may be sent more: not slow, not on an old snapshot
        self._quick: list[Connection] = []
        self._waiters: deque[Job] = deque()
        # jobs whose worker was stuck or ended; they were admitted before and go first
        self._moved: deque[Job] = deque()
        self._running: dict[str, int] = {}
        self._waiting: dict[str, int] = {}
        self._forking = 0
        self._reviving = False
        self._ticker: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        # Talking to the holder blocks for milliseconds: one thread of its own.
        self._thread = ThreadPoolExecutor(1, "holder")
        self._closed = False
        self._snapshot = ""
        #: called in the same step in which `snapshot` changes
        self.changed: Callable[[], None] = lambda: None
        self.held = 0
        self.killed = 0

    @property
    def snapshot(self) -> str:
        """The id of the snapshot that new queries are answered from."""
        return self._snapshot

    @property
    def waiting(self) -> int:
        """How many queries wait for a worker."""
        return sum(self._waiting.values()) + len(self._moved)

    @property
    def busy(self) -> int:
        """How many workers run a query."""
        return sum(1 for w in self._all if w.jobs)

    async def start(self) -> None:
        """Load the snapshot and fork the first workers. Raises StoreFailed."""
        self._holder = await self._in_thread(HolderProcess, self._path, self.limits)
        self._switch()
        self._forking = self.pool_limits.workers
        await asyncio.gather(*(self._spawn() for _ in range(self._forking)))

    async def _in_thread(self, function: Any, *args: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._thread, function, *args)

    # Workers come and go

    async def _spawn(self) -> None:
        """Fork one worker; the caller has counted it in `_forking`."""
        try:
            worker = await self._forked()
        except (StoreFailed, EOFError, TimeoutError):
            if not self._closed:
                await self._revive()
            return
        finally:
            self._forking -= 1
        if worker.child.snapshot != self._snapshot:
            worker.kill()
            self._balance()
            return
        self._all.add(worker)
        self._quick.append(worker)
        self._match()

    async def _forked(self) -> Connection:
        assert self._holder is not None
        loop = asyncio.get_running_loop()
        child = await self._in_thread(self._holder.fork)
        ready: asyncio.Future[int] = loop.create_future()
        worker = Connection(self, child, ready)
        await loop.create_connection(lambda: worker, sock=child.sock)
        try:
            async with asyncio.timeout(_START):
                await ready
        except BaseException:
            worker.kill()
            raise
        return worker

    async def _revive(self) -> None:
        """Start a new holder: the old one has died."""
        if self._reviving:
            return
        self._reviving = True
        pause, most = _AGAIN
        try:
            while not self._closed:
                await asyncio.sleep(pause)
                pause = min(2 * pause, most)
                with contextlib.suppress(StoreFailed):
                    fresh = await self._in_thread(HolderProcess, self._path, self.limits)
                    old, self._holder = self._holder, fresh
                    if old:
                        await self._in_thread(old.close)
                    self._switch()
                    break
        finally:
            self._reviving = False
        self._balance()

    def _balance(self) -> None:
        """Fork until there are enough workers that are not slow."""
        if self._closed or self._reviving:
            return
        limits = self.pool_limits
        quick = len(self._quick) + self._forking
        total = len(self._all) + self._forking
        for _ in range(min(limits.workers - quick, limits.workers + limits.slow - total)):
            self._forking += 1
            self._background(self._spawn())

    def _background(self, job: Any) -> None:
        task = asyncio.ensure_future(job)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _leave(self, worker: Connection) -> None:
        """Send a worker nothing more."""
        with contextlib.suppress(ValueError):
            self._quick.remove(worker)

    def _drop(self, worker: Connection) -> None:
        """End a worker; what it was sent goes to others."""
        self._all.discard(worker)
        self._leave(worker)
        worker.kill()
        self._move(worker)
        worker.jobs.clear()
        self._balance()
        self._match()

    def _move(self, worker: Connection, behind: int = 0) -> None:
        """Let others answer what a worker was sent, from the place `behind` on."""
        for at, job in enumerate(worker.jobs):
            if at >= behind and job.worker is worker and not job.finished:
                job.worker = None
                self._moved.append(job)

    def lose(self, worker: Connection, error: CatchupError | None) -> None:
        """End a worker; its first job ends in `error`, or in why the worker ended by itself."""
        if worker not in self._all:
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
        assert self._holder is not None
        cause = await self._in_thread(self._holder.cause, worker.child)
        if not job.finished:
            self._finish(job, cause)

    # Queries

    async def query(self, request: Request, client: str = "") -> Answer:
        """Answer a request, and `release` the answer's length when it is sent.

        Raises the errors of kg.engine.errors, TooManyQueries and Overloaded. When the task is
        cancelled (the client went away), the query ends.
        """
        future: asyncio.Future[Answer | CatchupError] = asyncio.get_running_loop().create_future()

        def done(outcome: Answer | CatchupError) -> None:
            if not future.done():
                future.set_result(outcome)
            elif isinstance(outcome, Answer):
                self.release(len(outcome.body))

        job = self.submit(request, client, done)
        try:
            outcome = await future
        except asyncio.CancelledError:
            self.cancel(job)
            if not future.cancelled() and isinstance(unwanted := future.result(), Answer):
                self.release(len(unwanted.body))
            raise
        if isinstance(outcome, CatchupError):
            raise outcome
        return outcome

    def submit(
        self, request: Request, client: str, done: Callable[[Answer | CatchupError], None]
    ) -> Job:
        """Begin to answer a request; `done` is called with the outcome, never before this returns.

        The answer's bytes count as held until `release`. Raises TooManyQueries.
        """
        limits = self.pool_limits
        now = time.perf_counter()
        text = request.to_wire()
        timeout = min(request.timeout or self.limits.timeout, self.limits.timeout)
        job = Job(wire.LENGTHS.pack(len(text), 0) + text, client, timeout, done, now)
        if self._running.get(client, 0) < limits.running and (worker := self._free(now)):
            self._send(worker, job, now)
        elif self._waiting.get(client, 0) >= limits.waiting:
            raise TooManyQueries(
                f"You have {limits.running} queries running and {limits.waiting} waiting.",
                remedy="Wait for some of them to end.",
            )
        else:
            self._waiters.append(job)
            _count(self._waiting, client, 1)
        if self._ticker is None:
            self._ticker = asyncio.get_running_loop().call_later(_TICK, self._tick)
        return job

    def cancel(self, job: Job) -> None:
        """End a job whose answer nobody wants; a worker that runs it is ended by `_tick`."""
        if not job.finished:
            self._end(job)
            self._match()

    def _free(self, now: float) -> Connection | None:
        """Return the worker with the least to do, None when all have enough."""
        best, least = None, _AHEAD
        for worker in self._quick:
            count = len(worker.jobs)
            if not count:
                return worker
            if count < least and now - worker.begun < _STUCK:
                best, least = worker, count
        return best

    def _send(self, worker: Connection, job: Job, now: float) -> None:
        if not job.running:
            job.running = True
            _count(self._running, job.client, 1)
        if not worker.jobs:
            worker.begun = now
        job.worker = worker
        job.queued = (now - job.submitted) * 1000
        worker.jobs.append(job)
        worker.transport.write(job.frame)

    def _match(self) -> None:
        """Send what waits to workers that are free, where its client may run another query."""
        now = time.perf_counter()
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
                _count(self._waiting, job.client, -1)
                self._send(worker, job, now)
            else:
                kept.append(job)
        self._waiters.extendleft(reversed(kept))

    def answered(self, worker: Connection, header: bytes, body: bytes) -> None:
        """Take the answer to the first job that a worker was sent."""
        job = worker.jobs.popleft()
        worker.begun = time.perf_counter()
        error, retire = read_header(header)
        wanted = not job.finished
        if wanted:
            self._end(job)
        if worker.jobs and worker.jobs[0].worker is None:
            # moved, but no other worker was free before this one
            worker.jobs[0].worker = worker
        if retire or worker not in self._quick:
            # an old or slow worker has ended when it has answered what only it was sent
            if retire or worker.slow or not any(j.worker is worker for j in worker.jobs):
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
        if job.running:
            _count(self._running, job.client, -1)
        else:
            _count(self._waiting, job.client, -1)

    def _tick(self) -> None:
        """Look at the clock: what is stuck, slow, beyond its deadline, or has waited too long."""
        now = time.perf_counter()
        for worker in list(self._all):
            if worker.jobs and now - worker.begun >= _STUCK:
                self._overdue(worker, worker.jobs[0], now - worker.begun)
        while self._waiters and now - self._waiters[0].submitted > self.pool_limits.queue:
            job = self._waiters.popleft()
            if not job.finished:
                busy = f"All workers were busy for {self.pool_limits.queue:g} seconds."
                self._finish(job, Overloaded(busy, remedy="Try again in a moment."))
        self._match()
        at_work = self._waiters or self._moved or any(w.jobs for w in self._all)
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
            self._leave(worker)
            with contextlib.suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, worker.tid, 10)
            self._balance()

    def hold(self, size: int) -> bool:
        """Count bytes that will be held; False when all clients together hold too much."""
        if self.held + size > self.pool_limits.held:
            return False
        self.held += size
        return True

    def release(self, size: int) -> None:
        """Say that an answer of this length is sent, or thrown away."""
        self.held -= size

    # Snapshots

    def infer(self, graph: str, quads: Sequence[ox.Quad]) -> list[Derived]:
        """Return what follows from a case; to be called from a thread. Raises StoreFailed."""
        assert self._holder is not None
        return self._holder.infer(graph, quads)

    async def reload(self) -> None:
        """Take up the manifest's present state. Raises StoreFailed; the old state then stays."""
        assert self._holder is not None
        try:
            await self._in_thread(self._holder.load)
        except CatchupError:
            # The holder may be between two states: a new one loads, the old workers serve on.
            fresh = await self._in_thread(HolderProcess, self._path, self.limits)
            old, self._holder = self._holder, fresh
            await self._in_thread(old.close)
        self._switch()
        self._balance()

    def _switch(self) -> None:
        """Serve the holder's snapshot from here on, in one step of the event loop."""
        assert self._holder is not None
        self._snapshot = str(self._holder.info["snapshot"])
        self.changed()
        for worker in list(self._all):
            if worker.child.snapshot != self._snapshot:
                self._leave(worker)
                if not worker.jobs:
                    self._drop(worker)

    async def close(self) -> None:
        """End all processes."""
        self._closed = True
        for task in list(self._tasks):
            task.cancel()
        ending = Overloaded("The service is shutting down.")
        for job in [j for w in self._all for j in w.jobs] + [*self._moved, *self._waiters]:
            if not job.finished:
                self._finish(job, ending)
        for worker in list(self._all):
            self._drop(worker)
        if self._ticker:
            self._ticker.cancel()
        if self._holder:
            await self._in_thread(self._holder.close)
        self._thread.shutdown(wait=False)


def _count(counts: dict[str, int], client: str, change: int) -> None:
    """Change a client's count; clients with none are forgotten."""
    now = counts.get(client, 0) + change
    if now:
        counts[client] = now
    else:
        del counts[client]
