"""Starting a holder, and asking it for workers."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyoxigraph as ox

from catchup.kg.engine import infer
from catchup.kg.engine.errors import MemoryLimit, StoreFailed, TimeLimit
from catchup.kg.engine.limits import Limits
from catchup.kg.errors import CatchupError

if TYPE_CHECKING:
    from catchup.kg.snapshot.build import Derived

_ENGINE_GONE = "The engine process ended unexpectedly."


@dataclass
class Child:
    """A worker as its user sees it: a socket, and a handle to kill it by."""

    pid: int
    pidfd: int
    sock: socket.socket
    snapshot: str

    def end(self) -> None:
        """End the process at once. Safe to call twice."""
        if self.pidfd >= 0:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self.pidfd, signal.SIGKILL)
            os.close(self.pidfd)
            self.pidfd = -1

    def kill(self) -> None:
        """End the process and close the socket."""
        self.end()
        self.sock.close()


class HolderProcess:
    """A running holder. Its methods block for milliseconds and may be called from any thread."""

    def __init__(self, manifest: Path, limits: Limits) -> None:
        """Start a holder on a manifest. Raises StoreFailed."""
        if not hasattr(os, "pidfd_open"):
            raise StoreFailed(
                "The embedded engine needs Linux: it rests on fork and process limits.",
                remedy="Use a SPARQL endpoint by URL with --store.",
            )
        self._limits = limits
        self._lock = threading.Lock()
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "catchup.kg.engine.holder",
                str(theirs.fileno()),
                str(manifest),
                json.dumps(asdict(limits)),
            ],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL if not os.environ.get("CATCHUP_DEBUG") else None,
            # Ctrl-C in a terminal goes to the foreground group: the server alone answers it.
            start_new_session=True,
        )
        theirs.close()
        try:
            self.info = self._receive()
        except CatchupError:
            self.close()
            raise

    def _receive(self) -> dict[str, Any]:
        try:
            message = self._control.recv(4096)
        except OSError:
            message = b""
        if not message:
            raise StoreFailed(_ENGINE_GONE)
        data: dict[str, Any] = json.loads(message)
        if "error" in data:
            raise StoreFailed(data["error"]["detail"], remedy=data["error"].get("remedy") or "")
        return data

    def _send(self, command: dict[str, Any]) -> None:
        try:
            self._control.sendall(json.dumps(command).encode())
        except OSError:
            raise StoreFailed(_ENGINE_GONE) from None

    def fork(self) -> Child:
        """Return a new worker; it says so itself on its socket when it is ready."""
        return self._fork({"do": "fork"})

    def infer(self, graph: str, quads: Sequence[ox.Quad]) -> list[Derived]:
        """Return what follows from the quads of the case `graph`, in place of an older version.

        Raises StoreFailed. Takes as long as the inference: call it from a thread.
        """
        child = self._fork({"do": "infer", "graph": graph})
        try:
            return infer.ask(child.sock, quads)
        finally:
            child.kill()

    def _fork(self, command: dict[str, Any]) -> Child:
        with self._lock:
            self._send(command)
            try:
                message, fds, _, _ = socket.recv_fds(self._control, 4096, 2)
            except OSError:
                raise StoreFailed(_ENGINE_GONE) from None
        if len(fds) != 2:
            raise StoreFailed(_ENGINE_GONE)
        data = json.loads(message)
        return Child(data["pid"], fds[1], socket.socket(fileno=fds[0]), data["snapshot"])

    def load(self) -> None:
        """Bring the holder to the manifest's present state; workers forked before keep theirs."""
        with self._lock:
            self._send({"do": "load"})
            self.info = self._receive()

    def cause(self, child: Child) -> CatchupError:
        """Return why a worker ended that nobody killed, in the words of the limit it met."""
        with self._lock:
            try:
                self._send({"do": "fate", "pid": child.pid})
                status = self._receive()["status"]
            except StoreFailed as error:
                return error
        ended_by = os.WTERMSIG(status) if status is not None and os.WIFSIGNALED(status) else 0
        if ended_by == signal.SIGXCPU:
            return time_limit(self._limits.cpu, "processor")
        return MemoryLimit(
            "The query needed more memory, or a deeper stack, than one query may use"
            f" ({self._limits.memory // 1048576:,} MB), and was stopped.",
            remedy="Sort or group less at once, add LIMIT, or split the query.",
        )

    def close(self) -> None:
        """End the holder, and with it its workers."""
        self._control.close()
        try:
            self._process.wait(2)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def time_limit(seconds: float, what: str = "") -> TimeLimit:
    """Return the error for a query stopped at its time limit."""
    of_what = f" of {what} time" if what else ""
    return TimeLimit(
        f"The query was stopped after {seconds:g} seconds{of_what}.",
        remedy="Bind more terms, avoid cross products and long alternatives, add LIMIT,"
        " or split the query.",
    )
