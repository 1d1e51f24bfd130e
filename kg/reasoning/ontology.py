"""The axioms of an ontology, read from its triples (OWL 2 Mapping to RDF Graphs, section 3)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pyoxigraph as ox
from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from catchup.kg.errors import InputError, SyntaxProblem, Where
from catchup.kg.names import OWL, RDF, RDFS
from catchup.kg.reasoning.expressions import (
    TOP,
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


def owl(name: str) -> NamedNode:
    """Return the OWL term called `name`."""
    return NamedNode(OWL + name)


SUB_CLASS = NamedNode(RDFS + "subClassOf")
SUB_PROPERTY = NamedNode(RDFS + "subPropertyOf")
DOMAIN = NamedNode(RDFS + "domain")
RANGE = NamedNode(RDFS + "range")
LABEL = NamedNode(RDFS + "label")
EQUIVALENT_CLASS = owl("equivalentClass")
EQUIVALENT_PROPERTY = owl("equivalentProperty")
INVERSE = owl("inverseOf")
CHAIN = owl("propertyChainAxiom")
DISJOINT = owl("disjointWith")
PROPERTY_DISJOINT = owl("propertyDisjointWith")
MEMBERS = owl("members")

#: Axioms from which equalities follow. The graph keeps individuals apart (modelling 3.10), so the
#: compiler refuses them rather than be silently incomplete.
REFUSED = {
    owl("FunctionalProperty"),
    owl("InverseFunctionalProperty"),
    owl("hasKey"),
    owl("sameAs"),
    owl("disjointUnionOf"),
    owl("ReflexiveProperty"),
    owl("hasSelf"),
}
#: Restrictions on numbers from which nothing follows in OWL 2 RL but for a maximum.
CARDINALITIES = {
    "minCardinality": "min",
    "maxCardinality": "max",
    "cardinality": "exactly",
    "minQualifiedCardinality": "min",
    "maxQualifiedCardinality": "max",
    "qualifiedCardinality": "exactly",
}


@dataclass(frozen=True)
class Axiom:
    """One axiom: `kind` is the OWL term that states it, `parts` what it relates, in order."""

    kind: str
    parts: tuple[Expression | Term, ...]
    file: str = field(default="", compare=False)


@dataclass
class Ontology:
    """The triples of an ontology with an index, and what they declare.

    `files` tells in which file a triple stands, where that is known.
    """

    triples: list[Fact]
    files: Mapping[Fact, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._po: dict[Term, dict[NamedNode, list[Term]]] = defaultdict(lambda: defaultdict(list))
        self._ps: dict[NamedNode, list[Fact]] = defaultdict(list)
        for fact in self.triples:
            s, p, o = fact
            self._po[s][p].append(o)
            self._ps[p].append(fact)
        self._expressions: dict[Term, Expression] = {}
        self.classes = self._declared("Class")
        self.object_properties = self._declared("ObjectProperty") | {
            s for kind in ("SymmetricProperty", "TransitiveProperty") for s in self._declared(kind)
        }
        self.data_properties = self._declared("DatatypeProperty")
        self.annotation_properties = self._declared("AnnotationProperty")

    def _declared(self, kind: str) -> set[NamedNode]:
        wanted = owl(kind)
        return {
            s
            for s, _, o in self._ps[type_]
            if o == wanted and isinstance(s, NamedNode) and not self.anonymous(s)
        }

    def anonymous(self, node: Term) -> bool:
        """Tell whether `node` stands for an expression: blank, or skolemised in a snapshot."""
        return isinstance(node, BlankNode) or (
            isinstance(node, NamedNode) and "/.well-known/genid/" in node.value
        )

    def objects(self, subject: Term, predicate: NamedNode) -> list[Term]:
        """Return the objects of `subject predicate ?`."""
        entry = self._po.get(subject)
        return entry.get(predicate, []) if entry else []

    def facts(self, predicate: NamedNode) -> list[Fact]:
        """Return all triples with `predicate`."""
        return self._ps.get(predicate, [])

    def members(self, head: Term) -> list[Term]:
        """Return the members of the RDF list at `head`."""
        found: list[Term] = []
        seen: set[Term] = set()
        nil = NamedNode(RDF + "nil")
        while head != nil:
            first = self.objects(head, NamedNode(RDF + "first"))
            rest = self.objects(head, NamedNode(RDF + "rest"))
            if len(first) != 1 or len(rest) != 1 or head in seen:
                raise InputError(
                    "A list of the ontology is broken: each of its nodes needs one first member "
                    "and one rest.",
                    remedy="Write lists with round brackets.",
                )
            seen.add(head)
            found.append(first[0])
            head = rest[0]
        return found

    def expression(self, node: Term) -> Expression:
        """Return the class expression that `node` stands for.

        Raises InputError when it is no expression that the compiler knows.
        """
        if node not in self._expressions:
            self._expressions[node] = self._read(node)
        return self._expressions[node]

    def _one(self, node: Term, name: str) -> Term | None:
        values = self.objects(node, owl(name))
        return values[0] if values else None

    def _read(self, node: Term) -> Expression:
        if isinstance(node, NamedNode) and not self.anonymous(node):
            return Named(node)
        for name, make in (("intersectionOf", And), ("unionOf", Or)):
            head = self._one(node, name)
            if head is not None:
                return make(tuple(self.expression(m) for m in self.members(head)))
        head = self._one(node, "oneOf")
        if head is not None:
            return OneOf(tuple(self.members(head)))
        other = self._one(node, "complementOf")
        if other is not None:
            return Not(self.expression(other))
        return self._restriction(node)

    def _restriction(self, node: Term) -> Expression:
        on = self._one(node, "onProperty")
        if not isinstance(on, NamedNode) or self.anonymous(on):
            raise InputError(
                f"The class expression at {node} is none that the rules know.",
                remedy="Use intersections, unions, and restrictions on properties with a name.",
            )
        for name, make in (("someValuesFrom", Some), ("allValuesFrom", All)):
            filler = self._one(node, name)
            if filler is not None:
                return make(on, self.expression(filler))
        value = self._one(node, "hasValue")
        if value is not None:
            return Value(on, value)
        for name, kind in CARDINALITIES.items():
            number = self._one(node, name)
            if isinstance(number, Literal):
                filler = self._one(node, "onClass") or self._one(node, "onDataRange")
                return Cardinality(
                    on, kind, int(number.value), self.expression(filler) if filler else None
                )
        raise InputError(
            f"The restriction on {on.value} is none that the rules know.",
            remedy="Use some, only, value, or a number.",
        )

    def axioms(self) -> Iterator[Axiom]:
        """Yield the axioms that the rules are made of.

        Raises InputError for an axiom from which equalities would follow (REFUSED).
        """
        for term in REFUSED:
            for s, p, o in [*self.facts(term), *(f for f in self._ps[type_] if f[2] == term)]:
                raise InputError(
                    f"{s} uses {term.value}, from which equalities of individuals would follow.",
                    where=Where(file=self.files.get((s, p, o), "")),
                    remedy="Say it as a SHACL shape: the graph never merges individuals.",
                )
        for predicate in (SUB_CLASS, EQUIVALENT_CLASS, DISJOINT):
            for s, p, o in self.facts(predicate):
                yield self._axiom((s, p, o), self.expression(s), self.expression(o))
        for predicate in (DOMAIN, RANGE):
            for s, p, o in self.facts(predicate):
                if s not in self.annotation_properties:
                    yield self._axiom((s, p, o), s, self.expression(o))
        for predicate in (SUB_PROPERTY, EQUIVALENT_PROPERTY, INVERSE, PROPERTY_DISJOINT):
            for s, p, o in self.facts(predicate):
                if s not in self.annotation_properties:
                    yield self._axiom((s, p, o), s, o)
        for s, p, o in self.facts(CHAIN):
            yield self._axiom((s, p, o), s, *self.members(o))
        for s, p, o in self.facts(type_):
            if not isinstance(o, NamedNode) or not o.value.startswith(OWL):
                continue
            name = o.value[len(OWL) :]
            if name in ("AllDisjointClasses", "AllDisjointProperties"):
                members = self.members(self.objects(s, MEMBERS)[0])
                listed: list[Expression | Term] = (
                    [self.expression(m) for m in members]
                    if name == "AllDisjointClasses"
                    else list(members)
                )
                yield self._axiom((s, p, o), *listed, kind=name)
            elif name in (
                "SymmetricProperty",
                "TransitiveProperty",
                "AsymmetricProperty",
                "IrreflexiveProperty",
            ):
                yield self._axiom((s, p, o), s, kind=name)

    def _axiom(self, fact: Fact, *parts: Expression | Term, kind: str = "") -> Axiom:
        name = kind or fact[1].value.rpartition("#")[2]
        return Axiom(name, parts, self.files.get(fact, ""))

    def label(self, term: Term) -> str:
        """Return the English label of a term, or its local name."""
        for o in self.objects(term, LABEL):
            if isinstance(o, Literal) and o.language in ("en", None):
                return o.value
        return term.value.rstrip("/").rpartition("/")[2].rpartition("#")[2]

    def speaks_of(self, fact: Fact) -> bool:
        """Tell whether `fact` is over our terms.

        It is when its predicate is a declared object or data property, or when it types
        something by a declared class: of our own namespace or of those whose terms the ontology
        declares, never of RDF, RDFS or OWL themselves.
        """
        _, p, o = fact
        if p == type_:
            return o in self.classes and o != TOP.iri
        return p in self.object_properties or p in self.data_properties


def from_triples(triples: Iterable[Triple | Fact]) -> Ontology:
    """Return the ontology that `triples` state."""
    return Ontology(list(dict.fromkeys(as_fact(t) for t in triples)))


def as_fact(triple: Triple | Fact) -> Fact:
    """Return `triple` as a plain tuple, the form in which rules work."""
    s, p, o = triple
    return (s, p, o)


def from_files(paths: Iterable[Path]) -> Ontology:
    """Read Turtle files as one ontology that remembers where each triple stands.

    Raises SyntaxProblem with file, line and column.
    """
    files: dict[Fact, str] = {}
    for path in paths:
        try:
            for quad in ox.parse(path=str(path), format=ox.RdfFormat.TURTLE):
                files.setdefault((quad.subject, quad.predicate, quad.object), path.name)
        except SyntaxError as error:
            raise SyntaxProblem(
                str(error.msg), where=Where(str(path), error.lineno, error.offset)
            ) from error
    return Ontology(list(files), files)
