"""What changed between two versions of the ontology, or between two states of the graph."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pyoxigraph as ox
from pyoxigraph import Literal, NamedNode, Quad, RdfFormat

from catchup.kg.errors import CannotRun, SyntaxProblem, Where
from catchup.kg.names import CU, DCTERMS, OWL, RDFS, compact
from catchup.kg.reasoning.expressions import Fact, Named, type_
from catchup.kg.reasoning.ontology import Axiom, Ontology, from_files
from catchup.kg.reasoning.words import axiom_words, fact_words

DEPRECATED = NamedNode(OWL + "deprecated")
#: Axioms that bind both their sides: about a new and an old term, they change what the old one says.
MUTUAL = {"disjointWith", "AllDisjointClasses", "inverseOf", "equivalentProperty"}
#: From a claim to the nodes that are its content.
CONTENT = tuple(
    NamedNode(CU + name)
    for name in ("asserts", "puts", "hasEvidence", "hasContextEvidence", "period", "beganIn")
)
CLAIM = NamedNode(CU + "Claim")
IDENTIFIER = NamedNode(DCTERMS + "identifier")


@dataclass(frozen=True)
class Text:
    """A label, definition or other annotation of a term, before and after."""

    term: str
    property: str
    before: list[str]
    after: list[str]


@dataclass
class OntologyDifference:
    """Terms, axioms and annotations that two versions of an ontology do not share."""

    terms_added: list[str] = field(default_factory=list)
    terms_removed: list[str] = field(default_factory=list)
    terms_deprecated: list[str] = field(default_factory=list)
    axioms_added: list[str] = field(default_factory=list)
    axioms_removed: list[str] = field(default_factory=list)
    texts: list[Text] = field(default_factory=list)
    part: str = "none"

    def as_dict(self) -> dict[str, Any]:
        """Return the difference as plain values, for JSON."""
        return asdict(self)


@dataclass
class GraphDifference:
    """Claims that two states of the graph do not share, and how much else differs."""

    claims_added: list[str] = field(default_factory=list)
    claims_removed: list[str] = field(default_factory=list)
    claims_changed: list[str] = field(default_factory=list)
    statements_added: int = 0
    statements_removed: int = 0

    def as_dict(self) -> dict[str, Any]:
        """Return the difference as plain values, for JSON."""
        return asdict(self)


def ontology_at(path: Path) -> Ontology:
    """Read the ontology at `path`: a Turtle file, or a folder with modules and vocabularies.

    Raises CannotRun when a folder holds no Turtle file, SyntaxProblem when a file is broken.
    """
    if path.is_file():
        return from_files([path])
    files = [*sorted(path.glob("*.ttl")), *sorted(path.glob("vocab/*.ttl"))]
    if not files:
        raise CannotRun(
            f"There is no Turtle file in {path}.", remedy="Give a file, or the folder 'ontology'."
        )
    return from_files(files)


def quads_at(path: Path) -> Iterator[Quad]:
    """Read the quads of a graph file by its ending: .nq, .trig, .nt or .ttl.

    Raises CannotRun for another ending, SyntaxProblem when the file is broken.
    """
    known = RdfFormat.from_extension(path.suffix.removeprefix("."))
    if known is None:
        raise CannotRun(
            f"{path.name} has an ending that names no RDF format.",
            remedy="Give .nq, .trig, .nt or .ttl files.",
        )
    try:
        yield from ox.parse(path=str(path), format=known)
    except SyntaxError as error:
        raise SyntaxProblem(
            str(error.msg), where=Where(str(path), error.lineno, error.offset)
        ) from error


def ontology_difference(before: Ontology, after: Ontology) -> OntologyDifference:
    """Compare two versions of an ontology term by term and axiom by axiom.

    `part` is the part of the version number that the change asks for (docs/ontology.md):
    major where something is removed or an axiom binds a term that was there before, minor where
    terms or axioms on new terms came, patch where only annotations differ, else none.
    """
    old, new = _terms(before), _terms(after)
    old_axioms, new_axioms = _axioms(before), _axioms(after)
    old_texts, new_texts = _texts(before), _texts(after)
    found = OntologyDifference(
        terms_added=_names(new - old),
        terms_removed=_names(old - new),
        terms_deprecated=_names(_deprecated(after) - _deprecated(before)),
        axioms_added=sorted(new_axioms.keys() - old_axioms.keys()),
        axioms_removed=sorted(old_axioms.keys() - new_axioms.keys()),
    )
    come_or_gone = {*found.terms_added, *found.terms_removed}
    for term, property_ in sorted(old_texts.keys() | new_texts.keys()):
        was = sorted(old_texts.get((term, property_), ()))
        now = sorted(new_texts.get((term, property_), ()))
        if was != now and term not in come_or_gone:
            found.texts.append(Text(term, property_, was, now))
    binding = any(_binds(new_axioms[words], old) for words in found.axioms_added)
    if found.terms_removed or found.axioms_removed or binding:
        found.part = "major"
    elif found.terms_added or found.axioms_added or found.terms_deprecated:
        found.part = "minor"
    elif found.texts:
        found.part = "patch"
    return found


def graph_difference(before: Iterable[Quad], after: Iterable[Quad]) -> GraphDifference:
    """Compare two states of the graph claim by claim.

    A claim has changed when its own statements, or those of the situations, propositions and
    evidence it leads to, are others than before.
    """
    old, new = set(before), set(after)
    old_claims, new_claims = _claims(old), _claims(new)
    return GraphDifference(
        claims_added=sorted(new_claims.keys() - old_claims.keys()),
        claims_removed=sorted(old_claims.keys() - new_claims.keys()),
        claims_changed=sorted(
            claim
            for claim in old_claims.keys() & new_claims.keys()
            if old_claims[claim] != new_claims[claim]
        ),
        statements_added=len(new - old),
        statements_removed=len(old - new),
    )


def _names(terms: Iterable[NamedNode]) -> list[str]:
    return sorted(compact(t.value) for t in terms)


def _headers(ontology: Ontology) -> set[Any]:
    return {s for s, _, o in ontology.facts(type_) if o == NamedNode(OWL + "Ontology")}


def _terms(ontology: Ontology) -> set[NamedNode]:
    """Return all that the ontology types and names: classes, properties, concepts."""
    headers = _headers(ontology)
    return {
        s
        for s, _, _ in ontology.facts(type_)
        if isinstance(s, NamedNode) and not ontology.anonymous(s) and s not in headers
    }


def _deprecated(ontology: Ontology) -> set[NamedNode]:
    return {
        s
        for s, _, o in ontology.facts(DEPRECATED)
        if isinstance(s, NamedNode) and isinstance(o, Literal) and o.value == "true"
    }


def _is_annotation(ontology: Ontology, predicate: NamedNode) -> bool:
    return (
        predicate in ontology.annotation_properties
        or predicate.value in (RDFS + "label", RDFS + "comment", RDFS + "isDefinedBy")
        or predicate.value in (RDFS + "seeAlso", OWL + "deprecated")
        or predicate.value.startswith(OWL + "version")
        or predicate.value == OWL + "priorVersion"
    )


def _axioms(ontology: Ontology) -> dict[str, Axiom | Fact]:
    """Return what the ontology says but for annotations, under its wording."""
    found: dict[str, Axiom | Fact] = {axiom_words(a): a for a in ontology.axioms()}
    for fact in ontology.triples:
        s, p, o = fact
        if not isinstance(s, NamedNode) or ontology.anonymous(s) or _is_annotation(ontology, p):
            continue
        of_owl = isinstance(o, NamedNode) and p == type_ and o.value.startswith(OWL)
        if of_owl or p.value.startswith((RDFS, OWL)):
            continue
        found[fact_words(fact)] = fact
    return found


def _binds(axiom: Axiom | Fact, old: set[NamedNode]) -> bool:
    """Tell whether an added axiom says something new of a term that was there before."""
    if not isinstance(axiom, Axiom):
        return axiom[0] in old
    parts = axiom.parts if axiom.kind in MUTUAL else axiom.parts[:1]
    named = [part.iri if isinstance(part, Named) else part for part in parts]
    return all(part in old for part in named)


def _texts(ontology: Ontology) -> Mapping[tuple[str, str], set[str]]:
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for s, p, o in ontology.triples:
        if isinstance(s, NamedNode) and _is_annotation(ontology, p) and p != DEPRECATED:
            text = f"{o.value}@{o.language}" if isinstance(o, Literal) and o.language else o.value
            found[compact(s.value), compact(p.value)].add(text)
    return found


def _claims(quads: set[Quad]) -> dict[str, frozenset[Quad]]:
    """Return each claim's number with the statements that are its content."""
    by_subject: dict[Any, list[Quad]] = defaultdict(list)
    for quad in quads:
        by_subject[quad.subject].append(quad)
    found: dict[str, frozenset[Quad]] = {}
    for quad in quads:
        if quad.predicate != type_ or quad.object != CLAIM:
            continue
        content: set[Quad] = set()
        seen: set[Any] = set()
        nodes: list[Any] = [quad.subject]
        while nodes:
            node = nodes.pop()
            if node not in seen:
                seen.add(node)
                content.update(by_subject[node])
                nodes += [q.object for q in by_subject[node] if q.predicate in CONTENT]
        numbers = [q.object.value for q in by_subject[quad.subject] if q.predicate == IDENTIFIER]  # type: ignore[union-attr]
        found[min(numbers, default=compact(str(quad.subject).strip("<>")))] = frozenset(content)
    return found
