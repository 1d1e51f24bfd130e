"""Adding and dropping one case's graph, without building everything again.

A change writes the case's own parts, then the index, then renames the manifest; whoever reads sees
the old snapshot or the new one, never a half. What follows from the case is worked out on top of
the snapshot that is there (kg.reasoning.materialise): in the engine where the graph is loaded, or
here in the store on disk, which takes no loading.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pyoxigraph as ox

from catchup.kg import names
from catchup.kg.errors import CannotRun
from catchup.kg.snapshot.build import Derived, derived, lock
from catchup.kg.snapshot.index import write_index
from catchup.kg.snapshot.manifest import Manifest, Part, read_manifest
from catchup.kg.snapshot.ondisk import open_store
from catchup.kg.snapshot.parts import read_part, write_part

if TYPE_CHECKING:
    from catchup.kg.reasoning.lookup import Written
    from catchup.kg.reasoning.materialise import Entailed
    from catchup.kg.reasoning.rules import Program

#: From the case's quads to what follows, as (graph, causes, triples).
Infer = Callable[[Sequence[ox.Quad]], list[Derived]]


def add_part(
    home: Path, graph: str, quads: Iterable[ox.Quad], infer: Infer | None = None
) -> Manifest:
    """Add the case graph `graph`, in place of an older version of it, and return the new manifest.

    `infer` works out what follows from the case; without it the store on disk is asked.
    Raises CannotRun when nothing has been built yet or the folder cannot be written.
    """
    rows = list(quads)
    with lock(home):
        old = _manifest(home)
        kept = [p for p in old.parts if not _of(p, graph)]
        base = replace(old, parts=tuple(kept))
        found = infer(rows) if infer else _infer(home, base, rows)
        parts = [*kept, write_part(home, graph, "case", rows)]
        for name, of, triples in found:
            iri = names.graph_iri(name)
            node = ox.NamedNode(iri)
            made = [ox.Quad(t.subject, t.predicate, t.object, node) for t in triples]
            parts.append(write_part(home, iri, name, made, of))
        return _publish(home, old, parts, graph, rows)


def drop_part(home: Path, graph: str, erase: bool = False) -> Manifest:
    """Drop the case graph `graph` with all that follows from it, and return the new manifest.

    With `erase` the files that only the dropped parts used are deleted too (interview data).
    """
    with lock(home):
        old = _manifest(home)
        kept = [p for p in old.parts if not _of(p, graph)]
        new = _publish(home, old, kept, graph, [])
        if erase:
            used = {p.file for p in kept}
            for part in old.parts:
                if part.file not in used:
                    (home / part.file).unlink(missing_ok=True)
            if old.index != new.index:
                (home / old.index).unlink(missing_ok=True)
        return new


def load_store(home: Path, manifest: Manifest) -> ox.Store:
    """Load a snapshot: named graphs, and the union of the default ones in the default graph."""
    store = ox.Store()
    for part in manifest.parts:
        store.bulk_load(path=str(home / part.file), format=ox.RdfFormat.N_QUADS)
        if part.default:
            store.bulk_extend(ox.Quad(*q.triple) for q in read_part(home, part))
    return store


def infer_in(
    store: Written,
    quads: Sequence[ox.Quad],
    home: Path,
    manifest: Manifest,
    program: Program | None = None,
) -> list[Derived]:
    """Return what `quads` of a case add to the snapshot `manifest` that is in `store`.

    `program` are the rules of its ontology, where they are compiled already.
    """
    from catchup.kg.reasoning.materialise import causes_of, materialise_case, program_in

    program = program or program_in(store)
    given = [
        (c, [q.triple for q in read_part(home, p)]) for p in manifest.parts if (c := _cause(p))
    ]
    extra = [
        ox.NamedNode(names.graph_iri(g))
        for g in ("curation", "direct-curation", "inferred-curation")
    ]
    found: dict[frozenset[ox.NamedNode], Entailed] = materialise_case(
        program, store, quads, causes_of(given), extra
    )
    return [d for cause, entailed in found.items() if cause for d in derived(cause, entailed)]


def _infer(home: Path, base: Manifest, quads: Sequence[ox.Quad]) -> list[Derived]:
    return infer_in(open_store(home, base) or load_store(home, base), quads, home, base)


def _manifest(home: Path) -> Manifest:
    manifest = read_manifest(home)
    if manifest is None:
        raise CannotRun(f"There is no snapshot in {home}.", remedy="Run 'catchup build' first.")
    return manifest


def _cause(part: Part) -> frozenset[ox.NamedNode]:
    """Return the graphs beyond the sources that caused a derived part."""
    graphs = set(part.of.split())
    if part.kind.endswith("-curation"):
        graphs.add(names.graph_iri("curation"))
    return frozenset(ox.NamedNode(g) for g in graphs)


def _of(part: Part, graph: str) -> bool:
    return part.graph == graph or graph in part.of.split()


def _publish(
    home: Path, old: Manifest, parts: list[Part], graph: str, quads: Sequence[ox.Quad]
) -> Manifest:
    claims = dict(old.counts["claims"])
    name = graph.removeprefix(names.G)
    number = sum(1 for q in quads if q.object == ox.NamedNode(names.CU + "Claim"))
    claims.pop(name, None)
    if number:
        claims[name] = number
    size = old.counts["default"] + sum(p.triples for p in parts if p.default)
    size -= sum(p.triples for p in old.parts if p.default)
    counts = {
        "claims": dict(sorted(claims.items())),
        "triples": sum(p.triples for p in parts),
        "default": size,
    }
    new = Manifest.of(parts, counts)
    if new.index != old.index:
        write_index(home / new.index, quads, base=home / old.index, without=graph)
    new.save(home)
    return new
