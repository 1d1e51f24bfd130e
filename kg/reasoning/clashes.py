"""What in an addition contradicts the axioms: rules compiled from them, for a reasoner takes seconds.

Found are: members of two disjoint classes, a value outside the datatype that a property asks for, a
value that belongs to none of the classes of which it must be one, and what is disjoint, irreflexive
or asymmetric among properties. Tests compare with HermiT. All that is added counts, hedged or not:
a wrong type is wrong whatever the force of the claim.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from pyoxigraph import Literal, NamedNode, Quad, Triple

from catchup.kg.names import compact
from catchup.kg.reasoning.closure import Step, completions, premises, saturate, solve
from catchup.kg.reasoning.datatypes import misfit
from catchup.kg.reasoning.expressions import And, Expression, Fact, Named, Term, type_
from catchup.kg.reasoning.lookup import Layered, Lookup, Memory
from catchup.kg.reasoning.ontology import Axiom, as_fact, from_triples
from catchup.kg.reasoning.rules import Program, compile_rules, key
from catchup.kg.reasoning.words import axiom_words, fact_words, plain


@dataclass(frozen=True)
class Clash:
    """A contradiction: about what, in words, by which axioms, from which added triples.

    `predicate` is that of the added triple at fault where one can be named.
    """

    subject: str
    detail: str
    axioms: tuple[Axiom, ...]
    triples: tuple[Fact, ...]
    predicate: str | None = None

    @property
    def axiom(self) -> str:
        """The axioms in words."""
        return "; ".join(axiom_words(a) for a in self.axioms)


def find_clashes(triples: Iterable[Triple | Quad], ontology: Iterable[Triple]) -> list[Clash]:
    """Return what in `triples`, taken by themselves, contradicts `ontology`.

    The triples are an entry's own, with the types of the existing nodes that it refers to. The
    compiled rules of the last ontology are kept.
    """
    program = _compiled(frozenset(as_fact(t) for t in ontology))
    facts: list[Fact] = [(t.subject, t.predicate, t.object) for t in triples]  # type: ignore[misc]
    return clashes(program, facts, Memory())


@lru_cache(maxsize=1)
def _compiled(ontology: frozenset[Fact]) -> Program:
    return compile_rules(from_triples(ontology))


def clashes(program: Program, added: Iterable[Fact], base: Lookup) -> list[Clash]:
    """Return what in `added`, together with `base`, contradicts the ontology.

    `base` is closed and consistent. One clash is given per node and pair of axioms that meet.
    """
    given = list(dict.fromkeys(added))
    why: dict[Fact, Step] = {}
    derived = saturate(program, given, base, why)
    news = [*given, *sorted(derived, key=str)]
    scope = Layered(Memory(news), base)
    found: dict[object, Clash] = {}
    for fact in news:
        for trigger in program.clash_triggers.get(key(fact), ()):
            for rule, binding in completions(trigger, fact, scope):
                meeting = premises(rule, binding)
                clash = _clash(rule.axioms, meeting, given, why)
                found.setdefault((clash.subject, clash.triples), clash)
        for datatype, axiom in program.datatypes.get(fact[1], ()):
            fault = misfit(fact[2], datatype)
            if fault:
                found.setdefault((fact, datatype), _misfit(fact, fault, axiom, given, why))
    for node in dict.fromkeys(n for f in news for n in (f[0], f[2])):
        for clash in _outside(program, node, scope, given, why):
            found.setdefault((clash.subject, clash.triples), clash)
    return list(found.values())


def _clash(
    axioms: tuple[Axiom, ...],
    meeting: tuple[Fact, ...],
    given: list[Fact],
    why: dict[Fact, Step],
) -> Clash:
    """Return the clash of the triples in `meeting`, traced back to what was added."""
    roots, used = _trace(meeting, why)
    added = tuple(f for f in roots if f in set(given))
    subject = meeting[0][0]
    if all(f[1] == type_ for f in meeting):
        classes = " and ".join(plain(f[2]) for f in meeting)
        detail = f"{plain(subject)} cannot be both {classes}"
    else:
        detail = "These cannot hold together: " + "; ".join(fact_words(f) for f in meeting)
    reasons = [_reason(f, why) for f in meeting if f in why]
    detail += "".join(f"; {r}" for r in reasons) + "."
    return Clash(
        plain_iri(subject),
        detail,
        tuple(dict.fromkeys([*axioms, *used])),
        added,
        _predicate(added, subject),
    )


def _reason(fact: Fact, why: dict[Fact, Step]) -> str:
    """Return in words how a triple was derived, down to what is stated."""
    roots, used = _trace((fact,), why)
    stated = " and ".join(fact_words(f) for f in roots)
    return f"{fact_words(fact)} because {stated}, and {'; '.join(axiom_words(a) for a in used)}"


def _trace(
    facts: Iterable[Fact], why: dict[Fact, Step]
) -> tuple[tuple[Fact, ...], tuple[Axiom, ...]]:
    """Return the triples that `facts` go back to, and the axioms used on the way."""
    roots: dict[Fact, None] = {}
    axioms: dict[Axiom, None] = {}

    def visit(fact: Fact, path: frozenset[Fact]) -> None:
        step = why.get(fact)
        if step is None or fact in path:
            roots[fact] = None
            return
        for premise in step[1]:
            visit(premise, path | {fact})
        axioms.update(dict.fromkeys(step[0].axioms))

    for fact in facts:
        visit(fact, frozenset())
    return tuple(roots), tuple(axioms)


def _predicate(added: tuple[Fact, ...], subject: Term) -> str | None:
    """Return the predicate of the added triple to point at: a link rather than a type."""
    links = [f for f in added if f[1] != type_]
    own = [f for f in links if f[0] == subject] or links or list(added)
    return own[0][1].value if own else None


def _misfit(
    fact: Fact, fault: str, axiom: Axiom, given: list[Fact], why: dict[Fact, Step]
) -> Clash:
    roots, used = _trace((fact,), why)
    added = tuple(f for f in roots if f in set(given))
    return Clash(
        plain_iri(fact[0]),
        f"{fact_words(fact)}, but {fault}.",
        (axiom, *used),
        added,
        added[0][1].value if added else fact[1].value,
    )


def _outside(
    program: Program, node: Term, scope: Lookup, given: list[Fact], why: dict[Fact, Step]
) -> Iterator[Clash]:
    """Yield clashes of a node that must be of one of several classes and can be of none."""
    if isinstance(node, Literal) or not program.unions:
        return
    types = [f for f in scope.match(node, type_, None) if isinstance(f[2], NamedNode)]
    if not types:
        return
    for union in program.unions:
        against = [_against(program, part, types) for part in union.parts]
        if any(a is None for a in against):
            continue
        binding: list[Term | None] = [None] * union.rule.size
        binding[0] = node
        solved = next(solve(union.rule.body, 0, binding, scope), None)
        if solved is None:
            continue
        meeting = (*premises(union.rule, solved), *(a[0] for a in against if a))
        roots, used = _trace(meeting, why)
        added = tuple(f for f in roots if f in set(given))
        classes = " or ".join(plain(p.iri) if isinstance(p, Named) else "..." for p in union.parts)
        stated = "; ".join(dict.fromkeys(fact_words(f) for f in roots))
        yield Clash(
            plain_iri(node),
            f"{plain(node)} would have to be {classes}, and can be none of them: {stated}.",
            tuple(dict.fromkeys([*union.rule.axioms, *(a[1] for a in against if a), *used])),
            added,
            _predicate(added, node),
        )


def _against(program: Program, part: Expression, types: list[Fact]) -> tuple[Fact, Axiom] | None:
    """Return the type that keeps a node out of `part`, with the axiom, or None."""
    names = [part] if isinstance(part, Named) else part.parts if isinstance(part, And) else ()
    for name in names:
        if isinstance(name, Named):
            opposites = program.opposites.get(name.iri, {})
            for fact in types:
                if fact[2] in opposites:
                    return fact, opposites[fact[2]]  # type: ignore[index]
    return None


def plain_iri(node: Term) -> str:
    """Return the IRI of a node, or its text when it has none."""
    return node.value if isinstance(node, NamedNode) else compact(str(node))
