"""The engine for the web process: workers behind asyncio, with deadlines, fairness and bounds.

A query that runs longer than a moment moves to the slow lane: its worker gets a lower priority
and a replacement takes its place, so that one heavy query never makes small ones wait.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyoxigraph as ox

from catchup.kg.engine import wire
from catchup.kg.engine.connection import Connection
from catchup.kg.engine.errors import Overloaded, StoreFailed
from catchup.kg.engine.limits import Limits
from catchup.kg.engine.model import Answer, Request
from catchup.kg.engine.process import HolderProcess, read_error, time_limit
from catchup.kg.errors import CatchupError

if TYPE_CHECKING:
    from catchup.kg.snapshot.build import Derived

# A worker is ready within 5 to 25 ms of its fork; on a machine that swaps, within seconds.
_START = 30.0


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
        self._idle: deque[Connection] = deque()
        self._all: set[Connection] = set()
        self._waiters: deque[tuple[str, asyncio.Future[Connection]]] = deque()
        self._running: Counter[str] = Counter()
        self._waiting: Counter[str] = Counter()
        self._forking = 0
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
        return len(self._waiters)

    @property
    def busy(self) -> int:
        """How many workers run a query."""
        return sum(1 for w in self._all if w.answer is not None)

    async def start(self) -> None:
        """Load the snapshot and fork the first workers. Raises StoreFailed."""
        self._holder = await self._in_thread(HolderProcess, self._path, self.limits)
        self._switch()
        await asyncio.gather(*(self._spawn() for _ in range(self.pool_limits.workers)))

    async def _in_thread(self, function: Any, *args: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._thread, function, *args)

    # Workers come and go

    async def _spawn(self) -> None:
        assert self._holder is not None
        self._forking += 1
        try:
            child = await self._in_thread(self._holder.fork)
            worker = Connection(self, child)
            worker.answer = asyncio.get_running_loop().create_future()
            await asyncio.get_running_loop().create_connection(lambda: worker, sock=child.sock)
            async with asyncio.timeout(_START):
                header, _ = await worker.answer
        except (StoreFailed, EOFError, TimeoutError):
            if not self._closed:
                await self._revive()
            return
        finally:
            self._forking -= 1
        worker.tid, worker.answer = header["tid"], None
        self._all.add(worker)
        self._give(worker)

    async def _revive(self) -> None:
        """Start a new holder: the old one has died."""
        await asyncio.sleep(0.1)
        old, self._holder = (
            self._holder,
            await self._in_thread(HolderProcess, self._path, self.limits),
        )
        if old:
            await self._in_thread(old.close)
        self._switch()
        self._balance()

    def _balance(self) -> None:
        """Fork until there are enough workers that are not slow."""
        if self._closed:
            return
        limits = self.pool_limits
        quick = sum(1 for w in self._all if not w.slow) + self._forking
        total = len(self._all) + self._forking
        for _ in range(min(limits.workers - quick, limits.workers + limits.slow - total)):
            self._background(self._spawn())

    def _background(self, job: Any) -> None:
        task = asyncio.ensure_future(job)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _give(self, worker: Connection) -> None:
        """Take back a worker that is free again."""
        if worker.stale or worker.slow:
            self._drop(worker)
            return
        self._idle.append(worker)
        self._match()

    def _match(self) -> None:
        """Hand free workers to the first waiters whose clients may run another query."""
        for entry in list(self._waiters):
            client, future = entry
            if not self._idle:
                return
            if not future.done() and self._running[client] < self.pool_limits.running:
                self._waiters.remove(entry)
                self._running[client] += 1
                future.set_result(self._idle.popleft())

    def _drop(self, worker: Connection) -> None:
        self._all.discard(worker)
        with contextlib.suppress(ValueError):
            self._idle.remove(worker)
        worker.kill()
        self._balance()
        self._match()

    def _overdue(self, worker: Connection, timeout: float, elapsed: float) -> None:
        """Move a query that is still running to the slow lane, or end it at its deadline."""
        if elapsed >= timeout:
            worker.fail(time_limit(timeout))
            return
        worker.timer = asyncio.get_running_loop().call_later(
            timeout - elapsed, self._overdue, worker, timeout, timeout
        )
        worker.slow = True
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, worker.tid, 10)
        self._balance()

    # Queries

    async def query(self, request: Request, client: str = "") -> Answer:
        """Answer a request, and `release` the answer's length when it is sent.

        Raises the errors of kg.engine.errors, TooManyQueries and Overloaded. When the task is
        cancelled (the client went away), the worker is killed.
        """
        start = time.perf_counter()
        worker = await self._acquire(client)
        queued = round((time.perf_counter() - start) * 1000, 3)
        loop = asyncio.get_running_loop()
        timeout = min(request.timeout or self.limits.timeout, self.limits.timeout)
        worker.answer = loop.create_future()
        first = min(self.pool_limits.slow_after, timeout)
        worker.timer = loop.call_later(first, self._overdue, worker, timeout, first)
        healthy = False
        try:
            text = request.to_wire()
            assert worker.transport is not None
            worker.transport.write(wire.LENGTHS.pack(len(text), 0) + text)
            header, body = await worker.answer
            healthy = not header.get("retire")
        except EOFError:
            assert self._holder is not None
            raise await self._in_thread(self._holder.cause, worker.child) from None
        finally:
            worker.timer.cancel()
            worker.answer = None
            self._running[client] -= 1
            if not self._running[client]:
                del self._running[client]
            if healthy and not worker.slow:
                self._give(worker)
            else:
                self.killed += not healthy
                self._drop(worker)
        if error := read_error(header):
            self.release(len(body))
            raise error
        return Answer.from_wire(header, body, queued)

    async def _acquire(self, client: str) -> Connection:
        limits = self.pool_limits
        while self._idle and self._running[client] < limits.running:
            worker = self._idle.popleft()
            if worker.transport is None or worker.transport.is_closing():
                self._drop(worker)
                continue
            self._running[client] += 1
            return worker
        if self._waiting[client] >= limits.waiting:
            raise TooManyQueries(
                f"You have {limits.running} queries running and {limits.waiting} waiting.",
                remedy="Wait for some of them to end.",
            )
        future: asyncio.Future[Connection] = asyncio.get_running_loop().create_future()
        self._waiters.append((client, future))
        self._waiting[client] += 1
        try:
            async with asyncio.timeout(limits.queue):
                return await future
        except (TimeoutError, asyncio.CancelledError) as error:
            if future.done() and not future.cancelled():
                self._running[client] -= 1
                self._give(future.result())
            if isinstance(error, asyncio.CancelledError):
                raise
            raise Overloaded(
                f"All workers were busy for {limits.queue:g} seconds.",
                remedy="Try again in a moment.",
            ) from None
        finally:
            with contextlib.suppress(ValueError):
                self._waiters.remove((client, future))
            self._waiting[client] -= 1
            if not self._waiting[client]:
                del self._waiting[client]

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

    def _switch(self) -> None:
        """Serve the holder's snapshot from here on, in one step of the event loop."""
        assert self._holder is not None
        self._snapshot = str(self._holder.info["snapshot"])
        self.changed()
        for worker in list(self._all):
            if worker.child.snapshot != self._snapshot:
                worker.stale = True
                if worker.answer is None:
                    self._drop(worker)

    async def close(self) -> None:
        """End all processes."""
        self._closed = True
        for task in list(self._tasks):
            task.cancel()
        for worker in list(self._all):
            worker.fail(Overloaded("The service is shutting down."))
        if self._holder:
            await self._in_thread(self._holder.close)
        self._thread.shutdown(wait=False)
