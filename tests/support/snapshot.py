"""Writes a snapshot directory in the format that the engine reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import pyoxigraph as ox

from catchup.kg.names import graph_iri
from catchup.kg.snapshot.index import write_index
from catchup.kg.snapshot.manifest import IN_DEFAULT, Manifest
from catchup.kg.snapshot.parts import read_part, write_part


def write_snapshot(directory: Path, graphs: Mapping[str, Iterable[ox.Triple]]) -> Path:
    """Write the named graphs as one snapshot and return the path of its manifest.

    A graph is named by its IRI, or by what comes after the base of ours.
    """
    parts = []
    for name, triples in graphs.items():
        kind = name if name in IN_DEFAULT or name == "curation" else "source"
        quads = [ox.Quad(t.subject, t.predicate, t.object) for t in triples]
        iri = name if ":" in name else graph_iri(name)
        parts.append(write_part(directory, iri, kind, quads))
    counts = {
        "claims": {},
        "triples": sum(p.triples for p in parts),
        "default": sum(p.triples for p in parts if p.default),
    }
    manifest = Manifest.of(parts, counts)
    write_index(directory / manifest.index, (q for p in parts for q in read_part(directory, p)))
    manifest.save(directory)
    return directory / "manifest.json"
