"""An invented world in claims, to be cut into sources and cases; and closures to compare with."""

from __future__ import annotations

from collections.abc import Iterable

import owlrl
import pyoxigraph as ox
from pyoxigraph import Literal, NamedNode, Quad, RdfFormat, Triple
from rdflib import BNode, Graph, URIRef
from rdflib import Literal as RdflibLiteral

from catchup.kg.names import PREFIXES, graph_iri
from catchup.kg.reading.files import ontology_files
from catchup.kg.reasoning.expressions import type_
from catchup.kg.reasoning.ontology import Ontology, as_fact, from_files

HEADER = "".join(f"PREFIX {name}: <{iri}>\n" for name, iri in PREFIXES.items())

ENTITIES = """
d:north a cu:Country , cu:EmergingMarket . d:south a cu:Country , cu:DevelopedMarket .
d:acme a cu:Firm . d:beta a cu:Firm . d:acme-hq a cu:Headquarters . d:acme-south a cu:Subsidiary .
cuv:idea1 a cu:KeyIdea ; cu:ideaOfChannel cuv:channel1 . cuv:channel1 a cu:LearningChannel .
cuv:act1 a cu:KeyActivity ; cu:activityOfIdea cuv:idea1 . cuv:practice1 a cu:ManagementPractice .
cuv:outsideFirm a cu:SourceScope . cuv:spoke a cu:KnowledgeRole . cuv:hub a cu:KnowledgeRole .
cuv:release a cu:IntegrationStep . cuv:failure a cu:Outcome .
"""

#: One claim's situations a line; `claim` wraps each. Together they make acme a reverse-learning firm.
SITUATIONS = {
    "home": "d:s-home a cu:Siting ; cu:stSubject d:acme ; cu:stPredicate cu:homeCountry ; "
    "cu:stObject d:north .",
    "unit": "d:s-unit a cu:Affiliation ; cu:stSubject d:acme-south ; "
    "cu:stPredicate cu:unitOf ; cu:stObject d:acme .",
    "site": "d:s-site a cu:Siting ; cu:stSubject d:acme-south ; cu:stPredicate cu:locatedIn ; "
    "cu:stObject d:south .",
    "learn": "d:s-learn a cu:LearningEpisode ; cu:hasLearner d:acme-south ; "
    "cu:usesActivity cuv:act1 ; "
    "cu:sourceScope cuv:outsideFirm ; cu:resultsInCapability d:s-cap . d:s-cap a cu:Capability .",
    "flow": "d:s-flow a cu:KnowledgeFlow ; cu:withinFirm d:acme ; cu:fromRole cuv:spoke ; "
    "cu:toRole cuv:hub .",
    "adopt": "d:s-adopt a cu:PracticeAdoption ; cu:actor d:acme ; "
    "cu:adoptsPractice cuv:practice1 ; cu:adoptedFrom d:beta .",
    "learn2": "d:s-learn2 a cu:LearningEpisode ; cu:hasLearner d:acme-south ; "
    "cu:usesActivity cuv:act1 ; "
    "cu:sourceScope cuv:outsideFirm ; cu:resultsInCapability d:s-cap2 . d:s-cap2 a cu:Capability .",
    "past": "d:s-past a cu:Affiliation ; cu:stSubject d:acme-south ; "
    "cu:stPredicate cu:unitOf ; cu:stObject d:beta ; "
    "cu:period d:t-past . d:t-past a cu:Period ; cu:endYear 2001 .",
    "fail": "d:s-fail a cu:InternationalisationEpisode ; cu:actor d:beta ; "
    "cu:hasOutcome cuv:failure .",
    "sell": "d:s-sell a cu:Divestiture , cu:IntegrationActivity ; cu:actor d:acme ; "
    "cu:hasStep cuv:release .",
}  # fmt: skip


def triples(text: str) -> list[Triple]:
    """Return the triples of Turtle written with our prefixes."""
    return [q.triple for q in ox.parse((HEADER + text).encode(), format=RdfFormat.TURTLE)]


def quads(graph: str, text: str) -> list[Quad]:
    """Return the quads of Turtle in the graph called `graph`."""
    node = NamedNode(graph_iri(graph))
    return [Quad(t.subject, t.predicate, t.object, node) for t in triples(text)]


def claim(name: str, force: str = "asserted", rank: str = "normal", number: str = "") -> str:
    """Return a claim that asserts the situation called `name`, without that situation."""
    return (
        f"d:c-{name}{number} a cu:Claim ; cu:asserts d:s-{name} ; cu:force cuv:{force} ; "
        f"cu:rank cuv:{rank} .\n"
    )


def situation(name: str) -> str:
    """Return a claim and the situation that it asserts."""
    return SITUATIONS[name] + "\n" + claim(name)


def ontology() -> Ontology:
    """Return our ontology, with the file of each axiom."""
    return from_files(ontology_files())


class WithoutEquality(owlrl.OWLRL_Semantics):  # type: ignore[misc]
    """owlrl without its rules on owl:sameAs, which nothing here states.

    They add that each of all nodes is the same as itself, and take most of the time.
    """

    def _equality(self, triple: object, cycle_num: int) -> None:
        pass


def owlrl_closure(facts: Iterable[Triple], axioms: Iterable[Triple]) -> set[Triple]:
    """Return all that owlrl derives from both and neither holds, blank nodes left out."""
    graph = Graph()
    given = {*facts, *axioms}
    graph.parse(data=ox.serialize(given, format=RdfFormat.N_TRIPLES), format="nt")
    owlrl.DeductiveClosure(WithoutEquality).expand(graph)
    found = set()
    for s, p, o in graph:
        if isinstance(s, URIRef) and isinstance(p, URIRef) and not isinstance(o, BNode):
            found.add(Triple(NamedNode(str(s)), NamedNode(str(p)), _term(o)))
    return found - given


def _term(node: object) -> NamedNode | Literal:
    if not isinstance(node, RdflibLiteral):
        return NamedNode(str(node))
    if node.language:
        return Literal(str(node), language=node.language)
    datatype = NamedNode(str(node.datatype)) if node.datatype else None
    return Literal(str(node), datatype=datatype)


def over_our_terms(found: Iterable[Triple], terms: Ontology) -> set[Triple]:
    """Return those of `found` that are over the terms that the ontology declares."""
    return {t for t in found if terms.speaks_of(as_fact(t))}


def names(found: Iterable[Triple]) -> set[str]:
    """Return triples in short: `acme builtCapability s-cap`."""
    out = set()
    for t in found:
        words = (str(getattr(x, "value", x)).rpartition("/")[2] for x in t)
        out.add(" ".join("a" if w == type_.value.rpartition("/")[2] else w for w in words))
    return out
