"""A worker: a fork of the holder that runs one request at a time and can do nothing else."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from catchup.kg.engine import wire
from catchup.kg.engine.errors import MemoryLimit, pack
from catchup.kg.engine.execute import Executor
from catchup.kg.engine.limits import Limits
from catchup.kg.engine.memory import MemoryStore
from catchup.kg.engine.model import Answer, Request, header_of
from catchup.kg.errors import CatchupError

# 10,000 nested groups pass with 256 MB of stack; the gate stops at 100.
STACK = 256 * 1024 * 1024
_PR_SET_PDEATHSIG = 1
# Milliseconds of a query after which the process is not looked at, so many times in a row: what
# they use of the next one's processor time is below a tenth of a second.
_SMALL = 1.0
_SMALL_IN_A_ROW = 100


def serve(sock: socket.socket, memory: MemoryStore, limits: Limits) -> None:
    """Answer requests from `sock` until it closes. Never returns to the holder's code.

    Runs in a fresh thread with a large stack: a deep query needs it, and without a thread of
    their own all forks would share the random generator's state (the same STRUUID() in each).
    """
    isolate(sock)
    executor = memory.executor(limits)
    threading.stack_size(STACK)
    thread = threading.Thread(target=_loop, args=(sock, executor, limits), daemon=True)
    thread.start()
    thread.join()
    os._exit(0)


def isolate(sock: socket.socket) -> None:
    """Close every descriptor but the socket and stderr, and die with the holder."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    # A sibling's end held open here would keep its end of file from ever coming.
    keep = sock.fileno()
    os.closerange(3, keep)
    os.closerange(keep + 1, resource.getrlimit(resource.RLIMIT_NOFILE)[0])


def _loop(sock: socket.socket, executor: Executor, limits: Limits) -> None:
    try:
        memory_before = _limit_process(executor, limits)
        sock.sendall(wire.frame({"ready": True, "tid": threading.get_native_id()}))
        use = _Use(limits, memory_before)
        for request in _requests(sock):
            outcome, retire = _answer(executor, request)
            # The allocator keeps what a large query took: better a new worker.
            if use.renew(outcome):
                retire = True
            if isinstance(outcome, Answer):
                sock.sendall(wire.frame(header_of(outcome, retire=retire), outcome.body))
            else:
                sock.sendall(wire.frame({"error": outcome, "retire": retire}))
            if retire:
                return
    except (EOFError, OSError):
        return


def _requests(sock: socket.socket) -> Iterator[Request]:
    """Yield the requests that come; several may have come at once. Raises EOFError at the end."""
    waiting = b""
    start = wire.LENGTHS.size
    while True:
        if len(waiting) >= start:
            head, text = wire.LENGTHS.unpack_from(waiting)
            body = start + head
            if len(waiting) >= body + text:
                yield Request.from_wire(waiting[start:body], waiting[body : body + text])
                waiting = waiting[body + text :]
                continue
        more = sock.recv(1 << 16)
        if not more:
            raise EOFError
        waiting += more


def _answer(executor: Executor, request: Request) -> tuple[Answer | dict[str, Any], bool]:
    """Return an answer, or an error packed, and whether the worker is to end."""
    try:
        return executor.run(request), False
    except CatchupError as error:
        return pack(error), False
    except MemoryError:
        limit = MemoryLimit("The query needed more memory than one query may use.")
        return pack(limit), True
    except Exception as error:
        # What reaches the visitor is a sentence, never the exception's text.
        failed = CatchupError(f"The engine failed on this query ({type(error).__name__}).")
        return pack(failed), True


def _limit_process(executor: Executor, limits: Limits) -> int:
    """Set the kernel's limits, after warming up; returns the memory in use, in bytes."""
    for text in ("SELECT ?s WHERE { ?s ?p ?o } LIMIT 1", "DESCRIBE <urn:none>"):
        executor.run(Request(text, encoding="gzip"))
    # Woken by a query, a worker does not interrupt who sent it: several are sent and answered in
    # one go where the processors are busy. On two shared cores, 1.4 to 2 times as many look-ups.
    os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
    status = Path("/proc/self/status").read_text()
    sizes = {line.split(":")[0]: line.split()[1] for line in status.splitlines() if "kB" in line}
    size = int(sizes["VmSize"]) * 1024 + limits.memory
    resource.setrlimit(resource.RLIMIT_AS, (size, size))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    # Last: from here no socket and no file can be opened, by whatever a query says.
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
    return int(sizes["VmRSS"]) * 1024


class _Use:
    """Gives each query its processor time, and tells when a worker has grown too large.

    The kernel's count runs over the whole life of the process.
    """

    def __init__(self, limits: Limits, before: int) -> None:
        self._budget = limits.cpu
        self._most = before + limits.memory // 2
        self._hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
        self._used = -1
        self._small = 0
        self._look()

    def renew(self, outcome: Answer | dict[str, Any]) -> bool:
        """Set the limit for the next query; returns whether too much memory was ever in use."""
        # Asking the kernel takes 4 us; a query that grows by much takes far longer than this.
        if (
            isinstance(outcome, Answer)
            and outcome.timings["engine"] + outcome.timings["serialise"] < _SMALL
            and self._small < _SMALL_IN_A_ROW
        ):
            self._small += 1
            return False
        self._small = 0
        return self._look()

    def _look(self) -> bool:
        usage = resource.getrusage(resource.RUSAGE_SELF)
        used = int(usage.ru_utime + usage.ru_stime)
        if used != self._used:
            self._used = used
            resource.setrlimit(resource.RLIMIT_CPU, (used + self._budget + 1, self._hard))
        return usage.ru_maxrss * 1024 > self._most
