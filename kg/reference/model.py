"""What the reference pages tell: modules, terms with all their axioms, schemes with concepts.

Nothing of the files is left out: every axiom stands with each of our terms that it speaks of first,
and every other statement about a term stands with the term.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pyoxigraph import Literal, NamedNode

from catchup.kg.catalogue import Question
from catchup.kg.names import CUV, DCTERMS, OWL, PREFIXES, RDF, RDFS, SKOS
from catchup.kg.reasoning.expressions import Fact, Named, Term, type_
from catchup.kg.reasoning.ontology import Axiom, Ontology, from_files

#: Kinds of terms, in the order of the pages.
KINDS = {
    "Class": "Classes",
    "ObjectProperty": "Object properties",
    "DatatypeProperty": "Data properties",
    "AnnotationProperty": "Annotation properties",
}
#: Which statements about a term have a place of their own.
LABEL = NamedNode(RDFS + "label")
PREF_LABEL = NamedNode(SKOS + "prefLabel")
DEFINITION = NamedNode(SKOS + "definition")
EXAMPLE = NamedNode(SKOS + "example")
SOURCE = NamedNode(DCTERMS + "source")
IN_SCHEME = NamedNode(SKOS + "inScheme")
_OWN_PLACE = {LABEL, PREF_LABEL, DEFINITION, EXAMPLE, SOURCE, IN_SCHEME}
#: What axioms are made of: told as axioms, not as statements.
_STRUCTURE = (
    {NamedNode(RDFS + n) for n in ("subClassOf", "subPropertyOf", "domain", "range")}
    | {NamedNode(RDF + n) for n in ("first", "rest")}
    | {
        NamedNode(OWL + n)
        for n in (
            "equivalentClass", "equivalentProperty", "inverseOf", "propertyChainAxiom",
            "disjointWith", "propertyDisjointWith", "members", "intersectionOf", "unionOf",
            "oneOf", "complementOf", "onProperty", "someValuesFrom", "allValuesFrom", "hasValue",
        )
    }
)  # fmt: skip


@dataclass
class Entry:
    """A term: class, property or concept, with all that the files say of it."""

    iri: str
    kind: str
    file: str
    labels: dict[str, tuple[str, ...]] = field(default_factory=dict)
    definitions: tuple[Literal, ...] = ()
    examples: tuple[Literal, ...] = ()
    sources: tuple[Term, ...] = ()
    types: tuple[str, ...] = ()
    schemes: tuple[str, ...] = ()
    #: Axioms that are about the term, and others that mention it.
    axioms: tuple[Axiom, ...] = ()
    mentioned: tuple[Axiom, ...] = ()
    statements: tuple[tuple[str, Term], ...] = ()
    questions: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The local name."""
        return re.split("[/#]", self.iri)[-1]

    @property
    def label(self) -> str:
        """The English label, else the local name."""
        return next(iter(self.labels.get("en", ())), self.name)


@dataclass
class Module:
    """One file of the ontology, and its terms by kind."""

    name: str
    entries: dict[str, list[Entry]] = field(default_factory=dict)


@dataclass
class Scheme:
    """A concept scheme with its concepts; one of several schemes stands in the first."""

    entry: Entry
    concepts: list[Entry] = field(default_factory=list)


@dataclass
class Reference:
    """Everything that the reference pages show."""

    header: Entry
    modules: list[Module]
    schemes: list[Scheme]
    loose: list[Entry]
    general: list[Axiom]
    ontology: Ontology

    def entries(self) -> Iterator[Entry]:
        """Yield every term and concept once."""
        yield self.header
        for module in self.modules:
            for entries in module.entries.values():
                yield from entries
        seen: set[str] = set()
        for scheme in self.schemes:
            for entry in (scheme.entry, *scheme.concepts):
                if entry.iri not in seen:
                    seen.add(entry.iri)
                    yield entry
        yield from self.loose


def read_reference(
    ontology_files: Iterable[Path],
    vocabulary_files: Iterable[Path],
    questions: Mapping[str, Question],
) -> Reference:
    """Read the reference from the files of the ontology and of the vocabularies.

    `questions` are those of the catalogue, to tell which use a term. Raises SyntaxProblem.
    """
    modules, vocabularies = list(ontology_files), list(vocabulary_files)
    both = from_files([*modules, *vocabularies])
    used = _used_by(questions)
    axioms = list(both.axioms())
    about: dict[Term, list[Axiom]] = defaultdict(list)
    mentions: dict[Term, list[Axiom]] = defaultdict(list)
    general: list[Axiom] = []
    for axiom in axioms:
        first = _subjects(axiom)
        for term in first:
            about[term].append(axiom)
        if not first:
            general.append(axiom)
        for term in _terms(axiom) - first:
            mentions[term].append(axiom)
    facts: dict[Term, list[Fact]] = defaultdict(list)
    for fact in both.triples:
        facts[fact[0]].append(fact)

    def entry(node: NamedNode, kind: str) -> Entry:
        return _entry(node, kind, facts[node], both, about[node], mentions[node], used)

    header = next(s for s, _, o in both.facts(type_) if o == NamedNode(OWL + "Ontology"))
    pages: dict[str, Module] = {p.name: Module(p.stem) for p in modules}
    for kind in KINDS:
        for s, p, o in both.facts(type_):
            if o == NamedNode(OWL + kind) and isinstance(s, NamedNode):
                module = pages[both.files[s, p, o]]
                module.entries.setdefault(kind, []).append(entry(s, kind))
    for module in pages.values():
        for entries in module.entries.values():
            entries.sort(key=lambda e: e.iri)
    schemes, loose = _schemes(both, entry)
    return Reference(
        entry(header, "Ontology") if isinstance(header, NamedNode) else Entry("", "Ontology", ""),
        list(pages.values()),
        schemes,
        loose,
        general,
        both,
    )


