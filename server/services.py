"""What routes share: the store, its cache and budgets, and the hook for pages."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

from catchup.kg.engine.errors import MemoryLimit, TimeLimit
from catchup.kg.engine.model import Answer, Request
from catchup.kg.engine.pool import Pool
from catchup.kg.engine.store import Store
from catchup.kg.errors import CatchupError
from catchup.kg.snapshot.manifest import read_manifest
from catchup.server.cache import Cache
from catchup.server.config import ServerConfig
from catchup.server.description import Describer
from catchup.server.hot import HotAnswers
from catchup.server.html import PlainPages
from catchup.server.limits import Budgets
from catchup.server.metrics import Metrics
from catchup.server.wish import Wishes

if TYPE_CHECKING:
    from hashlib import _Hash as Hash

    from catchup.kg.engine.federation import Federation, Solutions

log = logging.getLogger("catchup")

#: Endpoints elsewhere that are waited for at once: each takes a thread.
OUTSIDE = 4


class AsyncStore(Protocol):
    """What the server needs of a store."""

    @property
    def snapshot(self) -> str:
        """The id of the state that answers come from."""

    async def start(self) -> None:
        """Make ready."""

    async def query(self, request: Request, client: str = "") -> Answer:
        """Answer a request; `release` its length afterwards."""

    def release(self, size: int) -> None:
        """Say that an answer of this length is sent."""

    async def reload(self) -> None:
        """Take up the newest state."""

    async def close(self) -> None:
        """Free what the store holds."""


class AsyncRemote:
    """An endpoint elsewhere, asked from threads: at most eight at a time."""

    snapshot = ""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._places = asyncio.Semaphore(8)

    async def start(self) -> None:
        """Do nothing: the endpoint runs already."""

    async def query(self, request: Request, client: str = "") -> Answer:
        """Answer a request."""
        async with self._places:
            return await asyncio.to_thread(self._store.query, request)

    def release(self, size: int) -> None:
        """Do nothing: eight answers at a time are the bound."""

    async def reload(self) -> None:
        """Do nothing: the endpoint has its own state."""

    async def close(self) -> None:
        """Close the connections."""
        self._store.close()


class Asking(Protocol):
    """A request to the store: what names its answer, who asks on which snapshot, and since when."""

    key: str
    client: str
    snapshot: str
    submitted: float


@dataclass(slots=True)
class Asked:
    """A request that a task asks."""

    key: str
    client: str
    snapshot: str
    submitted: float


class Services:
    """What every router gets."""

    def __init__(self, config: ServerConfig) -> None:
        self.config = config
        self.pages: Any = PlainPages()
        self.metrics = Metrics()
        self.cache = Cache(config.client.cache)
        self.wishes = Wishes(config.proxies)
        self.hot = HotAnswers(config.client.cache // 4, self.wishes)
        self.budgets = Budgets(config.client.seconds)
        self.store: AsyncStore
        if config.store:
            # loading its HTTP client takes a third of the start-up, for a few installations
            from catchup.kg.engine.remote import RemoteStore

            self.store = AsyncRemote(RemoteStore(config.store, config.limits))
        else:
            self.store = Pool(config.manifest, config.limits, config.pool)
            self.store.changed = self._forget
        self.describer = Describer(self)
        self.ready = False
        self._watcher: asyncio.Task[None] | None = None
        # Limits decide where an answer is cut, so they belong to its ETag.
        self._limits_key = repr(config.limits)
        self._federation: Federation | None = None
        self._outside = asyncio.Semaphore(OUTSIDE)
        if config.services:
            # the HTTP client is loaded only where endpoints may be asked
            from catchup.kg.engine.federation import Federation, read_services

            self._federation = Federation(read_services(config.services))

    async def start(self) -> None:
        """Start the store. Raises StoreFailed."""
        await self.store.start()
        self.ready = True
        if self.config.watch and not self.config.store:
            self._watcher = asyncio.create_task(self._watch())

    async def close(self) -> None:
        """Stop everything."""
        self.ready = False
        if self._watcher:
            self._watcher.cancel()
        if self._federation:
            self._federation.close()
        await self.store.close()

    async def reload(self) -> None:
        """Take up a new snapshot: what was answered from the old one is forgotten."""
        await self.store.reload()

    def _forget(self) -> None:
        self.cache.clear()
        self.hot.clear()

    def _written(self) -> str:
        manifest = read_manifest(self.config.manifest.parent)
        return manifest.id if manifest else ""

    async def _watch(self) -> None:
        def stamp() -> int:
            with contextlib.suppress(OSError):
                return self.config.manifest.stat().st_mtime_ns
            return 0

        seen = stamp()
        while True:
            await asyncio.sleep(self.config.watch)
            now = stamp()
            if now not in (0, seen):
                seen = now
                try:
                    if self._written() == self.store.snapshot:
                        continue
                    await self.reload()
                    log.info("snapshot %s is served", self.store.snapshot[:12])
                except CatchupError as error:
                    log.error("the new snapshot is not served: %s", error.detail)

    def hashed(self, request: Request) -> Hash:
        """Return the hash of a request on the present snapshot, its query left out."""
        return request.hashed(self.store.snapshot, self._limits_key)

    def key(self, request: Request) -> str:
        """Return what names the answer to a request on the present snapshot (its ETag)."""
        return request.digest(self.store.snapshot, self._limits_key)

    async def answer(self, request: Request, client: str) -> tuple[Answer, bool]:
        """Return the answer to a request, and whether it comes from the cache.

        The answer's bytes count as held until `release`. Raises the errors of kg.engine.errors.
        """
        given = request
        request = await self._federate(request, client)
        asked = Asked(self.key(request), client, self.store.snapshot, time.perf_counter())
        kept = self.cache.get(asked.key)
        if kept is not None:
            return kept, True
        self.budgets.check(client)
        try:
            answer = await self.store.query(request, client)
        except CatchupError as error:
            self.failed(asked, error)
            raise
        except asyncio.CancelledError:
            self.failed(asked, None)
            raise
        return self.settle(asked, answer, certain=request is given), False

    def settle(self, asked: Asking, answer: Answer, *, certain: bool = True) -> Answer:
        """Count an answer and keep it for reuse; returns it as it is to be sent.

        `certain` says that the request alone decides the answer.
        """
        timings = answer.timings
        outcome = answer.truncated or "complete"
        self.metrics.answer(answer.form, outcome, timings, len(answer.body))
        self._charge(asked, (timings["engine"] + timings["serialise"]) / 1000, outcome)
        if answer.snapshot != asked.snapshot or not certain:
            # `key` (the ETag) is not this answer's: the snapshot changed, or others were asked
            answer = replace(answer, volatile=True)
        if not answer.volatile:
            self.cache.put(asked.key, answer)
        return answer

    def failed(self, asked: Asking, error: CatchupError | None) -> None:
        """Count a request that ended in an error; None: its client went away."""
        used = 0.0
        if error is None or isinstance(error, TimeLimit | MemoryLimit):
            used = min(time.perf_counter() - asked.submitted, self.config.limits.timeout)
        outcome = error.kind if error else "gone"
        self.metrics.query("none", outcome)
        self._charge(asked, used, outcome)

    def _charge(self, asked: Asking, used: float, outcome: str) -> None:
        self.budgets.charge(asked.client, used)
        if used > self.config.slow_query:
            log.warning("slow query %s: %.2f s, %s", asked.key[:12], used, outcome)

    def federates(self, text: str) -> bool:
        """Return whether a query may have to be answered by other endpoints first."""
        return self._federation is not None and "service" in text.lower()

    async def _federate(self, request: Request, client: str) -> Request:
        """Return a request with its SERVICE clauses answered, itself when it has none."""
        federation = self._federation
        if (
            federation is None
            or request.kind != "query"
            or not self.federates(request.query)
            or federation.next_clause(request.query) is None
        ):
            return request
        self.budgets.check(client)
        request = federation.prepare(request)
        # what other endpoints gave may be long: it is read beside the event loop
        while clause := await asyncio.to_thread(federation.next_clause, request.query):
            bindings: Solutions = []
            if clause.binder:
                answer, cached = await self.answer(federation.binder(request, clause), client)
                bindings = json.loads(answer.body)["results"]["bindings"]
                self.release(answer, cached)
            async with self._outside:
                found = await asyncio.to_thread(federation.fetch, clause, bindings)
            request = federation.filled(request, clause, found)
        return request

    def release(self, answer: Answer, cached: bool) -> None:
        """Say that an answer is sent."""
        if not cached:
            self.store.release(len(answer.body))
