"""What follows from a new case, worked out where the graph is loaded: in a fork of the holder.

Not for strangers' input: the case has been checked and accepted. The fork has no limits and keeps
its descriptors, since it reads parts of the snapshot.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import pyoxigraph as ox

from catchup.kg.engine import wire
from catchup.kg.engine.errors import StoreFailed, pack, unpack
from catchup.kg.engine.manifest import Snapshot
from catchup.kg.errors import CatchupError

if TYPE_CHECKING:
    from catchup.kg.engine.memory import MemoryStore
    from catchup.kg.snapshot.build import Derived


def serve(sock: socket.socket, memory: MemoryStore, graph: str) -> None:
    """Answer one request on `sock` and end the process."""
    from catchup.kg.snapshot.change import infer_in

    snapshot = memory.snapshot
    assert snapshot is not None
    _, given = wire.read_frame(sock)
    try:
        # An older version of the case must not take part.
        kept = [p for p in snapshot.parts if graph not in (p.graph, *p.of.split())]
        base = Snapshot(snapshot.directory, replace(snapshot.manifest, parts=tuple(kept)))
        memory.load(base)
        quads = list(ox.parse(given, format=ox.RdfFormat.N_QUADS))
        found = infer_in(memory.store, quads, base.directory, base.manifest, memory.program)
        rows = [(n, of, "".join(f"{t} .\n" for t in triples)) for n, of, triples in found]
        sock.sendall(wire.frame({"derived": rows}))
    except CatchupError as error:
        sock.sendall(wire.frame({"error": pack(error)}))
    finally:
        os._exit(0)


def ask(sock: socket.socket, quads: Sequence[ox.Quad]) -> list[Derived]:
    """Ask a helper what follows from the quads of a case. Raises StoreFailed."""
    body = ox.serialize(quads, format=ox.RdfFormat.N_QUADS) or b""
    try:
        sock.sendall(wire.frame({}, body))
        header, _ = wire.read_frame(sock)
    except (EOFError, OSError):
        raise StoreFailed("What follows from the case could not be worked out.") from None
    if "error" in header:
        raise unpack(header["error"])
    return [
        (name, of, [q.triple for q in ox.parse(text, format=ox.RdfFormat.N_TRIPLES)])
        for name, of, text in header["derived"]
    ]
