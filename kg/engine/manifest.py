"""The snapshot as the engine sees it: the manifest, and parts whose content is what it was."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from catchup.kg.engine.errors import StoreFailed
from catchup.kg.errors import CannotRun
from catchup.kg.snapshot.manifest import Manifest, Part, read_manifest


@dataclass(frozen=True)
class Snapshot:
    """One snapshot and the directory that it lies in."""

    directory: Path
    manifest: Manifest

    @property
    def id(self) -> str:
        """The snapshot's id: the hash of its parts."""
        return self.manifest.id

    @property
    def parts(self) -> tuple[Part, ...]:
        """The parts of all graphs."""
        return self.manifest.parts

    @property
    def default_graphs(self) -> frozenset[str]:
        """The graphs whose union is the default graph."""
        return frozenset(p.graph for p in self.parts if p.default)

    @property
    def graphs(self) -> frozenset[str]:
        """All named graphs."""
        return frozenset(p.graph for p in self.parts)


def read_snapshot(path: Path) -> Snapshot:
    """Read the snapshot whose manifest is at `path`. Raises StoreFailed."""
    try:
        manifest = read_manifest(path.parent)
    except CannotRun as error:
        raise StoreFailed(error.detail, remedy=error.remedy) from None
    if manifest is None:
        raise StoreFailed(
            f"There is no snapshot at {path.parent}.", remedy="Run `catchup build` first."
        )
    return Snapshot(path.parent, manifest)


def read_part(snapshot: Snapshot, part: Part) -> bytes:
    """Return the N-Quads of a part. Raises StoreFailed when its content is not what it was."""
    path = snapshot.directory / part.file
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
