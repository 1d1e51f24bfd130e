"""The process that the web process asks to check cases: warm, single-threaded, forking.

Started by exec, never forked from the web process. Each job comes as one end of a socket; a fork
of this process takes it under limits (kg.cases.job) and ends. Many jobs run side by side.
"""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import socket
import subprocess
import sys
import threading
from functools import cache
from typing import Any

from catchup.kg.cases.answers import CLOCK, opened, too_hard
from catchup.kg.cases.formats import FORMATS
from catchup.kg.engine.wire import frame, read_frame
from catchup.kg.errors import CannotRun, CatchupError

#: Jobs at once; each may take answers.MEMORY.
SIDE_BY_SIDE = 4


def main(descriptor: int) -> None:
    """Take jobs on the socket `descriptor` until its other end is closed."""
    from catchup.kg.cases import job

    control = socket.socket(fileno=descriptor)
    job.warm(f.name for f in FORMATS)
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    control.sendall(b"ready")
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, 16, 1)
        if not message:
            return
        if os.fork() == 0:
            control.close()
            try:
                job.serve(socket.socket(fileno=descriptors[0]))
            finally:
                os._exit(0)
        for given in descriptors:
            os.close(given)


class Checker:
    """A running holder. `run` blocks and may be called from several threads at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._places = threading.BoundedSemaphore(SIDE_BY_SIDE)
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None

    def start(self) -> None:
        """Start the holder in the background, so that the first job need not wait for it (1 s)."""

        def begin() -> None:
            with self._lock, contextlib.suppress(CatchupError, OSError):
                if self._process is None:
                    self._start()

        threading.Thread(target=begin, name="catchup-checker", daemon=True).start()

    def run(self, what: dict[str, Any], body: bytes) -> tuple[dict[str, Any], bytes]:
        """Do a job. Raises the error it met, CaseTooHard over the limits, CannotRun when full."""
        if not self._places.acquire(timeout=CLOCK):
            raise CannotRun("Too many cases are being checked.", remedy="Try again in a minute.")
        try:
            mine, theirs = socket.socketpair()
            with mine:
                mine.settimeout(CLOCK + 5)
                with theirs:
                    self._hand_over(theirs)
                try:
                    mine.sendall(frame(what, body))
                    return opened(*read_frame(mine))
                except (EOFError, OSError):
                    raise too_hard() from None
        finally:
            self._places.release()

    def _hand_over(self, theirs: socket.socket) -> None:
        with self._lock:
            for _ in range(2):
                control = self._control
                if control is None or self._process is None or self._process.poll() is not None:
                    control = self._start()
                try:
                    socket.send_fds(control, [b"job"], [theirs.fileno()])
                    return
                except OSError:
                    self.close()
        raise CannotRun("The process that checks cases does not answer.")

    def _start(self) -> socket.socket:
        self.close()
        control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._control = control
        self._process = subprocess.Popen(
            [sys.executable, "-m", "catchup.kg.cases.holder", str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        theirs.close()
        if control.recv(16) != b"ready":
            self.close()
            raise CannotRun("The process that checks cases did not start.")
        return control

    def close(self) -> None:
        """End the holder; jobs that run are left to end by themselves."""
        if self._control is not None:
            self._control.close()
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
        self._control = self._process = None


@cache
def checker() -> Checker:
    """Return the one checker of this process; nothing runs before its first job, or `start`."""
    return Checker()


if __name__ == "__main__":
    main(int(sys.argv[1]))
