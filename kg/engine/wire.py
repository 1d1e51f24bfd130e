"""Frames on a worker's socket: two lengths, a JSON header, a body."""

from __future__ import annotations

import json
import socket
import struct
from typing import Any

LENGTHS = struct.Struct("!II")


def frame(header: dict[str, Any], body: bytes = b"") -> bytes:
    """Return one frame."""
    head = json.dumps(header, separators=(",", ":")).encode()
    return LENGTHS.pack(len(head), len(body)) + head + body


def read_exact(sock: socket.socket, size: int) -> bytes:
    """Read `size` bytes; raises EOFError when the other end is gone before."""
    if size < 65536:
        data = sock.recv(size, socket.MSG_WAITALL)
        if len(data) == size:
            return data
        if not data and size:
            raise EOFError
    else:
        data = b""
    parts = bytearray(data)
    while len(parts) < size:
        more = sock.recv(min(size - len(parts), 1 << 20))
        if not more:
            raise EOFError
        parts += more
    return bytes(parts)


def read_frame(sock: socket.socket) -> tuple[dict[str, Any], bytes]:
    """Read one frame from a blocking socket; raises EOFError when the other end is gone."""
    head_size, body_size = LENGTHS.unpack(read_exact(sock, LENGTHS.size))
    header = json.loads(read_exact(sock, head_size))
    return header, read_exact(sock, body_size) if body_size else b""
