"""One end of a worker's socket, as asyncio sees it."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from typing import Protocol, cast

from catchup.kg.engine import wire
from catchup.kg.engine.errors import Overloaded
from catchup.kg.engine.job import Job
from catchup.kg.engine.process import Child
from catchup.kg.errors import CatchupError

# Bytes up to which a body that came in pieces is copied: 20 MB took 10 ms, in which all others wait.
_COPIED = 1024 * 1024


class Owner(Protocol):
    """Who the worker belongs to, and who counts the bytes of answers held for all clients."""

    def hold(self, size: int) -> bool:
        """Count bytes that will be held; False when there is no room."""

    def release(self, size: int) -> None:
        """Say that bytes are held no more."""

    def answered(self, worker: Connection, header: bytes, body: bytes) -> None:
        """Take the answer to the worker's first job. The body's bytes are held."""

    def lose(self, worker: Connection, error: CatchupError | None) -> None:
        """End a worker; its first job ends in `error`, None when the worker ended by itself."""


class Connection(asyncio.Protocol):
    """One end of a worker's socket."""

    def __init__(self, owner: Owner, child: Child, ready: asyncio.Future[int]) -> None:
        self._owner = owner
        self._ready = ready
        self.child = child
        self.slow = False
        #: what was sent to the worker, in order; the first is what it runs
        self.jobs: deque[Job] = deque()
        #: when the first began to run
        self.begun = 0.0
        self.transport: asyncio.Transport
        self._buffer = b""
        # the lengths of the frame that is coming, once they are known
        self._sizes: tuple[int, int] | None = None
        self._need = 0
        self._pieces: bytearray | None = None

    @property
    def tid(self) -> int:
        """The worker's thread, for its priority."""
        return self._ready.result()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        # uvloop's transports are no subclass of asyncio's
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Take a piece of a frame, or one or more whole ones, each an answer."""
        if self._pieces is not None:
            # a long answer: pieces are not joined anew each time
            self._pieces += data
            if len(self._pieces) < self._need:
                return
            pieces, self._pieces = self._pieces, None
            data = bytes(pieces[self._need :])
            del pieces[self._need :]
            self._take(pieces)
        elif self._buffer:
            data = self._buffer + data
            self._buffer = b""
        start = wire.LENGTHS.size
        while len(data) >= start and not self.transport.is_closing():
            if self._sizes is None:
                self._sizes = wire.LENGTHS.unpack_from(data)
                self._need = start + sum(self._sizes)
                if not self._owner.hold(self._sizes[1]):
                    self._sizes = None
                    full = Overloaded("Too many answers are being sent; try again in a moment.")
                    self._owner.lose(self, full)
                    return
            if len(data) < self._need:
                self._pieces = bytearray(data)
                return
            frame, data = data[: self._need], data[self._need :]
            self._take(frame)
        self._buffer = data

    def _take(self, frame: bytes | bytearray) -> None:
        """Take a frame, its lengths included."""
        assert self._sizes is not None
        start = wire.LENGTHS.size
        head_end = start + self._sizes[0]
        header = bytes(frame[start:head_end])
        if isinstance(frame, bytearray) and len(frame) > _COPIED:
            del frame[:head_end]
            # whoever has it only reads it
            body = cast(bytes, frame)
        else:
            body = bytes(frame[head_end:])
        self._sizes = None
        if self._ready.done():
            self._owner.answered(self, header, body)
        else:
            self._ready.set_result(json.loads(header)["tid"])

    def connection_lost(self, exc: Exception | None) -> None:
        """End: whoever waits for an answer gets none."""
        if self._sizes is not None:
            self._owner.release(self._sizes[1])
            self._sizes = None
        if not self._ready.done():
            self._ready.set_exception(EOFError())
            return
        self._owner.lose(self, None)

    def kill(self) -> None:
        """End the worker at once."""
        self.transport.abort()
        # The transport owns the socket from here on; the process is ended by its handle.
        self.child.end()
