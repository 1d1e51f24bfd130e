"""Part files: the sorted N-Quads of a graph, named by the hash of their content."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

import pyoxigraph as ox

from catchup.kg.snapshot.manifest import IN_DEFAULT, Part, write_durably

FOLDER = "parts"


def lines(quads: Iterable[ox.Quad], graph: str) -> list[str]:
    """Return the distinct N-Quads lines of `quads` placed in `graph`, sorted by code point."""
    tail = f" <{graph}> ."
    return sorted({f"{q.subject} {q.predicate} {q.object}{tail}" for q in quads})


def write_part(home: Path, graph: str, kind: str, quads: Iterable[ox.Quad], of: str = "") -> Part:
    """Write the part of `graph` into `home` unless a file of the same content is there already.

    Raises CannotRun when it cannot be written.
    """
    rows = lines(quads, graph)
    content = ("\n".join(rows) + "\n" if rows else "").encode()
    name = f"{FOLDER}/{hashlib.sha256(content).hexdigest()}.nq"
    path = home / name
    if not path.is_file():
        write_durably(path, content)
    return Part(graph, name, len(rows), kind, kind in IN_DEFAULT, of)


def read_part(home: Path, part: Part) -> list[ox.Quad]:
    """Return the quads of a part file."""
    return list(ox.parse(path=str(home / part.file), format=ox.RdfFormat.N_QUADS))
