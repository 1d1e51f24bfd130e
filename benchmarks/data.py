"""The data that all servers get: the real graph, and larger ones of the same shape."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from catchup.kg import names
from catchup.kg.snapshot.build import build
from catchup.kg.snapshot.manifest import Manifest, Part

#: Kinds of part that are copied to make a larger graph: what cases would bring.
COPIED = ("source", "direct", "inferred", "entities")


@dataclass(frozen=True)
class Data:
    """A graph laid out for the servers: a snapshot for ours, N-Triples for the others."""

    name: str
    home: Path
    ntriples: Path
    triples: int
    subjects: list[str]


def prepare(folder: Path, wanted: int) -> Data:
    """Return a graph of about `wanted` triples (0: the real one), made in `folder` if missing.

    The larger graphs are copies of the real one in which every instance has a name of its own.
    """
    real = folder / "real"
    manifest = build(real).manifest
    name = "real" if not wanted else f"{wanted // 1_000_000}M"
    home = real if not wanted else folder / name
    if wanted and not (home / "manifest.json").is_file():
        manifest = _grow(real, manifest, home, wanted)
    elif wanted:
        manifest = _manifest(home)
    ntriples = folder / f"{name}-{manifest.id[:12]}.nt"
    if not ntriples.is_file():
        _union(home, manifest, ntriples)
    triples = manifest.counts["default"]
    return Data(name, home, ntriples, triples, _subjects(ntriples))


def _grow(real: Path, manifest: Manifest, home: Path, wanted: int) -> Manifest:
    (home / "parts").mkdir(parents=True, exist_ok=True)
    parts: list[Part] = []
    total = 0
    per_copy = sum(p.triples for p in manifest.parts if p.kind in COPIED and p.default)
    fixed = [p for p in manifest.parts if p.kind not in COPIED or not p.default]
    copies = max(1, (wanted - sum(p.triples for p in fixed if p.default)) // per_copy)
    for part in fixed:
        target = home / part.file
        target.write_bytes((real / part.file).read_bytes())
        parts.append(part)
        total += part.triples if part.default else 0
    for part in (p for p in manifest.parts if p.kind in COPIED and p.default):
        text = (real / part.file).read_text(encoding="utf-8")
        for copy in range(copies):
            tagged = text.replace(f"<{names.D}", f"<{names.D}n{copy}-") if copy else text
            file = f"parts/{hashlib.sha256(tagged.encode()).hexdigest()}.nq"
            (home / file).write_text(tagged, encoding="utf-8")
            parts.append(Part(part.graph, file, part.triples, part.kind, True, part.of))
            total += part.triples
    grown = Manifest.of(parts, {"claims": {}, "triples": total, "default": total})
    grown.save(home)
    (home / grown.index).parent.mkdir(exist_ok=True)
    (home / grown.index).write_bytes((real / manifest.index).read_bytes())
    return grown


def _manifest(home: Path) -> Manifest:
    content = json.loads((home / "manifest.json").read_text())
    parts = tuple(Part(**p) for p in content["parts"])
    return Manifest(content["id"], parts, content["index"], content["counts"])


def _union(home: Path, manifest: Manifest, target: Path) -> None:
    """Write the default graph as N-Triples, each triple once."""
    seen: set[int] = set()
    with target.open("w", encoding="utf-8") as file:
        for part in (p for p in manifest.parts if p.default):
            tail = len(f" <{part.graph}> .")
            for line in (home / part.file).read_text(encoding="utf-8").split("\n"):
                triple = line[:-tail]
                if line and (key := hash(triple)) not in seen:
                    seen.add(key)
                    file.write(triple + " .\n")


def _subjects(ntriples: Path) -> list[str]:
    found: dict[str, None] = {}
    with ntriples.open(encoding="utf-8") as file:
        for line in file:
            if line.startswith(f"<{names.D}"):
                found[line.split(" ", 1)[0]] = None
    return list(found)
