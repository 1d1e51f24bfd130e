"""Frames on a worker's socket: two lengths, a header (JSON, or an answer's own), a body."""

from __future__ import annotations

import json
import socket
import struct
from typing import Any

LENGTHS = struct.Struct("!II")
# Made once: `json.dumps` with separators makes an encoder a call, 4 us.
to_json = json.JSONEncoder(separators=(",", ":")).encode


def frame(header: dict[str, Any] | bytes, body: bytes = b"") -> bytes:
    """Return one frame."""
    head = header if isinstance(header, bytes) else to_json(header).encode()
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
    header, body = read_parts(sock)
    return json.loads(header), body


def read_parts(sock: socket.socket) -> tuple[bytes, bytes]:
    """Read one frame with its header as it was sent; raises EOFError as `read_frame` does."""
    head_size, body_size = LENGTHS.unpack(read_exact(sock, LENGTHS.size))
    header = read_exact(sock, head_size)
    return header, read_exact(sock, body_size) if body_size else b""
