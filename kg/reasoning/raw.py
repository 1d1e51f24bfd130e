"""Raw rules: what each axiom and each class expression says by itself (OWL 2 RL, tables 5 to 9)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pyoxigraph import NamedNode

from catchup.kg.errors import InputError
from catchup.kg.names import RDFS, XSD
from catchup.kg.reasoning.expressions import (
    BOTTOM,
    TOP,
    All,
    And,
    Cardinality,
    Expression,
    Named,
    Not,
    OneOf,
    Or,
    Some,
    Term,
    Value,
    parts_of,
    type_,
)
from catchup.kg.reasoning.ontology import Axiom, Ontology

#: A variable of a rule is a number, its place in the list of bindings.
Part = int | Term
Atom = tuple[Part, NamedNode, Part]
#: A triple of a rule, with variables. That of a raw rule may type its subject by an expression.
RawAtom = tuple[Part, NamedNode, "Part | Expression"]

INTERNAL = (And, Or, Some, All, Value, OneOf, Not, Cardinality)


@dataclass(frozen=True)
class Raw:
    """A rule before expressions are resolved away; structural ones rest on no axiom."""

    head: RawAtom
    body: tuple[RawAtom, ...]
    axioms: tuple[Axiom, ...] = ()


def variables(atoms: Iterable[RawAtom]) -> set[int]:
    """Return the variables of `atoms`."""
    return {x for s, _, o in atoms for x in (s, o) if isinstance(x, int)}


def typed(node: Part, expression: Expression) -> RawAtom:
    """Return the atom that types `node` by `expression`."""
    return (node, type_, expression.iri if isinstance(expression, Named) else expression)


def axiom_rules(axioms: list[Axiom], ontology: Ontology) -> Iterator[Raw]:
    """Yield the rules that axioms state (prp-*, cax-*)."""
    for axiom in axioms:
        kind, parts, why = axiom.kind, axiom.parts, (axiom,)
        match kind:
            case "subClassOf" | "equivalentClass":
                sub, sup = parts[0], parts[1]
                yield Raw(typed(0, sup), (typed(0, sub),), why)  # type: ignore[arg-type]
                if kind == "equivalentClass":
                    yield Raw(typed(0, sub), (typed(0, sup),), why)  # type: ignore[arg-type]
            case "disjointWith" | "AllDisjointClasses":
                for i, one in enumerate(parts):
                    for other in parts[i + 1 :]:
                        body = (typed(0, one), typed(0, other))  # type: ignore[arg-type]
                        yield Raw(typed(0, BOTTOM), body, why)
            case "domain":
                yield Raw(typed(0, parts[1]), ((0, _p(parts[0]), 1),), why)  # type: ignore[arg-type]
            case "range":
                if parts[0] not in ontology.data_properties:
                    yield Raw(typed(1, parts[1]), ((0, _p(parts[0]), 1),), why)  # type: ignore[arg-type]
            case "subPropertyOf":
                yield Raw((0, _p(parts[1]), 1), ((0, _p(parts[0]), 1),), why)
            case "equivalentProperty":
                yield Raw((0, _p(parts[1]), 1), ((0, _p(parts[0]), 1),), why)
                yield Raw((0, _p(parts[0]), 1), ((0, _p(parts[1]), 1),), why)
            case "inverseOf":
                yield Raw((1, _p(parts[0]), 0), ((0, _p(parts[1]), 1),), why)
                yield Raw((1, _p(parts[1]), 0), ((0, _p(parts[0]), 1),), why)
            case "SymmetricProperty":
                yield Raw((1, _p(parts[0]), 0), ((0, _p(parts[0]), 1),), why)
            case "TransitiveProperty":
                p = _p(parts[0])
                yield Raw((0, p, 2), ((0, p, 1), (1, p, 2)), why)
            case "propertyChainAxiom":
                chain = tuple((i, _p(p), i + 1) for i, p in enumerate(parts[1:]))
                yield Raw((0, _p(parts[0]), len(chain)), chain, why)
            case "propertyDisjointWith" | "AllDisjointProperties":
                for i, one in enumerate(parts):
                    for other in parts[i + 1 :]:
                        yield Raw(typed(0, BOTTOM), ((0, _p(one), 1), (0, _p(other), 1)), why)
            case "AsymmetricProperty":
                p = _p(parts[0])
                yield Raw(typed(0, BOTTOM), ((0, p, 1), (1, p, 0)), why)
            case "IrreflexiveProperty":
                yield Raw(typed(0, BOTTOM), ((0, _p(parts[0]), 0),), why)


def _p(part: Expression | Term) -> NamedNode:
    if not isinstance(part, NamedNode) or "/.well-known/genid/" in part.value:
        raise InputError(
            "An axiom uses a property without a name.",
            remedy="Name the inverse property and use its name.",
        )
    return part


def expressions(axioms: Iterable[Axiom]) -> list[Expression]:
    """Return every class expression that occurs in `axioms`, parts of others included."""
    found: dict[Expression, None] = {}
    todo = [p for a in axioms for p in a.parts if isinstance(p, (Named, *INTERNAL))]
    while todo:
        expression = todo.pop()
        if expression not in found:
            found[expression] = None
            todo.extend(parts_of(expression))
    return list(found)


def structural_rules(axioms: list[Axiom]) -> Iterator[Raw]:
    """Yield what each class expression means (cls-*)."""
    for e in expressions(axioms):
        here = typed(0, e)
        match e:
            case And(parts):
                yield Raw(here, tuple(typed(0, p) for p in parts))
                for part in parts:
                    yield Raw(typed(0, part), (here,))
            case Or(parts):
                for part in parts:
                    yield Raw(here, (typed(0, part),))
            case Some(p, filler):
                if isinstance(filler, Named) and filler.iri.value.startswith((XSD, RDFS)):
                    raise InputError(
                        f"A class asks for some value of {p.value} in a datatype.",
                        remedy="Ask for it in a SHACL shape.",
                    )
                value = () if filler == TOP else (typed(1, filler),)
                yield Raw(here, ((0, p, 1), *value))
            case All(p, filler):
                yield Raw(typed(1, filler), (here, (0, p, 1)))
            case Value(p, v):
                yield Raw(here, ((0, p, v),))
                yield Raw((0, p, v), (here,))
            case OneOf(members):
                for member in members:
                    yield Raw(typed(member, e), ())
            case Not(part):
                yield Raw(typed(0, BOTTOM), (here, typed(0, part)))
            case Cardinality(p, kind, number, filler):
                if kind != "min" and number > 0:
                    raise InputError(
                        f"A class limits the number of values of {p.value}.",
                        remedy="Say it as a SHACL shape: here it would merge individuals.",
                    )
                if kind != "min":
                    value = () if filler in (None, TOP) else (typed(1, filler),)
                    yield Raw(typed(0, BOTTOM), (here, (0, p, 1), *value))


def subsumptions(raws: list[Raw], axioms: list[Axiom]) -> list[Raw]:
    """Subsumption of restrictions (scm-svf1, -svf2, -avf1, -avf2, -hv)."""
    restrictions = [e for e in expressions(axioms) if isinstance(e, Some | All | Value)]
    edges: dict[object, dict[object, tuple[Axiom, ...]]] = defaultdict(dict)
    for raw in raws:
        if len(raw.body) == 1:
            (s, p, o), (hs, hp, ho) = raw.body[0], raw.head
            if p == type_ == hp and s == hs == 0:
                edges[o][ho] = raw.axioms
            elif p != type_ and hp != type_ and (s, o) == (hs, ho) == (0, 1):
                edges[p][hp] = raw.axioms

    def why(sub: object, sup: object) -> tuple[Axiom, ...] | None:
        paths: dict[object, tuple[Axiom, ...]] = {sub: ()}
        todo = [sub]
        while todo:
            here = todo.pop(0)
            for there, axs in edges[here].items():
                if there not in paths:
                    paths[there] = (*paths[here], *axs)
                    todo.append(there)
        return paths.get(sup)

    def name(e: Expression) -> object:
        return e.iri if isinstance(e, Named) else e

    found: list[Raw] = []
    grown = True
    while grown:
        grown = False
        for one in restrictions:
            for two in restrictions:
                if one == two or two in edges[one]:
                    continue
                path: tuple[Axiom, ...] | None = None
                match one, two:
                    case (Some(p1, f1), Some(p2, f2)) | (All(p1, f1), All(p2, f2)) if p1 == p2:
                        path = why(name(f1), name(f2))
                    case Some(p1, f1), Some(p2, f2) if f1 == f2:
                        path = why(p1, p2)
                    case All(p1, f1), All(p2, f2) if f1 == f2:
                        path = why(p2, p1)
                    case Value(p1, v1), Value(p2, v2) if v1 == v2:
                        path = why(p1, p2)
                if path is not None:
                    edges[one][two] = path
                    found.append(Raw(typed(0, two), (typed(0, one),), path))
                    grown = True
    return found
