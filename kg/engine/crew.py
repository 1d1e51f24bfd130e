"""The workers of a pool: forked from the holder, replaced when they end, changed with the snapshot."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pyoxigraph as ox

from catchup.kg.engine.connection import Connection, Owner
from catchup.kg.engine.errors import StoreFailed
from catchup.kg.engine.limits import Limits
from catchup.kg.engine.process import Child, HolderProcess
from catchup.kg.engine.share import PoolLimits
from catchup.kg.errors import CatchupError

if TYPE_CHECKING:
    from catchup.kg.snapshot.build import Derived

# A worker is ready within 5 to 25 ms of its fork; on a machine that swaps, within seconds.
_START = 30.0
# Between two attempts to start a holder.
_AGAIN = 0.1, 5.0


class Employer(Owner, Protocol):
    """Whom the workers work for."""

    def joined(self) -> None:
        """Take note that there is a worker more."""

    def switched(self) -> None:
        """Take note that another snapshot is served, in the step in which it is."""


class Crew:
    """Workers on the present snapshot, and those on old ones that end what they have begun."""

    def __init__(
        self, employer: Employer, manifest: Path, limits: Limits, pool_limits: PoolLimits
    ) -> None:
        self._employer = employer
        self._path = manifest
        self._limits = limits
        self._pool_limits = pool_limits
        self._holder: HolderProcess | None = None
        #: all that live
        self.all: set[Connection] = set()
        #: those that may be sent more: not slow, not on an old snapshot
        self.quick: list[Connection] = []
        #: the id of the snapshot that new queries are answered from
        self.snapshot = ""
        self._forking = 0
        self._reviving = False
        self._tasks: set[asyncio.Task[None]] = set()
        # Talking to the holder blocks for milliseconds: one thread of its own.
        self._thread = ThreadPoolExecutor(1, "holder")
        self._closed = False

    async def start(self) -> None:
        """Load the snapshot and fork the first workers. Raises StoreFailed."""
        await self._hire()
        self._switch()
        self._forking = self._pool_limits.workers
        await asyncio.gather(*(self._spawn() for _ in range(self._forking)))

    async def _hire(self) -> None:
        """Start a holder, which loads the manifest's state, and end the one before."""
        fresh = await self._in_thread(HolderProcess, self._path, self._limits)
        old, self._holder = self._holder, fresh
        if old:
            await self._in_thread(old.close)

    async def _in_thread(self, function: Any, *args: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._thread, function, *args)

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
        if worker.child.snapshot != self.snapshot:
            worker.kill()
            self.balance()
            return
        self.all.add(worker)
        self.quick.append(worker)
        self._employer.joined()

    async def _forked(self) -> Connection:
        assert self._holder is not None
        loop = asyncio.get_running_loop()
        child: Child = await self._in_thread(self._holder.fork)
        ready: asyncio.Future[int] = loop.create_future()
        worker = Connection(self._employer, child, ready)
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
                    await self._hire()
                    self._switch()
                    break
        finally:
            self._reviving = False
        self.balance()

    def balance(self) -> None:
        """Fork until there are enough workers that are not slow."""
        if self._closed or self._reviving:
            return
        limits = self._pool_limits
        quick = len(self.quick) + self._forking
        total = len(self.all) + self._forking
        for _ in range(min(limits.workers - quick, limits.workers + limits.slow - total)):
            self._forking += 1
            task = asyncio.ensure_future(self._spawn())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def leave(self, worker: Connection) -> None:
        """Send a worker nothing more."""
        with contextlib.suppress(ValueError):
            self.quick.remove(worker)

    def end(self, worker: Connection) -> None:
        """End a worker."""
        self.all.discard(worker)
        self.leave(worker)
        worker.kill()

    async def cause(self, worker: Connection) -> CatchupError:
        """Return why a worker ended by itself."""
        assert self._holder is not None
        found: CatchupError = await self._in_thread(self._holder.cause, worker.child)
        return found

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
            await self._hire()
        self._switch()
        self.balance()

    def _switch(self) -> None:
        """Serve the holder's snapshot from here on, in one step of the event loop."""
        assert self._holder is not None
        self.snapshot = str(self._holder.info["snapshot"])
        self._employer.switched()
        for worker in list(self.all):
            if worker.child.snapshot != self.snapshot:
                self.leave(worker)
                if not worker.jobs:
                    self.end(worker)

    async def close(self) -> None:
        """End all processes."""
        self._closed = True
        for task in list(self._tasks):
            task.cancel()
        for worker in list(self.all):
            self.end(worker)
        if self._holder:
            await self._in_thread(self._holder.close)
        self._thread.shutdown(wait=False)
