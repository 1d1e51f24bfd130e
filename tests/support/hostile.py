"""A snapshot in which every text tries to be markup, and every link a script."""

from __future__ import annotations

from pathlib import Path

import pyoxigraph as ox

from catchup.kg.names import CU, CUV, DCTERMS, OA, PROV, RDF, RDFS, SCHEMA, SKOS, D, graph_iri
from catchup.kg.snapshot.index import write_index
from catchup.kg.snapshot.manifest import Manifest
from catchup.kg.snapshot.parts import write_part

#: A formula, a sign that turns what follows it around, a word of 200 letters, and markup.
EVIL = (
    f"=1+1\u202eevil{'W' * 200}</script><script>alert(1)</script><img src=x onerror=alert(2)>"
    "\"' onmouseover=alert(5) & {{ 12345*6789 }} \\input{x}"
)


def _text(value: str = EVIL, lang: str | None = "en") -> ox.Literal:
    return ox.Literal(value, language=lang) if lang else ox.Literal(value)


def _triples() -> dict[str, list[tuple[str, str, ox.NamedNode | ox.Literal]]]:
    def node(iri: str) -> ox.NamedNode:
        return ox.NamedNode(iri)

    label = RDFS + "label"
    kind = RDF + "type"
    claim, part, passage = D + "c-ev-0001", D + "ev-s1-p1", D + "p-ev-0001"
    return {
        "entities": [
            (D + "evil", kind, node(CU + "Firm")),
            (D + "evil", label, _text()),
            (D + "evil", SKOS + "altLabel", _text()),
            (D + "evil", SCHEMA + "sameAs", node("javascript:alert(3)")),
            (D + "evil-uk", kind, node(CU + "Unit")),
            (D + "evil-uk", label, _text()),
            (D + "evil-thing", kind, node(CU + "Product")),
            (D + "evil-thing", label, _text()),
            (D + "evil-thing", RDFS + "seeAlso", node("javascript:alert(4)")),
        ],
        "vocab": [
            (CUV + "evil", kind, node(SKOS + "Concept")),
            (CUV + "evil", kind, node(CU + "LearningChannel")),
            (CUV + "evil", label, _text()),
            (CUV + "evil", SKOS + "definition", _text()),
            (CUV + "evil", SKOS + "example", _text()),
            (CUV + "evil", SKOS + "inScheme", node(CUV + "evilScheme")),
            (CUV + "evilScheme", kind, node(SKOS + "ConceptScheme")),
            (CUV + "evilScheme", label, _text()),
        ],
        "bibliography": [
            (D + "evildoc", kind, node(CU + "Document")),
            (D + "evildoc", label, _text()),
            (D + "evildoc", DCTERMS + "title", _text()),
            (D + "evildoc", DCTERMS + "identifier", _text(lang=None)),
            (part, kind, node(CU + "Paragraph")),
            (part, label, _text()),
            (part, CU + "partOfDocument", node(D + "evildoc")),
            (part, CU + "partStart", ox.Literal(1)),
            (part, CU + "waiver", _text(lang=None)),
        ],
        "fu2018": [
            (claim, kind, node(CU + "Claim")),
            (claim, label, _text()),
            (claim, DCTERMS + "identifier", _text("EV-0001", None)),
            (claim, CU + "statementKind", node(CUV + "finding")),
            (claim, CU + "voice", node(CUV + "authors")),
            (claim, CU + "basis", node(CUV + "interview")),
            (claim, CU + "force", node(CUV + "hedged")),
            (claim, CU + "rank", node(CUV + "normal")),
            (claim, CU + "statedIn", node(D + "evildoc")),
            (claim, PROV + "wasAttributedTo", node(D + "evil")),
            (claim, SKOS + "editorialNote", _text()),
            (claim, CU + "hasEvidence", node(passage)),
            (claim, CU + "puts", node(D + "evil-prop")),
            (passage, kind, node(CU + "Passage")),
            (passage, CU + "inPart", node(part)),
            (passage, OA + "hasSource", node(D + "evildoc")),
            (D + "evil-prop", kind, node(CU + "Proposition")),
            (D + "evil-prop", label, _text()),
            *[
                triple
                for n, (cls, more) in enumerate(
                    [
                        ("LearningEpisode", [("hasLearner", "evil-uk"), ("viaChannel", "V"),
                                             ("resultsInCapability", "evil-cap")]),
                        ("KnowledgeFlow", [("fromUnit", "evil-uk"), ("toUnit", "evil"),
                                           ("withinFirm", "evil")]),
                        ("CorporateEvent", [("actor", "evil"), ("product", "evil-thing"),
                                            ("period", "evil-t")]),
                        ("CaseBearing", [("ofCase", "evil"), ("onProposition", "evil-prop"),
                                         ("bearing", "V")]),
                        ("Figure", [("figureOf", "evil"), ("measure", "V")]),
                    ]
                )
                for triple in [
                    (claim, CU + "asserts", node(f"{D}evil-s{n}")),
                    (f"{D}evil-s{n}", kind, node(CU + cls)),
                    (f"{D}evil-s{n}", CU + "asPrinted", _text(lang=None)),
                    *((f"{D}evil-s{n}", CU + p, node(CUV + "evil" if o == "V" else D + o))
                      for p, o in more),
                ]
            ],
            (D + "evil-cap", kind, node(CU + "Capability")),
            (D + "evil-cap", label, _text()),
            (D + "evil-t", kind, node(CU + "Period")),
            (D + "evil-t", CU + "startYear", ox.Literal(2001)),
            (D + "evil-af", kind, node(CU + "Affiliation")),
            (D + "evil-af", CU + "stSubject", node(D + "evil-uk")),
            (D + "evil-af", CU + "stPredicate", node(CU + "unitOf")),
            (D + "evil-af", CU + "stObject", node(D + "evil")),
            (claim, CU + "asserts", node(D + "evil-af")),
        ],
    }  # fmt: skip


def write_hostile(directory: Path) -> Path:
    """Write the snapshot with its index and return the path of its manifest."""
    parts, every = [], []
    for name, triples in _triples().items():
        graph = ox.NamedNode(graph_iri(name))
        quads = [ox.Quad(ox.NamedNode(s), ox.NamedNode(p), o, graph) for s, p, o in triples]
        every += quads
        kind = name if name in ("entities", "vocab", "bibliography") else "source"
        parts.append(write_part(directory, graph.value, kind, quads))
    manifest = Manifest.of(parts, {})
    write_index(directory / manifest.index, every)
    manifest.save(directory)
    return directory / "manifest.json"
