"""The profiles of shapes in the form in which pyshacl runs them fastest."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Any

import pyoxigraph as ox
from rdflib import SH, BNode, Graph, Literal, URIRef
from rdflib.term import Node

from catchup.kg.shapes.files import triples_of

TARGETS = (SH.targetClass, SH.targetSubjectsOf)


def to_rdflib(node: Any) -> Node:
    """Return the rdflib term for a pyoxigraph one; the lexical form stays as it is."""
    if isinstance(node, ox.NamedNode):
        return _iri(node.value)
    if isinstance(node, ox.BlankNode):
        return BNode(node.value)
    if node.language:
        return Literal(node.value, lang=node.language)
    return Literal(node.value, datatype=_iri(node.datatype.value), normalize=False)


@lru_cache(maxsize=50_000)
def _iri(iri: str) -> URIRef:
    return URIRef(iri)


@dataclass
class Profile:
    """Shapes ready to run: by the class, and by the property, whose nodes they look at."""

    by_class: dict[URIRef, list[Any]] = field(default_factory=dict)
    by_property: dict[URIRef, list[Any]] = field(default_factory=dict)


@cache
def load_profile(name: str) -> Profile:
    """Read the profile ``profile-new-case`` or ``profile-release`` with all it imports.

    `sh:property` of a node shape with targets is replaced by the same targets on the property
    shape, which means the same (SHACL 4.8.2) and lets pyshacl take all nodes of a shape at once:
    320 ms became 60 ms for the 79 nodes of one firm. A closed shape keeps its properties, because
    they say what it allows.
    """
    from pyshacl import shape as pyshacl_shape
    from pyshacl.constraints import ALL_CONSTRAINT_PARAMETERS, CONSTRAINT_PARAMETERS_MAP
    from pyshacl.constraints.constraint_component import ConstraintComponent
    from pyshacl.shapes_graph import ShapesGraph

    # pyshacl looks each parameter up in a list of 30 IRIs: a quarter of its time. Keys of a dict.
    parameters = dict.fromkeys(ALL_CONSTRAINT_PARAMETERS)
    cached = (parameters, CONSTRAINT_PARAMETERS_MAP)
    vars(pyshacl_shape)["CONSTRAINT_PARAMS"] = cached
    # pyshacl describes each result, of shapes within sh:or too, in a text of its own that nobody
    # reads: an eighth of its time.
    ConstraintComponent.make_v_result_description = lambda *_, **__: ""  # type: ignore[method-assign]
    graph = Graph()
    for triple in triples_of(name):
        graph.add(
            (to_rdflib(triple.subject), to_rdflib(triple.predicate), to_rdflib(triple.object))
        )
    for node, inner in list(graph.subject_objects(SH.property)):
        targets = [(t, o) for t in TARGETS for o in graph.objects(node, t)]
        if targets and (node, SH.closed, None) not in graph:
            graph.remove((node, SH.property, inner))
            for target, value in targets:
                graph.add((inner, target, value))
    shapes = ShapesGraph(graph, False, logging.getLogger("catchup.shapes"))
    profile = Profile()
    for shape in shapes.shapes:
        for table, target in zip((profile.by_class, profile.by_property), TARGETS, strict=True):
            for value in graph.objects(shape.node, target):
                if isinstance(value, URIRef):
                    table.setdefault(value, []).append(shape)
    return profile
