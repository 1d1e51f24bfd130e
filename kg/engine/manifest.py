"""The snapshot's manifest, as the engine reads it: which parts make up the graph."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from catchup.kg.engine.errors import StoreFailed


@dataclass(frozen=True)
class Part:
    """One immutable file of sorted N-Quads, all of one graph."""

    graph: str
    file: str
    default: bool
    kind: str = ""
    triples: int = 0


@dataclass(frozen=True)
class Manifest:
    """The parts of one snapshot and where they lie."""

    id: str
    version: str
    parts: tuple[Part, ...]
    directory: Path
    data: dict[str, Any]

    @property
    def default_graphs(self) -> frozenset[str]:
        """The graphs whose union is the default graph."""
        return frozenset(p.graph for p in self.parts if p.default)

    @property
    def graphs(self) -> dict[str, Part]:
        """The named graphs, each with one of its parts."""
        return {p.graph: p for p in self.parts}


def read_manifest(path: Path) -> Manifest:
    """Read the manifest at `path`. Raises StoreFailed when it is absent or unreadable."""
    try:
        data = json.loads(path.read_bytes())
        parts = tuple(
            Part(p["graph"], p["file"], bool(p["default"]), p.get("kind", ""), p["triples"])
            for p in data["parts"]
        )
        version = str(data.get("version", ""))
        return Manifest(data["id"], version, parts, path.parent, data)
    except FileNotFoundError:
        raise StoreFailed(
            f"There is no snapshot: {path} does not exist.", remedy="Run `catchup build` first."
        ) from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StoreFailed(
            f"The snapshot's manifest {path} cannot be read: {error}.",
            remedy="Run `catchup build` again.",
        ) from None


def read_part(manifest: Manifest, part: Part) -> bytes:
    """Return the N-Quads of a part. Raises StoreFailed when its content is not what it was."""
    path = manifest.directory / part.file
    try:
        data = path.read_bytes()
    except OSError as error:
        raise StoreFailed(f"A part of the snapshot is missing: {error}.") from None
    if hashlib.sha256(data).hexdigest() != path.name.partition(".")[0]:
        raise StoreFailed(
            f"The part {path.name} of the snapshot is damaged: its hash is not its name.",
            remedy="Run `catchup build` again.",
        )
    return data
