"""Namespaces, prefixes and the names of graphs: the one table that all files share."""

from __future__ import annotations

from typing import Final

BASE: Final = "https://w3id.org/catchup/"
CU: Final = BASE + "ontology/"
CUV: Final = BASE + "vocab/"
CUS: Final = BASE + "shapes/"
D: Final = BASE + "id/"
G: Final = BASE + "graph/"
Q: Final = BASE + "queries/"

RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS: Final = "http://www.w3.org/2000/01/rdf-schema#"
OWL: Final = "http://www.w3.org/2002/07/owl#"
XSD: Final = "http://www.w3.org/2001/XMLSchema#"
SKOS: Final = "http://www.w3.org/2004/02/skos/core#"
DCTERMS: Final = "http://purl.org/dc/terms/"
PROV: Final = "http://www.w3.org/ns/prov#"
OA: Final = "http://www.w3.org/ns/oa#"
SH: Final = "http://www.w3.org/ns/shacl#"
SCHEMA: Final = "https://schema.org/"

#: Prefixes in the order in which canonical files declare them.
PREFIXES: Final[dict[str, str]] = {
    "cu": CU,
    "cuv": CUV,
    "cus": CUS,
    "d": D,
    "g": G,
    "cuq": Q,
    "owl": OWL,
    "rdf": RDF,
    "rdfs": RDFS,
    "xsd": XSD,
    "skos": SKOS,
    "dcterms": DCTERMS,
    "prov": PROV,
    "oa": OA,
    "org": "http://www.w3.org/ns/org#",
    "fabio": "http://purl.org/spar/fabio/",
    "doco": "http://purl.org/spar/doco/",
    "biro": "http://purl.org/spar/biro/",
    "cito": "http://purl.org/spar/cito/",
    "c4o": "http://purl.org/spar/c4o/",
    "sh": SH,
    "schema": SCHEMA,
    "vann": "http://purl.org/vocab/vann/",
    "void": "http://rdfs.org/ns/void#",
    "dcat": "http://www.w3.org/ns/dcat#",
    "wd": "http://www.wikidata.org/entity/",
}

SOURCES: Final = ("fu2018", "wei2018", "liebenau2020")


def graph_iri(name: str) -> str:
    """Return the IRI of the named graph called `name` (e.g. ``fu2018``); an IRI stays."""
    return name if "://" in name else G + name


def compact(iri: str) -> str:
    """Return `iri` as a prefixed name where one of PREFIXES fits, else unchanged."""
    best = ""
    name = ""
    for prefix, namespace in PREFIXES.items():
        if iri.startswith(namespace) and len(namespace) > len(best):
            best, name = namespace, prefix
    return f"{name}:{iri[len(best) :]}" if best else iri


def expand(name: str) -> str:
    """Return the IRI for a prefixed name or an absolute IRI (with or without angle brackets).

    Raises KeyError when the prefix is not in PREFIXES.
    """
    if name.startswith("<") and name.endswith(">"):
        return name[1:-1]
    prefix, colon, local = name.partition(":")
    if colon and not local.startswith("//"):
        return PREFIXES[prefix] + local
    return name
