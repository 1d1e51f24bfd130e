"""RDF terms of RDF 1.1: what a triple may hold here, told to the type checker."""

from __future__ import annotations

from typing import TypeAlias

import pyoxigraph as ox

Node: TypeAlias = ox.NamedNode | ox.Literal
Any: TypeAlias = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple


def value(term: Any) -> str:
    """Return the IRI or text of `term`. Raises ValueError for a triple term (RDF 1.2)."""
    if isinstance(term, ox.Triple):
        raise ValueError("a triple about a triple is not read here")
    return term.value


def named(term: Any) -> ox.NamedNode:
    """Return `term` as the IRI that it must be. Raises ValueError when it is none."""
    if not isinstance(term, ox.NamedNode):
        raise ValueError(f"{term} is no IRI")
    return term


def node(term: Any) -> Node:
    """Return `term`, an IRI or a literal. Raises ValueError for blank nodes and triple terms."""
    if isinstance(term, ox.NamedNode | ox.Literal):
        return term
    raise ValueError(f"{term} is neither an IRI nor a literal")
