"""The closed world of our namespace: what is declared, and what may be asserted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache, cached_property

import pyoxigraph as ox
from rapidfuzz import fuzz, process

from catchup.kg import names
from catchup.kg.reading.context import Context
from catchup.kg.reading.files import ontology_files, parse_turtle, vocabulary_files
from catchup.kg.reasoning.ontology import from_triples
from catchup.kg.reasoning.rules import Program, compile_rules
from catchup.kg.shapes.files import triples_of
from catchup.kg.shapes.lint import derived_terms

TYPE, SUBCLASS = names.RDF + "type", names.RDFS + "subClassOf"
RANGE = names.RDFS + "range"
PROPERTY = {names.OWL + k + "Property" for k in ("Object", "Datatype", "Annotation")}


@dataclass
class Terms:
    """Classes, properties and concepts with what is needed to judge their use."""

    context: Context
    ontology: list[ox.Triple]
    background: list[ox.Triple]
    axioms: list[ox.Triple] = field(default_factory=list)
    classes: set[str] = field(default_factory=set)
    properties: set[str] = field(default_factory=set)
    concepts: dict[str, set[str]] = field(default_factory=dict)
    derived: set[str] = field(default_factory=set)
    ranges: dict[str, str] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)

    @cached_property
    def shaped(self) -> set[str]:
        """The properties that a case may use: those that the shapes speak of."""
        path = names.SH + "path"
        found = {t.object for t in triples_of("profile-new-case") if t.predicate.value == path}
        return {node.value for node in found if isinstance(node, ox.NamedNode)}

    @cached_property
    def program(self) -> Program:
        """The rules of the ontology, compiled once."""
        return compile_rules(from_triples(self.ontology))

    def choices(self, predicate: str) -> list[str]:
        """Return the concepts that `predicate` takes, when its range is a list of concepts."""
        wanted = self.ranges.get(predicate)
        return sorted(c for c, kinds in self.concepts.items() if wanted in kinds)

    def key(self, predicate: str) -> str:
        """Return the field name under which people write `predicate`."""
        for language in (None, "en"):
            term = self.context.by_iri.get((predicate, language))
            if term:
                return term.key
        return "type" if predicate == TYPE else names.compact(predicate)

    def nearest(self, iri: str, among: Iterable[str], sort: str) -> str:
        """Return words that name the nearest of `among` to `iri`, or those there are."""
        local = _local(iri)
        choices = {i: _local(i) for i in among}
        found = process.extract(local, choices, scorer=fuzz.ratio, limit=3, score_cutoff=55)
        if found:
            near = [choice for choice, score, _ in found if score >= found[0][1] - 10]
            return "Did you mean " + " or ".join(f"'{n}'" for n in near) + "?"
        return f"It is no {sort} of the ontology or its vocabularies."


def _local(iri: str) -> str:
    return iri.rsplit("#", 1)[-1].rsplit("/", 1)[-1]


@cache
def load_terms() -> Terms:
    """Read ontology and vocabularies (45 ms); kept for the life of the process."""
    ontology = [t for path in ontology_files() for t in parse_turtle(path)]
    vocabulary = [t for path in vocabulary_files() for t in parse_turtle(path)]
    terms = Terms(Context.from_ontology(ontology), ontology, [])
    terms.derived = derived_terms(ontology)
    for triple in (*ontology, *vocabulary):
        subject, predicate, value = triple.subject, triple.predicate.value, triple.object
        if not isinstance(subject, ox.NamedNode):
            continue
        if predicate == TYPE and isinstance(value, ox.NamedNode):
            if value.value == names.OWL + "Class":
                terms.classes.add(subject.value)
            elif value.value in PROPERTY:
                terms.properties.add(subject.value)
            elif subject.value.startswith(names.CUV):
                terms.concepts.setdefault(subject.value, set()).add(value.value)
            terms.background.append(triple)
        elif predicate == SUBCLASS and isinstance(value, ox.NamedNode):
            terms.background.append(triple)
            terms.axioms.append(triple)
        elif predicate == RANGE and isinstance(value, ox.NamedNode):
            terms.ranges[subject.value] = value.value
    terms.used = {iri for iri, _ in terms.context.by_iri}
    return terms
