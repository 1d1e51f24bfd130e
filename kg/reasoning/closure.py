"""What follows from a graph: rules run to a fixpoint, for all of it or for an addition.

Forward chaining, one triple at a time: a triple is taken from the agenda, put in the index, and
every rule that it may complete is tried against what is in the index, so each derivation is found
once, when the last of its premises comes. Measured on the worked example copied to 32,016 triples
(200 rules, two cores): 0.28 s here, 0.25 s as SPARQL updates run to a fixpoint in pyoxigraph,
about 45 s in owlrl, all with the same result. The rules run here because only so can they start
from an addition, and say on which cases each triple depends.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pyoxigraph import Literal, Triple

from catchup.kg.reasoning.expressions import Fact, Term
from catchup.kg.reasoning.lookup import Layered, Lookup, Memory
from catchup.kg.reasoning.ontology import Ontology, as_fact, from_triples
from catchup.kg.reasoning.raw import Atom
from catchup.kg.reasoning.rules import Program, Rule, Trigger, compile_rules, key

#: The bindings of a rule's variables, by number.
Binding = list[Term | None]


def closure(asserted: Iterable[Triple], ontology: Ontology | Iterable[Triple]) -> set[Triple]:
    """Return what `asserted` entails over our terms and does not itself hold.

    Over our terms means `Ontology.speaks_of`: triples whose predicate is an object or data
    property that the ontology declares (our own or of another vocabulary), and types by a class
    that it declares. What follows about the ontology's own axioms is left out.
    Raises InputError where the ontology holds an axiom that the rules cannot do justice to.
    """
    program = compile_rules(ontology if isinstance(ontology, Ontology) else from_triples(ontology))
    facts = [as_fact(t) for t in asserted]
    return {to_triple(f) for f in saturate(program, facts, Memory())}


def increment(base: Lookup, added: Iterable[Triple | Fact], program: Program) -> set[Triple]:
    """Return what `added` entails together with `base` and `base` does not hold.

    `base` is closed already: it holds what its own triples entail. `added` is not in the result.
    """
    return {to_triple(f) for f in saturate(program, (as_fact(t) for t in added), base)}


def to_triple(fact: Fact) -> Triple:
    """Return `fact` as a triple of pyoxigraph."""
    return Triple(*fact)  # type: ignore[arg-type]


#: How a triple was derived: by which rule, from which triples.
Step = tuple[Rule, tuple[Fact, ...]]


def saturate(
    program: Program, added: Iterable[Fact], base: Lookup, why: dict[Fact, Step] | None = None
) -> set[Fact]:
    """Return the triples that follow from `added` and `base`, without either.

    `why`, when given, is filled with how each was derived first.
    """
    given = [f for f in dict.fromkeys(added) if not base.has(f)]
    facts = Memory()
    known = set(given)
    for rule in program.rules:
        if not rule.body and not base.has(rule.head):  # type: ignore[arg-type]
            given.append(rule.head)  # type: ignore[arg-type]
    scope = Layered(facts, base)
    agenda = given
    derived: set[Fact] = {f for f in given if f not in known}
    known |= derived
    triggers = program.triggers
    while agenda:
        fact = agenda.pop()
        if fact[1] not in program.predicates:
            continue
        facts.add(fact)
        for trigger in triggers.get(key(fact), ()):
            for rule, binding in completions(trigger, fact, scope):
                head = fill(rule.head, binding)
                if head not in known and not base.has(head):
                    known.add(head)
                    derived.add(head)
                    agenda.append(head)
                    if why is not None:
                        why[head] = (rule, premises(rule, binding))
    return derived


def completions(trigger: Trigger, fact: Fact, lookup: Lookup) -> Iterator[tuple[Rule, Binding]]:
    """Yield the bindings under which a rule's body holds when `fact` is one of its premises."""
    atom, rule, rest = trigger
    binding = bind(atom, fact, [None] * rule.size)
    if binding is None:
        return
    for solved in solve(rest, 0, binding, lookup):
        yield rule, solved


def bind(atom: Atom, fact: Fact, binding: Binding) -> Binding | None:
    """Return `binding` extended so that `atom` is `fact`, or None."""
    out = binding
    for part, value in ((atom[0], fact[0]), (atom[2], fact[2])):
        if isinstance(part, int):
            if out[part] is None:
                if out is binding:
                    out = list(binding)
                out[part] = value
            elif out[part] != value:
                return None
        elif part != value:
            return None
    return out


def fill(atom: Atom, binding: Binding) -> Fact:
    """Return `atom` with its variables bound."""
    s, p, o = atom
    return (
        binding[s] if isinstance(s, int) else s,
        p,
        binding[o] if isinstance(o, int) else o,
    )  # type: ignore[return-value]


def solve(atoms: tuple[Atom, ...], at: int, binding: Binding, lookup: Lookup) -> Iterator[Binding]:
    """Yield the bindings under which all of `atoms` from `at` on are in `lookup`."""
    if at == len(atoms):
        yield binding
        return
    s, p, o = atoms[at]
    subject = binding[s] if isinstance(s, int) else s
    if isinstance(subject, Literal):
        return
    object_ = binding[o] if isinstance(o, int) else o
    for fact in lookup.match(subject, p, object_):
        extended = bind(atoms[at], fact, binding)
        if extended is not None:
            yield from solve(atoms, at + 1, extended, lookup)


def premises(rule: Rule, binding: Binding) -> tuple[Fact, ...]:
    """Return the triples that `rule` used under `binding`."""
    return tuple(fill(atom, binding) for atom in rule.body)
