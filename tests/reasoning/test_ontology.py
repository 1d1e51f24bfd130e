"""What the axioms entail and what they must not, by HermiT and by our own closure."""

from __future__ import annotations

from itertools import combinations

import pytest
from owlapi import ONTOLOGY_FILES, Reasoned, graph_of, logic, ontology_graph
from pyoxigraph import NamedNode, RdfFormat, Triple, parse
from rdflib import OWL, RDF, Graph, URIRef

from catchup.kg.reasoning.closure import closure

CU = "https://w3id.org/catchup/ontology/"
CUV = "https://w3id.org/catchup/vocab/"
D = "https://w3id.org/catchup/id/"

#: Small invented worlds, one per axiom or trap; names before the dash say which.
WORLDS = """
# -- a firm with both halves of reverse learning
d:full a cu:Firm ; cu:homeCountry d:home . d:home a cu:EmergingMarket . d:host a cu:DevelopedMarket .
d:full-uk a cu:Subsidiary ; cu:unitOf d:full ; cu:locatedIn d:host .
d:full-hq a cu:Headquarters ; cu:unitOf d:full .
d:full-ep a cu:LearningEpisode ; cu:hasLearner d:full-uk ; cu:learnsFrom d:full-teacher ;
  cu:sourceScope cuv:outsideFirm ; cu:viaChannel cuv:hostCountry ; cu:resultsInCapability d:full-cap .
d:full-teacher a cu:Firm . d:full-cap a cu:Capability .
d:full-flow a cu:KnowledgeFlow ; cu:withinFirm d:full ; cu:fromUnit d:full-uk ; cu:toUnit d:full-hq ;
  cu:fromRole cuv:spoke ; cu:toRole cuv:hub .
d:full-lab a cu:Department ; cu:unitOf d:full-uk .
d:full-lab-ep a cu:LearningEpisode ; cu:hasLearner d:full-lab ; cu:resultsInCapability d:full-lab-cap .
# -- learning from headquarters alone
d:inside a cu:Firm ; cu:homeCountry d:home .
d:inside-uk a cu:Subsidiary ; cu:unitOf d:inside ; cu:locatedIn d:host .
d:inside-ep a cu:LearningEpisode ; cu:hasLearner d:inside-uk ; cu:sourceScope cuv:insideFirm .
d:inside-flow a cu:KnowledgeFlow ; cu:withinFirm d:inside ; cu:fromRole cuv:spoke ; cu:toRole cuv:hub .
# -- outside learning, but knowledge only flows down
d:down a cu:Firm ; cu:homeCountry d:home .
d:down-uk a cu:Subsidiary ; cu:unitOf d:down ; cu:locatedIn d:host .
d:down-ep a cu:LearningEpisode ; cu:hasLearner d:down-uk ; cu:sourceScope cuv:outsideFirm .
d:down-flow a cu:KnowledgeFlow ; cu:withinFirm d:down ; cu:fromRole cuv:hub ; cu:toRole cuv:spoke .
# -- a unit in an emerging market, and one in a region of no country
d:em-unit a cu:Unit ; cu:locatedIn d:home . d:region-unit a cu:Unit ; cu:locatedIn d:somewhere .
d:somewhere a cu:Region .
# -- roles in flows: a regional headquarters is spoke in one and hub in the other
d:rhq a cu:RegionalHeadquarters , cu:Subsidiary .
d:f-spoke-rhub a cu:KnowledgeFlow ; cu:toUnit d:rhq ; cu:fromRole cuv:spoke ; cu:toRole cuv:regionalHub .
d:f-rhub-hub a cu:KnowledgeFlow ; cu:fromUnit d:rhq ; cu:fromRole cuv:regionalHub ; cu:toRole cuv:hub .
d:f-rhub-spoke a cu:KnowledgeFlow ; cu:fromRole cuv:regionalHub ; cu:toRole cuv:spoke .
d:f-hub-rhub a cu:KnowledgeFlow ; cu:fromRole cuv:hub ; cu:toRole cuv:regionalHub .
d:f-spoke-spoke a cu:KnowledgeFlow ; cu:fromRole cuv:spoke ; cu:toRole cuv:spoke .
d:f-rhub-rhub a cu:KnowledgeFlow ; cu:fromRole cuv:regionalHub ; cu:toRole cuv:regionalHub .
d:f-from-only a cu:KnowledgeFlow ; cu:fromRole cuv:spoke .
# -- channel from activity
d:act a cu:KeyActivity ; cu:activityOfIdea d:idea . d:idea a cu:KeyIdea ; cu:ideaOfChannel cuv:customers .
d:act-unit a cu:Unit . d:act-ep a cu:LearningEpisode ; cu:hasLearner d:act-unit ; cu:usesActivity d:act .
d:src-ep a cu:LearningEpisode ; cu:hasLearner d:act-unit ; cu:usesSource cuv:universities .
d:path-ad a cu:PracticeAdoption ; cu:viaPath cuv:acquireToLearn .
d:idea-unit a cu:Unit . d:idea-ep a cu:LearningEpisode ; cu:hasLearner d:idea-unit ; cu:keyIdea d:idea .
# -- integration
d:ia-firm a cu:Firm . d:ia-out a cu:Divestiture , cu:IntegrationActivity ; cu:actor d:ia-firm ;
  cu:divested d:ia-sold ; cu:soldTo d:ia-buyer ; cu:hasStep cuv:release . d:ia-buyer a cu:Firm .
d:ia-sold a cu:Unit . d:ia-in a cu:IntegrationActivity ; cu:hasStep cuv:leverage .
d:ia-plain a cu:Divestiture ; cu:actor d:ia-firm .
# -- deals
d:deal-firm a cu:Firm . d:deal-target a cu:Firm . d:deal-partner a cu:Firm . d:deal-founder a cu:Person .
d:deal-buy a cu:Acquisition ; cu:actor d:deal-firm ; cu:acquired d:deal-target .
d:deal-start a cu:Founding ; cu:actor d:deal-founder ; cu:founded d:deal-firm .
d:deal-join a cu:Alliance ; cu:actor d:deal-firm ; cu:partner d:deal-partner .
# -- catch-up
d:cu-firm a cu:Firm . d:cu-move a cu:CatchUpMove ; cu:actor d:cu-firm ; cu:atStage cuv:approaching ;
  cu:usesSource cuv:crossBorderMA ; cu:exploitsWindow cuv:demandWindow .
d:frugal-firm a cu:Firm . d:frugal-move a cu:CatchUpMove ; cu:actor d:frugal-firm ;
  cu:innovationType cuv:frugal , cuv:radical ; cu:usesSource cuv:universities .
d:res a cu:AsymmetricResource ; cu:turnedInto d:acap .
d:acap a cu:AsymmetricCapability ; cu:leveragedBy d:strat .
d:strat a cu:InnovationStrategy . d:res-idle a cu:AsymmetricResource .
# -- practices
d:pr-firm a cu:Firm . d:pr-master a cu:Firm . d:pr-ad a cu:PracticeAdoption ; cu:actor d:pr-firm ;
  cu:adoptedFrom d:pr-master ; cu:adoptsPractice cuv:employeeEquity .
# -- failure belongs to the episode
d:tv a cu:Firm . d:tv-first a cu:InternationalisationEpisode ; cu:actor d:tv ; cu:hasOutcome cuv:failure .
d:tv-later a cu:InternationalisationEpisode ; cu:actor d:tv ; cu:hasOutcome cuv:success .
d:well a cu:Firm . d:well-ep a cu:InternationalisationEpisode ; cu:actor d:well ; cu:hasOutcome cuv:success .
d:other a cu:Firm . d:other-ev a cu:Acquisition ; cu:actor d:other ; cu:hasOutcome cuv:failure .
# -- what is said of a population stays with it
d:pop a cu:Population . d:member a cu:Firm . d:gs a cu:GeneralStatement ; cu:about d:pop ;
  cu:relationKind cuv:practises ; cu:relatesTo cuv:employeeEquity ; cu:holdsOfNamed d:member ;
  cu:illustratedBy d:cu-firm ; cu:polarity cuv:positive .
"""

