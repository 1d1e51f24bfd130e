"""Writes a snapshot directory in the format that the engine reads."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

import pyoxigraph as ox

from catchup.kg.names import graph_iri

OUTSIDE = ("curation", "direct-curation", "inferred-curation", "enrichment")


def write_snapshot(directory: Path, graphs: dict[str, Iterable[ox.Triple]]) -> Path:
    """Write the named graphs as one snapshot and return the path of its manifest."""
    (directory / "parts").mkdir(parents=True, exist_ok=True)
    parts = []
    for name, triples in sorted(graphs.items()):
        graph = ox.NamedNode(graph_iri(name))
        lines = sorted({f"{t.subject} {t.predicate} {t.object} {graph} .\n" for t in triples})
        data = "".join(lines).encode()
        file = f"parts/{hashlib.sha256(data).hexdigest()}.nq"
        (directory / file).write_bytes(data)
        parts.append(
            {
                "graph": graph.value,
                "file": file,
                "triples": len(lines),
                "kind": "source",
                "default": name not in OUTSIDE,
            }
        )
    manifest = {"version": "0", "parts": parts, "counts": {}}
    manifest["id"] = hashlib.sha256(json.dumps(manifest, sort_keys=True).encode()).hexdigest()
    path = directory / "manifest.json"
    new = directory / "manifest.json.new"
    new.write_text(json.dumps(manifest))
    new.rename(path)
    return path
