"""Axioms compiled to rules (OWL 2 Profiles, section 4.3: the rules of OWL 2 RL, our axioms only).

Each axiom and each class expression gives raw rules, in which a node may be typed by an expression.
Expressions are then resolved away, so that a rule speaks of named classes and properties only: the
stored graph is enough to apply it, and one rule is one step of an explanation.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from pyoxigraph import NamedNode

from catchup.kg.errors import InputError
from catchup.kg.names import RDFS, XSD
from catchup.kg.reasoning.expressions import (
    BOTTOM,
    NOTHING,
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
#: An atom of a raw rule may type its subject by an expression.
RawAtom = tuple[Part, NamedNode, "Part | Expression"]

_INTERNAL = (And, Or, Some, All, Value, OneOf, Not, Cardinality)


@dataclass(frozen=True)
class Raw:
    """A rule before expressions are resolved away."""

    head: RawAtom
    body: tuple[RawAtom, ...]
    axioms: tuple[Axiom, ...] = ()


@dataclass(frozen=True)
class Rule:
    """`head` holds when all of `body` does, because of `axioms`."""

    head: Atom
    body: tuple[Atom, ...]
    axioms: tuple[Axiom, ...] = field(compare=False)
    size: int = field(compare=False, default=0)


@dataclass(frozen=True)
class UnionRule:
    """What `rule.body` binds to variable 0 is one of `parts`: used for clashes only."""

    parts: tuple[Expression, ...]
    rule: Rule


@dataclass
class Program:
    """The compiled ontology.

    `rules` derive triples; `clashes` derive that something is of owl:Nothing; `unions` and
    `opposites` find what belongs to none of the classes it must belong to one of; `datatypes`
    gives the ranges of data properties.
    """

    ontology: Ontology
    rules: list[Rule]
    clashes: list[Rule]
    unions: list[UnionRule]
    opposites: dict[NamedNode, dict[NamedNode, Axiom]]
    supers: dict[NamedNode, frozenset[NamedNode]]
    datatypes: dict[NamedNode, list[tuple[NamedNode, Axiom]]]

    def __post_init__(self) -> None:
        self.triggers = _triggers(self.rules)
        self.clash_triggers = _triggers(self.clashes)
        #: The predicates that rules read or write: no other triple matters to them.
        self.predicates = {a[1] for r in self.rules for a in (r.head, *r.body)} | {type_}
        self.heads: dict[tuple[NamedNode, Term | None], list[Rule]] = defaultdict(list)
        for rule in self.rules:
            self.heads[key(rule.head)].append(rule)


#: What a new triple sets off: the atom it matches, the rule, and the rest of its body in the
#: order in which to look it up.
Trigger = tuple[Atom, Rule, tuple[Atom, ...]]


def key(atom: Atom) -> tuple[NamedNode, Term | None]:
    """Return under which key rules for `atom` are filed: its predicate, with the class of a type."""
    _, p, o = atom
    return (p, o) if p == type_ and not isinstance(o, int) else (p, None)


def _triggers(rules: Iterable[Rule]) -> dict[tuple[NamedNode, Term | None], list[Trigger]]:
    found: dict[tuple[NamedNode, Term | None], list[Trigger]] = defaultdict(list)
    for rule in rules:
        for i, atom in enumerate(rule.body):
            rest = rule.body[:i] + rule.body[i + 1 :]
            found[key(atom)].append((atom, rule, ordered(rest, variables([atom]))))
    return found


def variables(atoms: Iterable[RawAtom]) -> set[int]:
    """Return the variables of `atoms`."""
    return {x for s, _, o in atoms for x in (s, o) if isinstance(x, int)}


def ordered(atoms: tuple[Atom, ...], bound: set[int]) -> tuple[Atom, ...]:
    """Return `atoms` so that each is looked up with as much bound as can be."""
    left, out, known = list(atoms), [], set(bound)
    while left:

        def cost(atom: Atom) -> int:
            s, p, o = atom
            free = [isinstance(x, int) and x not in known for x in (s, o)]
            # a class with no subject yet is the worst start: it may have many members
            return 2 * sum(free) + (1 if free[0] and p == type_ else 0)

        best = min(left, key=cost)
        left.remove(best)
        out.append(best)
        known |= variables([best])
    return tuple(out)


def compile_rules(ontology: Ontology) -> Program:
    """Compile `ontology` to rules.

    Raises InputError for an axiom that the rules could not do justice to: one from which
    equalities of individuals follow, or an expression outside OWL 2 RL where it would matter.
    """
    axioms = list(ontology.axioms())
    raws = [*_axiom_rules(axioms, ontology), *_structural_rules(axioms)]
    raws += _subsumptions(raws, axioms)
    rules = _resolve(raws)
    opposites, supers = _opposites(rules, axioms)
    datatypes: dict[NamedNode, list[tuple[NamedNode, Axiom]]] = defaultdict(list)
    for axiom in axioms:
        if axiom.kind == "range" and axiom.parts[0] in ontology.data_properties:
            prop, filler = axiom.parts
            if isinstance(prop, NamedNode) and isinstance(filler, Named):
                datatypes[prop].append((filler.iri, axiom))
    return Program(
        ontology,
        [r for r in rules if r.head[2] != NOTHING],
        [r for r in rules if r.head[2] == NOTHING],
        list(_union_rules(raws, axioms)),
        opposites,
        supers,
        dict(datatypes),
    )


def _typed(node: Part, expression: Expression) -> RawAtom:
    return (node, type_, expression.iri if isinstance(expression, Named) else expression)


def _axiom_rules(axioms: list[Axiom], ontology: Ontology) -> Iterator[Raw]:
    for axiom in axioms:
        kind, parts, why = axiom.kind, axiom.parts, (axiom,)
        match kind:
            case "subClassOf" | "equivalentClass":
                sub, sup = parts[0], parts[1]
                yield Raw(_typed(0, sup), (_typed(0, sub),), why)  # type: ignore[arg-type]
                if kind == "equivalentClass":
                    yield Raw(_typed(0, sub), (_typed(0, sup),), why)  # type: ignore[arg-type]
            case "disjointWith" | "AllDisjointClasses":
                for i, one in enumerate(parts):
                    for other in parts[i + 1 :]:
                        body = (_typed(0, one), _typed(0, other))  # type: ignore[arg-type]
                        yield Raw(_typed(0, BOTTOM), body, why)
            case "domain":
                yield Raw(_typed(0, parts[1]), ((0, _p(parts[0]), 1),), why)  # type: ignore[arg-type]
            case "range":
                if parts[0] not in ontology.data_properties:
                    yield Raw(_typed(1, parts[1]), ((0, _p(parts[0]), 1),), why)  # type: ignore[arg-type]
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
                        yield Raw(_typed(0, BOTTOM), ((0, _p(one), 1), (0, _p(other), 1)), why)
            case "AsymmetricProperty":
                p = _p(parts[0])
                yield Raw(_typed(0, BOTTOM), ((0, p, 1), (1, p, 0)), why)
            case "IrreflexiveProperty":
                yield Raw(_typed(0, BOTTOM), ((0, _p(parts[0]), 0),), why)


def _p(part: Expression | Term) -> NamedNode:
    if not isinstance(part, NamedNode) or "/.well-known/genid/" in part.value:
        raise InputError(
            "An axiom uses a property without a name.",
            remedy="Name the inverse property and use its name.",
        )
    return part


def _expressions(axioms: Iterable[Axiom]) -> list[Expression]:
    found: dict[Expression, None] = {}
    todo = [
        p for a in axioms for p in a.parts if isinstance(p, Named) or isinstance(p, _INTERNAL)
    ]
    while todo:
        expression = todo.pop()
        if expression not in found:
            found[expression] = None
            todo.extend(parts_of(expression))
    return list(found)


def _structural_rules(axioms: list[Axiom]) -> Iterator[Raw]:
    for e in _expressions(axioms):
        here = _typed(0, e)
        match e:
            case And(parts):
                yield Raw(here, tuple(_typed(0, p) for p in parts))
                for part in parts:
                    yield Raw(_typed(0, part), (here,))
            case Or(parts):
                for part in parts:
                    yield Raw(here, (_typed(0, part),))
            case Some(p, filler):
                if isinstance(filler, Named) and filler.iri.value.startswith((XSD, RDFS)):
                    raise InputError(
                        f"A class asks for some value of {p.value} in a datatype.",
                        remedy="Ask for it in a SHACL shape.",
                    )
                value = () if filler == TOP else (_typed(1, filler),)
                yield Raw(here, ((0, p, 1), *value))
            case All(p, filler):
                yield Raw(_typed(1, filler), (here, (0, p, 1)))
            case Value(p, v):
                yield Raw(here, ((0, p, v),))
                yield Raw((0, p, v), (here,))
            case OneOf(members):
                for member in members:
                    yield Raw(_typed(member, e), ())
            case Not(part):
                yield Raw(_typed(0, BOTTOM), (here, _typed(0, part)))
            case Cardinality(p, kind, number, filler):
                if kind != "min" and number > 0:
                    raise InputError(
                        f"A class limits the number of values of {p.value}.",
                        remedy="Say it as a SHACL shape: here it would merge individuals.",
                    )
                if kind != "min":
                    value = () if filler in (None, TOP) else (_typed(1, filler),)  # type: ignore[arg-type]
                    yield Raw(_typed(0, BOTTOM), (here, (0, p, 1), *value))


def _subsumptions(raws: list[Raw], axioms: list[Axiom]) -> list[Raw]:
    """Subsumption of restrictions (scm-svf1, -svf2, -avf1, -avf2, -hv)."""
    restrictions = [e for e in _expressions(axioms) if isinstance(e, Some | All | Value)]
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
                    found.append(Raw(_typed(0, two), (_typed(0, one),), path))
                    grown = True
    return found


def _resolve(raws: list[Raw]) -> list[Rule]:
    """Resolve typed-by-expression atoms away; drop tautologies and duplicates."""
    definers = _definers(raws)
    found: dict[tuple[Atom, frozenset[Atom]], Rule] = {}
    for raw in raws:
        if isinstance(raw.head[2], _INTERNAL) or (raw.head[1] == type_ and raw.head[2] == TOP.iri):
            continue
        for rule in _expand(raw, definers):
            found.setdefault((rule.head, frozenset(rule.body)), rule)
    return list(found.values())


def _definers(raws: list[Raw]) -> dict[Expression, list[Raw]]:
    definers: dict[Expression, list[Raw]] = defaultdict(list)
    for raw in raws:
        if isinstance(raw.head[2], _INTERNAL):
            definers[raw.head[2]].append(raw)
    return definers


def _expand(raw: Raw, definers: dict[Expression, list[Raw]]) -> Iterator[Rule]:
    todo: list[tuple[RawAtom, list[tuple[RawAtom, frozenset[Expression]]], tuple[Axiom, ...]]] = [
        (raw.head, [(atom, frozenset()) for atom in raw.body], raw.axioms)
    ]
    while todo:
        head, body, axioms = todo.pop()
        if any(atom == head for atom, _ in body):
            continue
        at = next((i for i, (a, _) in enumerate(body) if isinstance(a[2], _INTERNAL)), None)
        if at is None:
            yield _canonical(head, [a for a, _ in body], axioms)
            continue
        (node, _, expression), path = body[at]
        if expression in path:
            continue
        for definer in definers.get(expression, ()):  # type: ignore[arg-type]
            fresh = 1 + max(variables([head, *(a for a, _ in body)]), default=-1)
            anchor = definer.head[0]
            if not isinstance(anchor, int):
                if isinstance(node, int):
                    swap = {node: anchor}
                    more = [(_put(a, swap), p) for i, (a, p) in enumerate(body) if i != at]
                    todo.append((_put(head, swap), more, (*axioms, *definer.axioms)))
                elif node == anchor:
                    more = [x for i, x in enumerate(body) if i != at]
                    todo.append((head, more, (*axioms, *definer.axioms)))
                continue
            renamed: dict[int, Part] = {
                v: fresh + v for v in variables([definer.head, *definer.body])
            }
            renamed[anchor] = node
            new = [(_put(a, renamed), path | {expression}) for a in definer.body]  # type: ignore[operator]
            rest = [x for i, x in enumerate(body) if i != at]
            todo.append((head, [*rest[:at], *new, *rest[at:]], (*axioms, *definer.axioms)))


def _put(atom: RawAtom, swap: dict[int, Part] | dict[int, Term]) -> RawAtom:
    s, p, o = atom
    return (
        swap.get(s, s) if isinstance(s, int) else s,
        p,
        swap.get(o, o) if isinstance(o, int) else o,
    )


def _canonical(head: RawAtom, body: list[RawAtom], axioms: tuple[Axiom, ...]) -> Rule:
    names: dict[int, Part] = {}
    for s, _, o in [head, *body]:
        for x in (s, o):
            if isinstance(x, int):
                names.setdefault(x, len(names))
    atoms = tuple(dict.fromkeys(_put(a, names) for a in body))
    return Rule(_put(head, names), atoms, tuple(dict.fromkeys(axioms)), len(names))  # type: ignore[arg-type]


def _opposites(
    rules: list[Rule], axioms: list[Axiom]
) -> tuple[dict[NamedNode, dict[NamedNode, Axiom]], dict[NamedNode, frozenset[NamedNode]]]:
    """Return, per class, the classes disjoint with it or a superclass; and its superclasses."""
    above: dict[NamedNode, set[NamedNode]] = defaultdict(set)
    for rule in rules:
        if len(rule.body) == 1 and rule.body[0][1] == type_ == rule.head[1]:
            sub, sup = rule.body[0][2], rule.head[2]
            if isinstance(sub, NamedNode) and isinstance(sup, NamedNode):
                above[sub].add(sup)
    supers: dict[NamedNode, frozenset[NamedNode]] = {}
    for start in list(above):
        seen, todo = {start}, [start]
        while todo:
            for up in above.get(todo.pop(), ()):
                if up not in seen:
                    seen.add(up)
                    todo.append(up)
        supers[start] = frozenset(seen)
    direct: dict[NamedNode, dict[NamedNode, Axiom]] = defaultdict(dict)
    for axiom in axioms:
        if axiom.kind in ("disjointWith", "AllDisjointClasses"):
            names = [p.iri for p in axiom.parts if isinstance(p, Named)]
            for one in names:
                for other in names:
                    if one != other:
                        direct[one][other] = axiom
    opposites = {
        c: {d: ax for up in supers.get(c, {c}) for d, ax in direct.get(up, {}).items()}
        for c in {*supers, *direct}
    }
    return opposites, supers


def _union_rules(raws: list[Raw], axioms: list[Axiom]) -> Iterator[UnionRule]:
    definers = _definers(raws)
    for e in _expressions(axioms):
        if not isinstance(e, Or):
            continue
        own = {(_typed(0, part),) for part in e.parts}
        for raw in definers[e]:
            if raw.body in own and not raw.axioms:
                continue
            for rule in _expand(raw, definers):
                if isinstance(rule.head[0], int):
                    yield UnionRule(e.parts, rule)