ENTAILED = """
full-uk learnerIn full-ep
full hasUnit full-uk
full hasFlow full-flow
ia-firm actorIn ia-out
full-uk unitOf* full
full-uk builtCapability full-cap
full groupBuiltCapability full-cap
full-uk groupBuiltCapability full-lab-cap
full-uk learnedVia v:hostCountry
full-uk a DevelopedMarketUnit
full-ep a OutsideLearningEpisode
full a ReverseLearningFirm
full-flow a ReverseFlow
full-flow a VerticalFlow
f-spoke-rhub a ReverseFlow
f-rhub-hub a ReverseFlow
f-rhub-hub a VerticalFlow
f-rhub-spoke a DownwardFlow
f-hub-rhub a DownwardFlow
down-flow a DownwardFlow
down-flow a VerticalFlow
f-spoke-spoke a HorizontalFlow
f-rhub-rhub a HorizontalFlow
act-ep learnsThrough v:customers
src-ep learnsThrough v:universities
path-ad learnsThrough v:acquireToLearn
full-ep learnsThrough v:hostCountry
act-unit learnedVia v:customers
act-unit learnedVia v:universities
ia-out a ReleaseActivity
ia-firm tookStep v:release
deal-firm hasAcquired deal-target
deal-founder hasFounded deal-firm
deal-firm hasPartneredWith deal-partner
v:sharing circulatesWith v:learning
v:integration circulatesWith v:sharing
cu-firm showsStage v:approaching
cu-firm usedSourceOfStage v:poleVault
frugal-firm usedSourceOfStage v:approaching
frugal-firm usedSourceOfStage v:poleVault
cu-move a WindowOpenedMove
res leveragedByStrategy strat
pr-firm usesPractice v:employeeEquity
pr-firm learnedPracticeFrom pr-master
tv a FirmWithFailedInternationalisationEpisode
"""

