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
