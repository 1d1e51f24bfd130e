"""Validation: pyshacl run on the shapes, its results as findings in plain words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pyoxigraph as ox
from rdflib import RDF, RDFS, SH, Graph, Literal, URIRef
from rdflib.term import Node

from catchup.kg import names
from catchup.kg.errors import Problem, Where
from catchup.kg.shapes.load import Profile, load_profile, to_rdflib

SEVERITIES = ("violation", "warning", "info")
NOWHERE = Where()


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, incomplete or unusual in some data."""

    severity: str
    message: str
    focus: str = ""
    path: str = ""
    value: str = ""
    shape: str = ""
    component: str = ""
    where: Where = NOWHERE
    remedy: str = ""

    def at(self, where: Where) -> Finding:
        """Return the finding with its place."""
        return replace(self, where=where)

    def as_problem(self) -> Problem:
        """Return the finding as the problem that command line and HTTP show."""
        return Problem(self.message, self.where, self.remedy, self.severity)

    def sort_key(self) -> tuple[int, str, int, int, str, str, str]:
        """Worst first, then in the order of the file."""
        w = self.where
        worst = SEVERITIES.index(self.severity)
        place = (w.line or 0, w.column or 0)
        return (worst, w.file, *place, self.focus, self.shape, self.message + self.value)


def validate(
    triples: Iterable[ox.Triple | ox.Quad],
    background: Iterable[ox.Triple | ox.Quad] = (),
    focus: Iterable[str] | None = None,
    profile: str = "profile-release",
) -> list[Finding]:
    """Return what the shapes of `profile` find in `triples`, worst first, each once.

    `background` (subclass axioms, types of concepts) is data to look things up in; its own nodes
    are looked at too unless `focus` names the nodes to look at. Several components of one shape
    that fail at one node with one value give one finding: they carry the same message.
    """
    graph = Graph(bind_namespaces="none")
    for source in (triples, background):
        for t in source:
            graph.add((to_rdflib(t.subject), to_rdflib(t.predicate), to_rdflib(t.object)))
    chosen = None if focus is None else {URIRef(iri) for iri in focus}
    found: dict[tuple[str, str, str], Finding] = {}
    for finding in _run(graph, load_profile(profile), chosen):
        found.setdefault((finding.focus, finding.shape, finding.value), finding)
    return sorted(found.values(), key=Finding.sort_key)


def _run(graph: Graph, profile: Profile, chosen: set[URIRef] | None) -> Iterator[Finding]:
    from pyshacl.graph_abstraction import DataGraph
    from pyshacl.validator import Validator

    data = DataGraph.from_rdflib(graph)
    executor = Validator(data, shacl_graph=Graph(), options={"inplace": True}).make_executor()
    for shape, nodes in _targets(graph, profile, chosen).items():
        _, reports = shape.validate(executor, data, focus=sorted(nodes))
        for _, result, parts in reports:
            yield _finding(result, parts)


def _targets(graph: Graph, profile: Profile, chosen: set[URIRef] | None) -> dict[Any, set[URIRef]]:
    """Return the nodes each shape looks at.

    pyshacl would look for them anew for each shape, in the whole graph even when `chosen` is small.
    """
    found: dict[Any, set[URIRef]] = {}
    supers: dict[Node, list[Node | None]] = {}
    triples: Iterable[tuple[Node, Node, Node]] = graph
    if chosen is not None:
        triples = (t for node in chosen for t in graph.triples((node, None, None)))
    for node, predicate, value in triples:
        if not isinstance(node, URIRef) or not isinstance(predicate, URIRef):
            continue
        for shape in profile.by_property.get(predicate, ()):
            found.setdefault(shape, set()).add(node)
        if predicate == RDF.type:
            if value not in supers:
                supers[value] = list(graph.transitive_objects(value, RDFS.subClassOf))
            for cls in supers[value]:
                for shape in profile.by_class.get(cls, ()):  # type: ignore[call-overload]
                    found.setdefault(shape, set()).add(node)
    return found


def _finding(result: Node, parts: list[tuple[Any, Any, Any]]) -> Finding:
    own = {p: o[1] if isinstance(o, tuple) else o for s, p, o in parts if s == result}
    path = own.get(SH.resultPath)
    if path is not None and not isinstance(path, URIRef):
        path = own.get(SH.sourceShape)
    focus, value = own.get(SH.focusNode), own.get(SH.value)
    return Finding(
        severity=str(own[SH.resultSeverity]).removeprefix(names.SH).lower(),
        message=str(own.get(SH.resultMessage, Literal(""))),
        focus=str(focus),
        path=str(path) if isinstance(path, URIRef) and path != own.get(SH.sourceShape) else "",
        value="" if value is None or value == focus else str(value),
        shape=str(own.get(SH.sourceShape, "")),
        component=str(own.get(SH.sourceConstraintComponent, "")).removeprefix(names.SH),
    )
