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

from catchup.kg.reasoning.expressions import (
    NOTHING,
    TOP,
    Expression,
    Named,
    Or,
    Term,
    type_,
)
from catchup.kg.reasoning.ontology import Axiom, Ontology
from catchup.kg.reasoning.raw import (
    INTERNAL,
    Atom,
    Part,
    Raw,
    RawAtom,
    axiom_rules,
    expressions,
    structural_rules,
    subsumptions,
    typed,
    variables,
)


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


def ordered(atoms: tuple[Atom, ...], bound: set[int]) -> tuple[Atom, ...]:
    """Return `atoms` so that each is looked up with as much bound as can be."""
    left, out, known = list(atoms), list[Atom](), set(bound)
    while left:
        best = min(left, key=lambda atom: _cost(atom, known))
        left.remove(best)
        out.append(best)
        known |= variables([best])
    return tuple(out)


def _cost(atom: Atom, known: set[int]) -> int:
    s, p, o = atom
    free = [isinstance(x, int) and x not in known for x in (s, o)]
    # a class with no subject yet is the worst start: it may have many members
    return 2 * sum(free) + (1 if free[0] and p == type_ else 0)


def compile_rules(ontology: Ontology) -> Program:
    """Compile `ontology` to rules.

    Raises InputError for an axiom that the rules could not do justice to: one from which
    equalities of individuals follow, or an expression outside OWL 2 RL where it would matter.
    """
    axioms = list(ontology.axioms())
    raws = [*axiom_rules(axioms, ontology), *structural_rules(axioms)]
    raws += subsumptions(raws, axioms)
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


def _resolve(raws: list[Raw]) -> list[Rule]:
    """Resolve typed-by-expression atoms away; drop tautologies and duplicates."""
    definers = _definers(raws)
    found: dict[tuple[Atom, frozenset[Atom]], Rule] = {}
    for raw in raws:
        if isinstance(raw.head[2], INTERNAL) or (raw.head[1] == type_ and raw.head[2] == TOP.iri):
            continue
        for rule in _expand(raw, definers):
            found.setdefault((rule.head, frozenset(rule.body)), rule)
    return list(found.values())


def _definers(raws: list[Raw]) -> dict[Expression, list[Raw]]:
    definers: dict[Expression, list[Raw]] = defaultdict(list)
    for raw in raws:
        if isinstance(raw.head[2], INTERNAL):
            definers[raw.head[2]].append(raw)
    return definers


#: An atom of a body under resolution, with the expressions that led to it.
Step = tuple[RawAtom, frozenset[Expression]]


def _expand(raw: Raw, definers: dict[Expression, list[Raw]]) -> Iterator[Rule]:
    todo: list[tuple[RawAtom, list[Step], tuple[Axiom, ...]]] = [
        (raw.head, [(atom, frozenset()) for atom in raw.body], raw.axioms)
    ]
    while todo:
        head, body, axioms = todo.pop()
        if any(atom == head for atom, _ in body):
            continue
        at = next((i for i, (a, _) in enumerate(body) if isinstance(a[2], INTERNAL)), None)
        if at is None:
            yield _canonical(head, [a for a, _ in body], axioms)
            continue
        (node, _, expression), path = body[at]
        if not isinstance(expression, INTERNAL) or expression in path:
            continue
        for definer in definers.get(expression, ()):
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
            beyond: frozenset[Expression] = path | {expression}
            new = [(_put(a, renamed), beyond) for a in definer.body]
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
    for e in expressions(axioms):
        if not isinstance(e, Or):
            continue
        own = {(typed(0, part),) for part in e.parts}
        for raw in definers[e]:
            if raw.body in own and not raw.axioms:
                continue
            for rule in _expand(raw, definers):
                if isinstance(rule.head[0], int):
                    yield UnionRule(e.parts, rule)