NOT_ENTAILED = """
full-hq builtCapability full-cap
full-teacher builtCapability full-cap
full builtCapability full-cap
full groupBuiltCapability full-lab-cap
full hasUnit full-lab
full-hq a DevelopedMarketUnit
em-unit a DevelopedMarketUnit
region-unit a DevelopedMarketUnit
inside-ep a OutsideLearningEpisode
inside a ReverseLearningFirm
down a ReverseLearningFirm
full-teacher a ReverseLearningFirm
full-flow a DownwardFlow
full-flow a HorizontalFlow
f-spoke-spoke a VerticalFlow
f-rhub-rhub a VerticalFlow
f-from-only a ReverseFlow
f-from-only a VerticalFlow
f-rhub-spoke a ReverseFlow
idea-unit learnedVia v:customers
act-ep viaChannel v:customers
idea-ep learnsThrough v:customers
ia-in a ReleaseActivity
ia-plain a ReleaseActivity
ia-buyer tookStep v:release
ia-sold unitOf ia-firm
deal-target hasAcquired deal-firm
deal-firm hasFounded deal-founder
deal-partner hasPartneredWith deal-firm
v:learning circulatesWith v:integration
frugal-firm showsStage v:approaching
frugal-firm showsStage v:poleVault
cu-firm showsStage v:poleVault
cu-firm usedSourceOfStage v:approaching
frugal-move a WindowOpenedMove
res-idle leveragedByStrategy strat
acap leveragedByStrategy strat
pr-master usesPractice v:employeeEquity
pr-master learnedPracticeFrom pr-firm
well a FirmWithFailedInternationalisationEpisode
other a FirmWithFailedInternationalisationEpisode
tv hasOutcome v:failure
tv-later hasOutcome v:failure
member usesPractice v:employeeEquity
cu-firm usesPractice v:employeeEquity
member actorIn gs
"""

#: No two of these share a member, and developed and emerging markets exclude each other.
APART = [
    *(
        "org:Organization",
        "skos:Concept",
        "cu:Country",
        "cu:Situation",
        "cu:Claim",
        "cu:Capability",
    ),
    *("cu:Population", "cu:Evidence", "cu:Work", "cu:Period", "cu:Proposition", "cu:DocumentPart"),
]
ALSO_APART = [
    ("cu:DevelopedMarket", "cu:EmergingMarket"),
    ("cu:Capability", "cu:InnovationStrategy"),
    ("cu:Firm", "cu:Country"),
    ("cu:Voice", "cu:Firm"),
    ("cu:Figure", "cu:Claim"),
]
#: What the theory lets one thing be at once.
COMPATIBLE = [
    ("cu:Divestiture", "cu:IntegrationActivity"),
    ("cu:RegionalHeadquarters", "cu:Subsidiary"),
    ("cu:RegionalHeadquarters", "cu:Headquarters"),
    ("cu:AsymmetricResource", "cu:AsymmetricCapability"),
    ("cu:ReverseFlow", "cu:DownwardFlow"),
    ("cu:FirmWithFailedInternationalisationEpisode", "cu:ReverseLearningFirm"),
    ("cu:RelationKind", "cu:Bearing"),
]


