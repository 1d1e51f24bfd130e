"""Rules for the shapes themselves: they name only what is declared and asserted."""

from __future__ import annotations

import re
from collections.abc import Iterable

import pyoxigraph as ox

from catchup.kg import names

#: A nested repetition such as (a+)+ makes Python's `re` run for ever (26 s on 29 characters).
EXPLOSIVE = re.compile(r"\([^()]*[+*][^()]*\)[+*{]")
DERIVED = ("equivalentClass", "propertyChainAxiom", "inverseOf")


def derived_terms(ontology: Iterable[ox.Quad | ox.Triple]) -> set[str]:
    """Return the terms of ours that are defined or derived, never asserted."""
    properties = {names.OWL + name for name in DERIVED}
    return {
        t.subject.value
        for t in ontology
        if t.predicate.value in properties and isinstance(t.subject, ox.NamedNode)
    }


def named_terms(shapes: Iterable[ox.Quad | ox.Triple]) -> set[str]:
    """Return the classes, properties and concepts of ours that shapes name."""
    found = set()
    for triple in shapes:
        value = triple.object
        if isinstance(value, ox.NamedNode) and value.value.startswith((names.CU, names.CUV)):
            found.add(value.value)
    return found


def explosive_patterns(shapes: Iterable[ox.Quad | ox.Triple]) -> list[str]:
    """Return the patterns that repeat a repetition."""
    pattern = names.SH + "pattern"
    values = [t.object for t in shapes if t.predicate.value == pattern]
    found = [v.value for v in values if isinstance(v, ox.Literal)]
    return [text for text in found if EXPLOSIVE.search(text)]


def reaching_out(shapes: Iterable[ox.Quad | ox.Triple]) -> list[str]:
    """Return the shapes by which adding a node can make an older one wrong.

    These bound from above what may point at a node (an inverse path with sh:maxCount and the like).
    Checking a case looks at the case's own nodes, to which a second value put on an older node
    belongs, since such a node is then a subject of the case. That is all only where no such shape
    is; the tests see to it.
    """
    rows: dict[object, dict[str, object]] = {}
    for t in shapes:
        rows.setdefault(t.subject, {})[t.predicate.value] = t.object
    upper = ("maxCount", "qualifiedMaxCount", "in", "not", "equals", "disjoint", "closed")
    return sorted(
        str(shape)
        for shape, row in rows.items()
        if any(names.SH + name in row for name in upper)
        and names.SH + "inversePath" in rows.get(row.get(names.SH + "path"), {})
    )
