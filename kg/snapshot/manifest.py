"""The manifest: which immutable parts make up a snapshot."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from catchup.kg.errors import CannotRun

VERSION = 1
#: Changed with the tables of the index, so that an index of older make is written anew.
INDEX = "b"
NAME = "manifest.json"

#: Kinds of part that queries see without naming a graph (modelling: graphs and default graph).
IN_DEFAULT = frozenset(
    [
        "source",
        "entities",
        "bibliography",
        "ontology",
        "vocab",
        "links",
        "direct",
        "inferred",
        "case",
    ]
)


@dataclass(frozen=True)
class Part:
    """One immutable file of sorted N-Quads of one named graph.

    `of` names the graph (or, joined by blanks, the graphs) that caused a derived part.
    """

    graph: str
    file: str
    triples: int
    kind: str
    default: bool
    of: str = ""


@dataclass(frozen=True)
class Manifest:
    """A snapshot: its id (the hash of its parts), parts, index file and counts."""

    id: str
    parts: tuple[Part, ...]
    index: str
    counts: dict[str, Any]

    @classmethod
    def of(cls, parts: Iterable[Part], counts: dict[str, Any]) -> Manifest:
        """Make the manifest of `parts`; the same parts give the same id everywhere."""
        ordered = tuple(sorted(parts, key=lambda p: (p.graph, p.of, p.file)))
        text = json.dumps([asdict(p) for p in ordered], sort_keys=True, ensure_ascii=True)
        id = hashlib.sha256(f"{VERSION} {text}".encode()).hexdigest()
        return cls(id, ordered, f"index/{id[:16]}{INDEX}.sqlite", counts)

    def graphs(self) -> dict[str, int]:
        """Return the number of triples of each named graph."""
        found: dict[str, int] = {}
        for part in self.parts:
            found[part.graph] = found.get(part.graph, 0) + part.triples
        return found

    def save(self, home: Path) -> None:
        """Write the manifest durably: a temporary file, fsync, rename, fsync of the folder."""
        content = {
            "version": VERSION,
            "id": self.id,
            "parts": [asdict(p) for p in self.parts],
            "index": self.index,
            "counts": self.counts,
        }
        write_durably(home / NAME, json.dumps(content, indent=1, ensure_ascii=False).encode())


def read_manifest(home: Path) -> Manifest | None:
    """Return the manifest in `home`, or None when nothing has been built there.

    Raises CannotRun when it is of another version or unreadable.
    """
    path = home / NAME
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["version"] != VERSION:
            return None
        parts = tuple(Part(**p) for p in content["parts"])
        return Manifest(content["id"], parts, content["index"], content["counts"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CannotRun(
            f"{path} cannot be read: {error}.", remedy="Delete it and run 'catchup build'."
        ) from None


def write_durably(path: Path, content: bytes) -> None:
    """Write `content` to `path` so that after a crash the file is the old or the new, whole.

    Raises CannotRun when the folder is not writable or the disk is full; `path` is then untouched.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise CannotRun(
            f"{path} could not be written: {error.strerror}.",
            remedy="Free some room, or name another folder with --home.",
        ) from None