def statements(text: str) -> list[tuple[URIRef, URIRef, URIRef]]:
    def node(name: str) -> URIRef:
        return URIRef(CUV + name[2:]) if name.startswith("v:") else URIRef(D + name)

    rows = [line.replace("*", "").split() for line in text.strip().splitlines()]
    return [
        (node(s), RDF.type if p == "a" else URIRef(CU + p), URIRef(CU + o) if p == "a" else node(o))
        for s, p, o in rows
    ]


def triples(graph: Graph) -> set[Triple]:
    text = graph.serialize(format="nt").encode()
    return {quad.triple for quad in parse(text, format=RdfFormat.N_TRIPLES)}


@pytest.fixture(scope="module")
def terms() -> Graph:
    return ontology_graph()


@pytest.fixture(scope="module")
def hermit(terms: Graph) -> Reasoned:
    """The ontology, the worlds, and one probe class for each pair that may or may not overlap."""
    pairs = [*combinations(APART, 2), *ALSO_APART, *COMPATIBLE]
    probes = "".join(
        f"d:probe-{n} a owl:Class ; rdfs:subClassOf {a} , {b} .\n" for n, (a, b) in enumerate(pairs)
    )
    return Reasoned(graph_of([logic(terms)], WORLDS + probes))


@pytest.fixture(scope="module")
def closed(terms: Graph) -> set[Triple]:
    given = triples(graph_of([terms], WORLDS))
    return given | closure(given, triples(terms))


def test_the_ontology_is_in_owl_2_dl(terms: Graph) -> None:
    assert Reasoned(terms).outside_dl() == []


def test_the_worlds_are_consistent(hermit: Reasoned) -> None:
    assert hermit.consistent()


def test_exactly_the_disjoint_pairs_can_have_no_member(hermit: Reasoned) -> None:
    apart = len(list(combinations(APART, 2))) + len(ALSO_APART)
    assert hermit.unsatisfiable() == {f"{D}probe-{n}" for n in range(apart)}


@pytest.mark.parametrize("triple", statements(ENTAILED), ids=ENTAILED.strip().splitlines())
def test_is_entailed(
    triple: tuple[URIRef, URIRef, URIRef], hermit: Reasoned, closed: set[Triple]
) -> None:
    assert hermit.entails(triple)
    assert Triple(*(NamedNode(str(term)) for term in triple)) in closed


@pytest.mark.parametrize("triple", statements(NOT_ENTAILED), ids=NOT_ENTAILED.strip().splitlines())
def test_is_not_entailed(
    triple: tuple[URIRef, URIRef, URIRef], hermit: Reasoned, closed: set[Triple]
) -> None:
    assert not hermit.entails(triple)
    assert Triple(*(NamedNode(str(term)) for term in triple)) not in closed


@pytest.mark.parametrize(
    "wrong",
    [
        "d:zte a cu:Firm , cu:Country .",
        "d:c a cu:Claim ; cu:hasEvidence d:p . d:p a cu:Document .",
        "d:c a cu:Claim ; cu:asserts d:huawei . d:huawei a cu:Firm .",
        "d:e a cu:LearningEpisode ; cu:viaChannel d:shenzhen . d:shenzhen a cu:Unit .",
    ],
    ids=[
        "a firm that is a country",
        "a document as evidence",
        "a firm asserted",
        "a unit as channel",
    ],
)
def test_wrong_typing_or_wiring_is_a_contradiction(wrong: str, terms: Graph) -> None:
    assert not Reasoned(graph_of([logic(terms)], wrong)).consistent()


def test_every_chain_and_defined_class_has_a_case_for_and_a_case_against(terms: Graph) -> None:
    heads = set(terms.subjects(OWL.propertyChainAxiom)) | set(terms.subjects(OWL.equivalentClass))
    for text in (ENTAILED, NOT_ENTAILED):
        named = {t for triple in statements(text) for t in triple[1:]}
        assert heads - named == set()


def test_the_plain_vocabulary_stands_without_the_axioms(terms: Graph) -> None:
    light = Graph()
    for path in ONTOLOGY_FILES:
        if path.stem != "axioms":
            light.parse(path)
    logic = {OWL.propertyChainAxiom, OWL.equivalentClass, OWL.inverseOf, OWL.disjointWith}
    assert not logic & set(light.predicates())
    declared = set(light.subjects(RDF.type))
    assert {s for s in terms.subjects(RDF.type, OWL.Class) if str(s).startswith(CU)} <= declared