def _schemes(
    both: Ontology, make: Callable[[NamedNode, str], Entry]
) -> tuple[list[Scheme], list[Entry]]:
    schemes: dict[Term, Scheme] = {}
    for s, _, o in both.facts(type_):
        if o == NamedNode(SKOS + "ConceptScheme") and isinstance(s, NamedNode):
            schemes[s] = Scheme(make(s, "ConceptScheme"))
    placed: set[Term] = set(schemes)
    for s, _, o in both.facts(IN_SCHEME):
        if o in schemes and isinstance(s, NamedNode) and s not in placed:
            schemes[o].concepts.append(make(s, "Concept"))
            placed.add(s)
    rest = {
        s
        for s, _, _ in both.triples
        if isinstance(s, NamedNode) and s.value.startswith(CUV) and s not in placed
    }
    for scheme in schemes.values():
        scheme.concepts.sort(key=lambda e: e.label.lower())
    ordered = sorted(schemes.values(), key=lambda x: x.entry.label.lower())
    return ordered, [make(s, "Concept") for s in sorted(rest, key=str)]


def _entry(
    node: NamedNode,
    kind: str,
    facts: list[Fact],
    both: Ontology,
    about: list[Axiom],
    mentioned: list[Axiom],
    used: Mapping[str, tuple[str, ...]],
) -> Entry:
    def all_of(p: NamedNode) -> list[Term]:
        return [o for _, q, o in facts if q == p]

    labels: dict[str, list[str]] = defaultdict(list)
    for o in (*all_of(LABEL), *all_of(PREF_LABEL)):
        if isinstance(o, Literal) and o.value not in labels[o.language or ""]:
            labels[o.language or ""].append(o.value)
    where = [both.files.get(f, "") for f in facts if f[1] == type_] or [""]
    return Entry(
        node.value,
        kind,
        where[0],
        {k: tuple(v) for k, v in labels.items()},
        tuple(o for o in all_of(DEFINITION) if isinstance(o, Literal)),
        tuple(o for o in all_of(EXAMPLE) if isinstance(o, Literal)),
        tuple(all_of(SOURCE)),
        tuple(sorted(o.value for o in all_of(type_))),
        tuple(sorted(o.value for o in all_of(IN_SCHEME))),
        tuple(about),
        tuple(mentioned),
        tuple(
            sorted(
                ((p.value, o) for _, p, o in facts if p not in _OWN_PLACE | _STRUCTURE | {type_}),
                key=str,
            )
        ),
        used.get(node.value, ()),
    )


def _subjects(axiom: Axiom) -> set[Term]:
    """Return the named terms that an axiom is about: its first part, or all of equals."""
    symmetric = axiom.kind.startswith("AllDisjoint") or axiom.kind in (
        "disjointWith",
        "inverseOf",
        "propertyDisjointWith",
        "equivalentProperty",
    )
    parts = axiom.parts if symmetric else axiom.parts[:1]
    return {p.iri if isinstance(p, Named) else p for p in parts if isinstance(p, Named | NamedNode)}


def _terms(axiom: Axiom) -> set[Term]:
    """Return all the named terms in an axiom."""
    found: set[Term] = set()
    todo: list[object] = list(axiom.parts)
    while todo:
        part = todo.pop()
        if isinstance(part, NamedNode):
            found.add(part)
        elif isinstance(part, tuple):
            todo.extend(part)
        elif hasattr(part, "__dataclass_fields__"):
            todo.extend(vars(part).values())
    return found


def _used_by(questions: Mapping[str, Question]) -> dict[str, tuple[str, ...]]:
    """Return for each of our terms the questions whose query names it."""
    found: dict[str, list[str]] = defaultdict(list)
    for name, question in questions.items():
        for prefix, local in set(re.findall(r"\b(\w+):([A-Za-z][\w-]*)", question.text)):
            if prefix in PREFIXES:
                found[PREFIXES[prefix] + local].append(name)
    return {iri: tuple(sorted(names)) for iri, names in found.items()}
