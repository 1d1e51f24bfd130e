"""The holder: a process of one thread that has the graph in memory and forks workers from it.

Started by exec, never forked from the web server. It talks over one socket: small JSON messages,
and for a new worker two descriptors (the worker's socket, and a pidfd so that killing it can
never hit another process that got its number).
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import signal
import socket
import sys
from collections import OrderedDict
from pathlib import Path
from typing import Any

from catchup.kg.engine import infer, worker
from catchup.kg.engine.errors import pack
from catchup.kg.engine.limits import Limits
from catchup.kg.engine.manifest import read_snapshot
from catchup.kg.engine.memory import MemoryStore
from catchup.kg.engine.model import Request
from catchup.kg.errors import CatchupError

# How the last workers ended is remembered for the message to the visitor.
_REMEMBERED = 256


class Holder:
    """Answers the control socket."""

    def __init__(self, control: socket.socket, manifest: Path, limits: Limits) -> None:
        self._control = control
        self._path = manifest
        self._limits = limits
        self._memory = MemoryStore()
        self._children: set[int] = set()
        self._fates: OrderedDict[int, int] = OrderedDict()

    def run(self) -> None:
        """Load, say so, and serve until the other end closes."""
        self._reply(self._load())
        while message := self._control.recv(4096):
            self._reap()
            command = json.loads(message)
            if command["do"] == "fork":
                self._fork()
            elif command["do"] == "infer":
                self._fork(command["graph"])
            elif command["do"] == "load":
                self._reply(self._load())
            elif command["do"] == "fate":
                self._reply({"status": self._fate(command["pid"])})

    def _reply(self, data: dict[str, Any]) -> None:
        self._control.sendall(json.dumps(data).encode())

    def _load(self) -> dict[str, Any]:
        try:
            snapshot = read_snapshot(self._path)
            self._memory.load(snapshot)
        except CatchupError as error:
            return {"error": pack(error)}
        self._warm()
        gc.collect()
        gc.freeze()
        # workers inherit it: a query makes a few objects, and none in cycles
        gc.set_threshold(20_000, 20, 50)
        return {"snapshot": snapshot.id}

    def _warm(self) -> None:
        """Import and run once what workers need: they can open no file to import from."""
        executor = self._memory.executor(self._limits)
        for encoding in ("gzip", "zstd"):
            for results, rdf in (("json", "turtle"), ("xml", "jsonld"), ("csv", "rdfxml")):
                for text in (
                    "SELECT ?s WHERE { ?s ?p ?o FILTER(REGEX(STR(?s), 'a')) } LIMIT 1",
                    "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o } LIMIT 200",
                    "DESCRIBE ?s WHERE { ?s ?p ?o } LIMIT 1",
                ):
                    request = Request(text, results=results, rdf=rdf, encoding=encoding)
                    executor.run(request)
        with contextlib.suppress(CatchupError):
            executor.run(Request("SELECT"))

    def _fork(self, case: str | None = None) -> None:
        """Fork a worker; or, for the graph of a checked case, a helper that infers from it."""
        assert self._memory.snapshot is not None
        ours, theirs = socket.socketpair()
        pid = os.fork()
        if pid == 0:
            try:
                ours.close()
                self._control.close()
                if case is not None:
                    infer.serve(theirs, self._memory, case)
                worker.serve(theirs, self._memory, self._limits)
            finally:
                os._exit(1)
        self._children.add(pid)
        theirs.close()
        pidfd = os.pidfd_open(pid)
        message = json.dumps({"pid": pid, "snapshot": self._memory.snapshot.id}).encode()
        socket.send_fds(self._control, [message], [ours.fileno(), pidfd])
        ours.close()
        os.close(pidfd)

    def _reap(self) -> None:
        for pid in list(self._children):
            done, status = os.waitpid(pid, os.WNOHANG)
            if done:
                self._remember(pid, status)

    def _remember(self, pid: int, status: int) -> None:
        self._children.discard(pid)
        self._fates[pid] = status
        while len(self._fates) > _REMEMBERED:
            self._fates.popitem(last=False)

    def _fate(self, pid: int) -> int | None:
        """Return how a worker that closed its socket ended: waits for it, it is about to."""
        if pid in self._children:
            self._remember(pid, os.waitpid(pid, 0)[1])
        return self._fates.get(pid)


def main() -> None:
    """Run a holder: `holder CONTROL_FD MANIFEST LIMITS_JSON`."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    control = socket.socket(fileno=int(sys.argv[1]))
    limits = Limits(**json.loads(sys.argv[3]))
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        Holder(control, Path(sys.argv[2]), limits).run()


if __name__ == "__main__":
    main()
