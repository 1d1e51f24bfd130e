"""Axioms, expressions and triples in words."""

from __future__ import annotations

from collections.abc import Callable

from pyoxigraph import Literal, NamedNode

from catchup.kg.names import compact
from catchup.kg.reasoning.expressions import (
    All,
    And,
    Cardinality,
    Expression,
    Fact,
    Named,
    Not,
    OneOf,
    Or,
    Some,
    Term,
    Value,
    type_,
)
from catchup.kg.reasoning.ontology import Axiom

#: How a term is written: as a prefixed name unless the caller has something better, a link say.
Namer = Callable[[Term], str]


def plain(term: Term) -> str:
    """Return a term as a prefixed name, or a literal as it stands."""
    return compact(term.value) if isinstance(term, NamedNode) else str(term)


def expression_words(expression: Expression, name: Namer = plain, inner: bool = False) -> str:
    """Return a class expression in the Manchester syntax; `inner` asks for brackets."""
    match expression:
        case Named(iri):
            return name(iri)
        case And(parts):
            text = " and ".join(expression_words(p, name, True) for p in parts)
        case Or(parts):
            text = " or ".join(expression_words(p, name, True) for p in parts)
        case Some(p, filler):
            text = f"{name(p)} some {expression_words(filler, name, True)}"
        case All(p, filler):
            text = f"{name(p)} only {expression_words(filler, name, True)}"
        case Value(p, v):
            text = f"{name(p)} value {name(v)}"
        case OneOf(members):
            return "{" + ", ".join(name(m) for m in members) + "}"
        case Not(part):
            text = f"not {expression_words(part, name, True)}"
        case Cardinality(p, kind, number, filler):
            text = f"{name(p)} {kind} {number}"
            if filler is not None:
                text += f" {expression_words(filler, name, True)}"
    return f"({text})" if inner else text


def axiom_words(axiom: Axiom, name: Namer = plain) -> str:
    """Return an axiom as a sentence without its full stop."""

    def word(part: Expression | Term) -> str:
        return name(part) if isinstance(part, Term) else expression_words(part, name)

    parts = [word(p) for p in axiom.parts]
    match axiom.kind:
        case "subClassOf":
            return f"every {parts[0]} is a {parts[1]}"
        case "equivalentClass":
            return f"{parts[0]} means: {parts[1]}"
        case "disjointWith":
            return f"nothing is both {parts[0]} and {parts[1]}"
        case "AllDisjointClasses":
            return f"nothing is of two of these: {', '.join(parts)}"
        case "domain":
            return f"whatever has {parts[0]} is a {parts[1]}"
        case "range":
            return f"a value of {parts[0]} is a {parts[1]}"
        case "subPropertyOf":
            return f"{parts[0]} implies {parts[1]}"
        case "equivalentProperty":
            return f"{parts[0]} and {parts[1]} mean the same"
        case "inverseOf":
            return f"{parts[0]} is the inverse of {parts[1]}"
        case "SymmetricProperty":
            return f"{parts[0]} holds both ways"
        case "TransitiveProperty":
            return f"{parts[0]} carries on: what has it to something has it to what that has it to"
        case "AsymmetricProperty":
            return f"{parts[0]} never holds both ways"
        case "IrreflexiveProperty":
            return f"nothing has {parts[0]} to itself"
        case "propertyChainAxiom":
            return f"{parts[0]} follows from {' then '.join(parts[1:])}"
        case "propertyDisjointWith" | "AllDisjointProperties":
            return f"no two things have two of these between them: {', '.join(parts)}"
    return " ".join([axiom.kind, *parts])


def fact_words(fact: Fact, name: Namer = plain) -> str:
    """Return a triple as a short sentence without its full stop."""
    s, p, o = fact
    if p == type_:
        return f"{name(s)} is a {name(o)}"
    value = f'"{o.value}"' if isinstance(o, Literal) else name(o)
    return f"{name(s)} {name(p)} {value}"
