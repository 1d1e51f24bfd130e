"""What follows from the graph, kept per set of graphs that caused it, so that withdrawal is exact.

The sources together are one cause. A triple that holds only with an accepted case is kept under that
case, one that takes several cases under that set of cases, and the curators' graph counts as a case
of its own. A triple that follows in two ways is kept under both. Withdrawing a graph then means to
drop every set that it is in, and nothing has to be computed again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import product

from pyoxigraph import NamedNode, Quad, Store, Triple

from catchup.kg.names import G
from catchup.kg.reasoning.admission import (
    ALWAYS,
    ASSERTS,
    DERIVED,
    SITUATION,
    SOURCES,
    Admission,
    Admitted,
    Cause,
    Causes,
    smallest,
)
from catchup.kg.reasoning.closure import completions, fill, premises, saturate, to_triple
from catchup.kg.reasoning.direct import SUBJECT, direct
from catchup.kg.reasoning.expressions import Fact
from catchup.kg.reasoning.lookup import Layered, Lookup, Memory, Written
from catchup.kg.reasoning.ontology import as_fact, from_triples
from catchup.kg.reasoning.rules import Program, compile_rules, key


@dataclass
class Entailed:
    """What one cause adds: direct triples, and triples that rules infer."""

    direct: set[Triple] = field(default_factory=set)
    inferred: set[Triple] = field(default_factory=set)


def materialise(program: Program, quads: Iterable[Quad]) -> dict[Cause, Entailed]:
    """Return what follows from `quads`, per cause; the sources' own under the empty set.

    `quads` are all that is written, in their named graphs: sources, entities, bibliography,
    ontology, vocabularies, cases and the curators' graph. Raises InputError when a claim asserts
    what is no situation.
    """
    store = Store()
    store.bulk_extend(quads)
    admission = Admission([store], situations(program))
    admission.refuse_untyped()
    given, plain = _written(admission, store, program.predicates)
    memory = Memory(f for f, causes in given.items() if causes == ALWAYS)
    inferred = saturate(program, list(memory.facts), Memory())
    for fact in inferred:
        memory.add(fact)
    found = _propagate(
        program,
        {f: c for f, c in given.items() if c != ALWAYS},
        memory,
        lambda _: ALWAYS,
    )
    out: dict[Cause, Entailed] = defaultdict(Entailed)
    out[SOURCES].inferred = {to_triple(f) for f in inferred if program.ontology.speaks_of(f)}
    _sort(out, program, found, given, plain)
    return dict(out)


def materialise_case(
    program: Program,
    base: Written,
    case: Iterable[Quad],
    derived: Callable[[Fact], Causes] = lambda _: ALWAYS,
    extra: Collection[NamedNode] = (),
) -> dict[Cause, Entailed]:
    """Return what a new case adds to a graph that is materialised already, per cause.

    `base` holds the union of the default graphs in its default graph, and every graph by name;
    `derived` tells on which cases a triple depends that the build made (by default: none);
    `extra` names graphs outside the union that are to be reckoned with, those of the curators.
    """
    new = Store()
    new.extend(case)
    before = Admission([base], situations(program))
    admission = Admission([base, new], situations(program))
    lookup: Lookup = Admitted(base, before)
    if extra:
        lookup = Layered(lookup, Admitted(base, before, list(extra)))
    quads = [*new, *_revived(new, before, admission)]
    given, plain = _written(admission, quads, program.predicates)

    def causes(fact: Fact) -> Causes:
        written = [
            c
            for q in base.quads_for_pattern(*fact, None)
            if isinstance(q.graph_name, NamedNode)
            for c in (derived(fact) if q.graph_name in DERIVED else before.causes(q))
        ]
        return smallest(written)

    found = _propagate(program, given, lookup, causes)
    out: dict[Cause, Entailed] = defaultdict(Entailed)
    _sort(out, program, found, given, plain)
    return dict(out)


def situations(program: Program) -> set[NamedNode]:
    """Return the subclasses of cu:Situation, itself included."""
    return {c for c, supers in program.supers.items() if SITUATION in supers} | {SITUATION}


def _add(given: dict[Fact, Causes], fact: Fact, causes: Causes) -> None:
    if causes:
        given[fact] = smallest([*given.get(fact, ()), *causes])


def _revived(new: Store, before: Admission, admission: Admission) -> Iterator[Quad]:
    """Yield what was withheld about situations that claims in `new` are the first to keep."""
    for claimed in new.quads_for_pattern(None, ASSERTS, None, None):
        situation = claimed.object
        todo = [situation] if SOURCES not in before.kept(situation) else []
        seen = set(todo)
        while todo:
            for quad in before.quads(todo.pop(), None, None):  # type: ignore[arg-type]
                yield quad
                under = admission.guards(quad.object, quad.graph_name) or frozenset()
                if quad.object not in seen and situation in under:
                    seen.add(quad.object)
                    todo.append(quad.object)


def _written(
    admission: Admission, quads: Iterable[Quad], predicates: Collection[NamedNode]
) -> tuple[dict[Fact, Causes], dict[Fact, Causes]]:
    """Return what rules can use of `quads`, with the direct triples; and those alone."""
    given: dict[Fact, Causes] = {}
    plain: dict[Fact, Causes] = {}
    for quad in quads:
        predicate = quad.predicate
        if predicate in predicates:
            _add(given, (quad.subject, predicate, quad.object), admission.causes(quad))  # type: ignore[arg-type]
        if predicate == SUBJECT:
            for fact, causes in direct(quad, admission):
                _add(plain, fact, causes)
    for fact, causes in plain.items():
        _add(given, fact, causes)
    return given, plain


def _propagate(
    program: Program,
    given: dict[Fact, Causes],
    base: Lookup,
    base_causes: Callable[[Fact], Causes],
) -> dict[Fact, set[Cause]]:
    """Run the rules on triples that carry their causes; return all with causes new to `base`."""
    found: dict[Fact, set[Cause]] = defaultdict(set)
    index = Memory()
    scope = Layered(index, base)
    agenda = [(f, c) for f, causes in given.items() for c in causes]
    at_base: dict[Fact, Causes] = {}

    def of(fact: Fact) -> set[Cause]:
        if fact not in at_base:
            at_base[fact] = base_causes(fact) if base.has(fact) else frozenset()
        return found.get(fact, set()) | at_base[fact]

    while agenda:
        fact, cause = agenda.pop()
        if any(other <= cause for other in of(fact)):
            continue
        found[fact] = {c for c in found[fact] if not cause <= c} | {cause}
        index.add(fact)
        for trigger in program.triggers.get(key(fact), ()):
            for rule, binding in completions(trigger, fact, scope):
                head = fill(rule.head, binding)
                used = zip(rule.body, premises(rule, binding), strict=True)
                others = [of(f) for atom, f in used if atom != trigger[0]]
                for choice in product(*others):
                    total = cause.union(*choice)
                    if not any(other <= total for other in of(head)):
                        agenda.append((head, total))
    return found


def _sort(
    out: dict[Cause, Entailed],
    program: Program,
    found: dict[Fact, set[Cause]],
    given: dict[Fact, Causes],
    plain: dict[Fact, Causes],
) -> None:
    for fact, causes in plain.items():
        for cause in causes:
            out[cause].direct.add(to_triple(fact))
    for fact, labels in found.items():
        if not program.ontology.speaks_of(fact):
            continue
        for cause in labels - given.get(fact, frozenset()):
            out[cause].inferred.add(to_triple(fact))


def causes_of(parts: Iterable[tuple[Cause, Iterable[Triple]]]) -> Callable[[Fact], Causes]:
    """Return on what each derived triple depends, from the parts that hold them per cause.

    Only parts with a cause need be given: any other triple depends on the sources alone.
    """
    known: dict[Fact, list[Cause]] = defaultdict(list)
    for cause, triples in parts:
        for triple in triples:
            known[as_fact(triple)].append(cause)
    return lambda fact: smallest(known[fact]) if fact in known else ALWAYS


def program_in(store: Written) -> Program:
    """Return the rules of the ontology that `store` holds in its graph of that name."""
    rows = store.quads_for_pattern(None, None, None, NamedNode(G + "ontology"))
    return compile_rules(from_triples(q.triple for q in rows))
