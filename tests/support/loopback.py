"""Programs that serve on loopback, started for a test."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager


def free_port() -> int:
    """Return a port of loopback that nothing listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def serving(command: Sequence[str], says: str, ends: float) -> Iterator[None]:
    """Run a program from when it says on stderr that it serves; it may take `ends` s to end."""
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        line = process.stderr.readline()
        while says not in line:
            assert line, f"{command[0]} did not start"
            line = process.stderr.readline()
        yield
    finally:
        process.terminate()
        process.wait(ends)
