"""One end of a worker's socket, as asyncio sees it."""

from __future__ import annotations

import asyncio
import json
from typing import Any, Protocol, cast

from catchup.kg.engine import wire
from catchup.kg.engine.errors import Overloaded
from catchup.kg.engine.process import Child


class Held(Protocol):
    """Counts the bytes of answers that are held for all clients."""

    def hold(self, size: int) -> bool:
        """Count bytes that will be held; False when there is no room."""

    def release(self, size: int) -> None:
        """Say that bytes are held no more."""


class Connection(asyncio.Protocol):
    """One end of a worker's socket."""

    def __init__(self, held: Held, child: Child) -> None:
        self._held = held
        self.child = child
        self.tid = 0
        self.slow = False
        self.stale = False
        self.transport: asyncio.Transport | None = None
        self.timer: asyncio.TimerHandle
        self.answer: asyncio.Future[tuple[dict[str, Any], bytes]] | None = None
        self._buffer = bytearray()
        self._need = wire.LENGTHS.size
        self._sizes: tuple[int, int] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        # uvloop's transports are no subclass of asyncio's
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Take a piece of a frame; a whole one is the answer."""
        self._buffer += data
        if len(self._buffer) < self._need:
            return
        if self._sizes is None:
            self._sizes = wire.LENGTHS.unpack(self._buffer[: wire.LENGTHS.size])
            self._need += sum(self._sizes)
            if not self._held.hold(self._sizes[1]):
                self._sizes = (0, 0)
                self.fail(Overloaded("Too many answers are being sent; try again in a moment."))
                return
        if len(self._buffer) < self._need:
            return
        start = wire.LENGTHS.size
        head_end = start + self._sizes[0]
        header = json.loads(self._buffer[start:head_end])
        body = bytes(memoryview(self._buffer)[head_end : self._need])
        self._buffer = bytearray()
        self._need, self._sizes = wire.LENGTHS.size, None
        if self.answer and not self.answer.done():
            self.answer.set_result((header, body))
        else:
            self._held.release(len(body))

    def connection_lost(self, exc: Exception | None) -> None:
        """End: whoever waits for an answer gets none."""
        if self._sizes is not None:
            self._held.release(self._sizes[1])
            self._sizes = None
        if self.answer and not self.answer.done():
            self.answer.set_exception(EOFError())

    def fail(self, error: Exception) -> None:
        """End the worker; whoever waits for it gets `error`."""
        if self.answer and not self.answer.done():
            self.answer.set_exception(error)
        self.kill()

    def kill(self) -> None:
        """End the worker at once."""
        if self.transport:
            self.transport.abort()
        # The transport owns the socket from here on; the process is ended by its handle.
        self.child.end()
