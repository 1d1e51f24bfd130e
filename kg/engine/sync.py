"""The engine for the command line and other synchronous users: one worker, made when needed."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from types import TracebackType

from catchup.kg.engine import wire
from catchup.kg.engine.errors import unpack
from catchup.kg.engine.limits import Limits
from catchup.kg.engine.model import Answer, Request, read_header
from catchup.kg.engine.process import Child, HolderProcess, time_limit
from catchup.kg.errors import CatchupError


class Engine:
    """Answers requests from a snapshot, each within its limits. Use as a context manager."""

    def __init__(self, manifest: Path, limits: Limits | None = None) -> None:
        """Start on the snapshot whose manifest is given. Raises StoreFailed."""
        self._limits = limits or Limits()
        self._holder = HolderProcess(manifest, self._limits)
        self._child: Child | None = None
        self._lock = threading.Lock()

    @property
    def snapshot(self) -> str:
        """The id of the snapshot that is loaded."""
        return str(self._holder.info["snapshot"])

    def query(self, request: Request | str) -> Answer:
        """Answer a request. Raises the errors of kg.engine.errors."""
        if isinstance(request, str):
            request = Request(request)
        with self._lock:
            start = time.perf_counter()
            child = self._child or self._new_child()
            self._child = None
            try:
                outcome, retire = self._ask(child, request, start)
            except BaseException:
                child.kill()
                raise
            if retire:
                child.kill()
            else:
                self._child = child
        if isinstance(outcome, CatchupError):
            raise outcome
        return outcome

    def _new_child(self) -> Child:
        child = self._holder.fork()
        child.sock.settimeout(self._limits.timeout)
        wire.read_frame(child.sock)
        return child

    def _ask(
        self, child: Child, request: Request, start: float
    ) -> tuple[Answer | CatchupError, bool]:
        timeout = min(request.timeout or self._limits.timeout, self._limits.timeout)
        queued = (time.perf_counter() - start) * 1000
        frame = request.to_wire()
        child.sock.settimeout(timeout)
        try:
            child.sock.sendall(frame)
            header, body = wire.read_parts(child.sock)
        except TimeoutError:
            raise time_limit(timeout) from None
        except (EOFError, OSError):
            raise self._holder.cause(child) from None
        error, retire = read_header(header)
        if error:
            return unpack(error), retire
        return Answer.from_wire(header, body, round(queued, 3), child.snapshot), retire

    def reload(self) -> None:
        """Take up the manifest's present state."""
        with self._lock:
            self._holder.load()
            if self._child:
                self._child.kill()
                self._child = None

    def close(self) -> None:
        """End all processes."""
        if self._child:
            self._child.kill()
            self._child = None
        self._holder.close()

    def __enter__(self) -> Engine:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
