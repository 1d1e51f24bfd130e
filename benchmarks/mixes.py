"""The query mixes: the catalogue, look-ups, aggregations, large CONSTRUCTs."""

from __future__ import annotations

import random
from dataclasses import dataclass

from benchmarks.data import Data
from catchup.kg.catalogue import catalogue, declared

JSON = "application/sparql-results+json"
NTRIPLES = "application/n-triples"

AGGREGATIONS = (
    "SELECT ?c (COUNT(?s) AS ?n) WHERE { ?s a ?c } GROUP BY ?c ORDER BY DESC(?n)",
    "SELECT ?p (COUNT(*) AS ?n) WHERE { ?s ?p ?o } GROUP BY ?p ORDER BY DESC(?n)",
    "SELECT ?v (COUNT(DISTINCT ?sit) AS ?n) WHERE {"
    " ?c cu:voice ?v ; cu:asserts ?sit ; cu:statedIn ?w } GROUP BY ?v",
    "SELECT ?f (COUNT(DISTINCT ?c) AS ?n) WHERE { ?e cu:actor ?f . ?c cu:asserts ?e } GROUP BY ?f",
)
CONSTRUCTS = (
    "CONSTRUCT { ?s rdfs:label ?l } WHERE { ?s rdfs:label ?l } LIMIT 20000",
    "CONSTRUCT { ?c cu:asserts ?s . ?s ?p ?o } WHERE { ?c cu:asserts ?s . ?s ?p ?o } LIMIT 20000",
)


@dataclass(frozen=True)
class Mix:
    """A list of queries, the format asked for, and how long one run takes."""

    name: str
    queries: list[str]
    accept: str
    seconds: float


def mixes(data: Data, quick: bool) -> list[Mix]:
    """Return the mixes for `data`; `quick` makes the runs short."""
    chosen = random.Random(7)
    subjects = list(data.subjects)
    chosen.shuffle(subjects)
    lookups = [f"SELECT ?p ?o WHERE {{ {s} ?p ?o }}" for s in subjects]
    # every look-up different: more of them than are sent, by a variable name that changes
    wanted = 200_000
    different = [
        lookups[i % len(lookups)].replace("?o", f"?o{i // len(lookups)}") for i in range(wanted)
    ]
    plain = [q.query for q in catalogue().values() if q.form == "SELECT" and not q.parameters]
    seconds = 2 if quick else 8
    return [
        Mix("look-ups, all different", different, JSON, seconds),
        Mix("look-ups, repeated", lookups[:50], JSON, seconds),
        Mix("catalogue, repeated", plain, JSON, seconds),
        Mix("aggregations, uncached", _varied(AGGREGATIONS), JSON, seconds),
        Mix("large CONSTRUCTs, uncached", _varied(CONSTRUCTS), NTRIPLES, seconds),
    ]


def _varied(queries: tuple[str, ...]) -> list[str]:
    """Return queries that no cache has seen: a comment makes each text new."""
    return [declared(queries[i % len(queries)]) + f" # {i}" for i in range(20_000)]
