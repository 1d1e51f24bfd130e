"""The graph in memory: loading a snapshot, and turning one into the next by their difference."""

from __future__ import annotations

import pyoxigraph as ox

from catchup.kg.engine.execute import Executor
from catchup.kg.engine.limits import Limits
from catchup.kg.engine.manifest import Snapshot, read_part
from catchup.kg.reasoning.materialise import program_in
from catchup.kg.reasoning.rules import Program
from catchup.kg.snapshot.manifest import Part

_DEFAULT = ox.DefaultGraph()


class MemoryStore:
    """A store whose default graph is the union of the default graphs, each triple once.

    The engine's own union flag counts a triple in three graphs three times (measured), where
    SPARQL's RDF merge demands one; so the union is kept as the store's default graph instead.
    """

    def __init__(self) -> None:
        self.store = ox.Store()
        self.snapshot: Snapshot | None = None
        #: the ontology's rules, to explain inferred triples by
        self.program: Program | None = None

    def load(self, snapshot: Snapshot) -> None:
        """Bring the store to `snapshot`. Raises StoreFailed; the store is then not to be used."""
        old = self.snapshot
        if old is None:
            self._load_all(snapshot)
        else:
            self._load_difference(old, snapshot)
        self.snapshot = snapshot
        # compiling takes 0.2 s, and a new case leaves the rules as they are
        if old is None or _ontology(old) != _ontology(snapshot):
            self.program = program_in(self.store)

    def executor(self, limits: Limits) -> Executor:
        """Return what runs requests on the snapshot that is loaded."""
        assert self.snapshot is not None
        found = self.snapshot
        return Executor(self.store, found.id, found.default_graphs, limits, self.program)

    def _load_all(self, snapshot: Snapshot) -> None:
        for part in snapshot.parts:
            self.store.bulk_load(read_part(snapshot, part), format=ox.RdfFormat.N_QUADS)
        for graph in snapshot.default_graphs:
            self.store.update(f"ADD SILENT GRAPH {ox.NamedNode(graph)} TO DEFAULT")

    def _load_difference(self, old: Snapshot, new: Snapshot) -> None:
        def key(part: Part) -> tuple[str, str]:
            return part.graph, part.file

        before, after = {key(p): p for p in old.parts}, {key(p): p for p in new.parts}
        removed = [p for k, p in before.items() if k not in after]
        added = [p for k, p in after.items() if k not in before]
        lines: set[bytes] = set()
        for part in removed:
            lines.update(read_part(old, part).split(b"\n"))
        # A graph can have several parts, and they may share triples. They are compared as lines:
        # of 1 million triples, parsing those of one graph took 1 s.
        touched = {p.graph for p in removed}
        for part in new.parts:
            if part.graph in touched and lines:
                lines.difference_update(read_part(new, part).split(b"\n"))
        gone = set(ox.parse(b"\n".join(lines), format=ox.RdfFormat.N_QUADS))
        for quad in gone:
            self.store.remove(quad)
        fresh = [q for part in added for q in quads(new, part)]
        self.store.extend(fresh)
        default = {ox.NamedNode(g) for g in new.default_graphs}
        for graph in new.default_graphs - old.default_graphs:
            fresh += self.store.quads_for_pattern(None, None, None, ox.NamedNode(graph))
        for graph in old.default_graphs - new.default_graphs:
            gone.update(self.store.quads_for_pattern(None, None, None, ox.NamedNode(graph)))
        self.store.extend(
            ox.Quad(q.subject, q.predicate, q.object, _DEFAULT)
            for q in fresh
            if q.graph_name in default
        )
        for quad in gone:
            subject, predicate, object_ = quad.subject, quad.predicate, quad.object
            homes = self.store.quads_for_pattern(subject, predicate, object_, None)
            if not any(home.graph_name in default for home in homes):
                self.store.remove(ox.Quad(subject, predicate, object_, _DEFAULT))
        for graph in old.graphs - new.graphs:
            self.store.remove_graph(ox.NamedNode(graph))


def _ontology(snapshot: Snapshot) -> set[str]:
    return {p.file for p in snapshot.parts if p.kind == "ontology"}


def quads(snapshot: Snapshot, part: Part) -> list[ox.Quad]:
    """Return the quads of a part."""
    return list(ox.parse(read_part(snapshot, part), format=ox.RdfFormat.N_QUADS))
