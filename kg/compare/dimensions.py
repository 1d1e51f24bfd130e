"""What cases are compared by: each dimension reads certain values off certain situations."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rapidfuzz import process

from catchup.kg.errors import NotFound, Where


@dataclass(frozen=True)
class Dimension:
    """A row of a comparison.

    It holds the values of `properties` of the situations of `types` (both local names of the
    ontology), `types` "" meaning any. `per` is a property whose values split it: a row for each
    measure of the figures, for each proposition.
    """

    key: str
    label: str
    group: str
    types: tuple[str, ...]
    properties: tuple[str, ...]
    per: str = ""
    #: what stands in it is absent: the source says that the firm lacked it
    denies: bool = False


def _d(
    group: str,
    key: str,
    label: str,
    types: str,
    properties: str,
    per: str = "",
    denies: bool = False,
) -> Dimension:
    return Dimension(
        key, label, group, tuple(types.split()), tuple(properties.split()), per, denies
    )


_EVENTS = "CorporateEvent PolicyAct TechnologyIntroduction"

DIMENSIONS: tuple[Dimension, ...] = (
    _d("Who", "industry", "Industry", "PlainStatement", "inIndustry"),
    _d("Who", "home", "Home country", "PlainStatement", "homeCountry"),
    _d("Who", "hosts", "Main host places", "PlainStatement", "mainHostPlace"),
    _d("Who", "traits", "Characterised as", "Characterisation", "characteristic"),
    _d("Learning", "channels", "Learning channels", "LearningEpisode", "viaChannel"),
    _d("Learning", "ideas", "Key ideas learned", "LearningEpisode", "keyIdea"),
    _d("Learning", "activities", "Learning activities", "LearningEpisode", "usesActivity"),
    _d("Learning", "teachers", "Learned from", "LearningEpisode", "learnsFrom"),
    _d("Learning", "capabilities", "Capabilities built", "LearningEpisode CatchUpMove",
       "resultsInCapability"),
    _d("Learning", "practices", "Practices adopted", "PracticeAdoption", "adoptsPractice"),
    _d("Learning", "paths", "Practices came by", "PracticeAdoption", "viaPath"),
    _d("Sharing", "flows", "Directions of knowledge flows", "KnowledgeFlow", "a"),
    _d("Sharing", "knowledge", "Knowledge that flows", "KnowledgeFlow", "carries"),
    _d("Integration", "steps", "Integration steps", "IntegrationActivity", "hasStep"),
    _d("Integration", "tiers", "Integration tiers", "IntegrationActivity", "atTier"),
    _d("Integration", "resourcePaths", "Paths of resource alteration", "IntegrationActivity",
       "byResourcePath"),
    _d("Integration", "integrated", "What was integrated", "IntegrationActivity", "integrates"),
    _d("Catching up", "stages", "Stages", "CatchUpMove", "atStage"),
    _d("Catching up", "innovation", "Type of innovation", "CatchUpMove", "innovationType"),
    _d("Catching up", "sources", "Sources of knowledge", "CatchUpMove LearningEpisode", "usesSource"),
    _d("Catching up", "windows", "Windows of opportunity", "CatchUpMove", "exploitsWindow"),
    _d("Catching up", "resources", "Resources drawn on", "CatchUpMove", "drawsOnResource"),
    _d("Catching up", "strategies", "Strategies", "CatchUpMove",
       "followsStrategy makesAsymmetryMove searchWay"),
    _d("Catching up", "traps", "Traps faced", "CatchUpMove", "facesTrap"),
    _d("Catching up", "markets", "Target markets", "", "targetMarket"),
    _d("Events", "founding", "Foundings", "Founding LaboratoryFounding", "founded"),
    _d("Events", "acquisitions", "Acquisitions", "Acquisition", "acquired"),
    _d("Events", "divestitures", "Divestitures", "Divestiture", "divested"),
    _d("Events", "partners", "Partners", "Alliance Collaboration JointVentureFormation LaboratoryFounding",
       "partner"),
    _d("Events", "customers", "Customers", "Sale", "customer"),
    _d("Events", "products", "Products", _EVENTS + " CatchUpMove", "product"),
    _d("Outcomes", "outcomes", "Outcome of going abroad", "InternationalisationEpisode", "hasOutcome"),
    _d("Outcomes", "lacked", "What was there when going abroad", "InternationalisationEpisode",
       "lacked", denies=True),
    _d("Outcomes", "results", "Results", "", "resultsIn"),
    _d("Theory", "propositions", "Propositions", "CaseBearing", "bearing", per="onProposition"),
    _d("Theory", "statements", "General statements that name it", "GeneralStatement",
       "relatesTo deniesRelationTo"),
    _d("Figures", "figures", "Figures", "Figure", "asPrinted", per="measure"),
)  # fmt: skip
BY_KEY = {d.key: d for d in DIMENSIONS}
#: What a comparison shows when nobody chooses.
USUAL = (
    "industry", "channels", "ideas", "capabilities", "flows", "steps", "tiers", "innovation",
    "outcomes", "lacked", "figures",
)  # fmt: skip


def dimensions(keys: Iterable[str]) -> list[Dimension]:
    """Return the dimensions with some keys in the usual order. Raises NotFound with the nearest."""
    wanted = set(keys)
    for key in wanted - set(BY_KEY):
        near = process.extractOne(key, list(BY_KEY), score_cutoff=50)
        remedy = f"Did you mean '{near[0]}'?" if near else f"There are {', '.join(BY_KEY)}."
        raise NotFound(
            f"There is no dimension '{key[:60]}'.", where=Where(field="dimension"), remedy=remedy
        )
    return [d for d in DIMENSIONS if d.key in wanted]
