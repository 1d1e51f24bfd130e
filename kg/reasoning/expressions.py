"""Class expressions of OWL 2, as values that compare by structure."""

from __future__ import annotations

from dataclasses import dataclass

from pyoxigraph import BlankNode, Literal, NamedNode

type_ = NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
THING = NamedNode("http://www.w3.org/2002/07/owl#Thing")
NOTHING = NamedNode("http://www.w3.org/2002/07/owl#Nothing")

#: A node of the graph, and a triple of such nodes (pyoxigraph's own Triple costs four times as
#: much to take apart).
Term = NamedNode | BlankNode | Literal
Fact = tuple[Term, NamedNode, Term]


@dataclass(frozen=True)
class Named:
    """A class with a name, or a datatype."""

    iri: NamedNode


@dataclass(frozen=True)
class And:
    """`owl:intersectionOf`."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True)
class Or:
    """`owl:unionOf`."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True)
class Some:
    """`owl:someValuesFrom`."""

    property: NamedNode
    filler: Expression


@dataclass(frozen=True)
class All:
    """`owl:allValuesFrom`."""

    property: NamedNode
    filler: Expression


@dataclass(frozen=True)
class Value:
    """`owl:hasValue`."""

    property: NamedNode
    value: Term


@dataclass(frozen=True)
class OneOf:
    """`owl:oneOf`."""

    members: tuple[Term, ...]


@dataclass(frozen=True)
class Not:
    """`owl:complementOf`."""

    part: Expression


@dataclass(frozen=True)
class Cardinality:
    """A minimum, maximum or exact number; with a filler when qualified."""

    property: NamedNode
    kind: str
    number: int
    filler: Expression | None


Expression = Named | And | Or | Some | All | Value | OneOf | Not | Cardinality

TOP = Named(THING)
BOTTOM = Named(NOTHING)


def parts_of(expression: Expression) -> tuple[Expression, ...]:
    """Return the expressions of which `expression` directly consists."""
    match expression:
        case And(parts) | Or(parts):
            return parts
        case Some(_, filler) | All(_, filler):
            return (filler,)
        case Not(part):
            return (part,)
        case Cardinality(_, _, _, filler) if filler is not None:
            return (filler,)
        case _:
            return ()
