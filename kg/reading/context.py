"""The JSON-LD context of the authoring format, derived from the ontology's declarations.

A key is the local name of a property. What a plain value means follows from the property: a
concept (`cuv:`) where its range is a subclass of skos:Concept, an entity (`d:`) for other object
properties, a literal with the declared datatype for datatype properties.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

import pyoxigraph as ox

from catchup.kg import names
from catchup.kg.terms import value

Kind = Literal["concept", "entity", "property", "literal"]

#: Short keys for properties of other vocabularies, and for ours where a shorter word is clearer.
ALIASES: dict[str, tuple[str, str | None]] = {
    "label": (names.RDFS + "label", "en"),
    "labelZh": (names.RDFS + "label", "zh-hans"),
    "altLabel": (names.SKOS + "altLabel", "en"),
    "altLabelZh": (names.SKOS + "altLabel", "zh-hans"),
    "note": (names.SKOS + "editorialNote", "en"),
    "scopeNote": (names.SKOS + "scopeNote", "en"),
    "definition": (names.SKOS + "definition", "en"),
    "notation": (names.SKOS + "notation", None),
    "title": (names.DCTERMS + "title", "en"),
    "identifier": (names.DCTERMS + "identifier", None),
    "license": (names.DCTERMS + "license", None),
    "created": (names.DCTERMS + "created", None),
}
LINKS: dict[str, str] = {
    "evidence": names.CU + "hasEvidence",
    "contextEvidence": names.CU + "hasContextEvidence",
    "part": names.CU + "inPart",
    "source": names.OA + "hasSource",
    "hasSelector": names.OA + "hasSelector",
    "primarySource": names.PROV + "hadPrimarySource",
    "sameAs": names.SCHEMA + "sameAs",
    "broader": names.SKOS + "broader",
}
IRI_VALUED = {names.CU + "stPredicate"}


@dataclass(frozen=True)
class Term:
    """A key of the authoring format: the property it stands for and how its values are read."""

    key: str
    iri: str
    kind: Kind
    datatype: str | None = None
    language: str | None = None


@dataclass(frozen=True)
class Context:
    """All keys and all type names of the authoring format."""

    terms: dict[str, Term]
    types: dict[str, str]
    by_iri: dict[tuple[str, str | None], Term]

    @classmethod
    def from_ontology(cls, quads: Iterable[ox.Quad | ox.Triple]) -> Context:
        """Derive the context from the quads of the ontology (its modules without vocabularies)."""
        rows = [
            (value(q.subject), q.predicate.value, q.object)
            for q in quads
            if isinstance(q.subject, ox.NamedNode)
        ]
        kinds: dict[str, set[str]] = {}
        ranges: dict[str, str] = {}
        supers: dict[str, set[str]] = {}
        for s, p, o in rows:
            if not isinstance(o, ox.NamedNode):
                continue
            if p == names.RDF + "type":
                kinds.setdefault(s, set()).add(o.value)
            elif p == names.RDFS + "range":
                ranges[s] = o.value
            elif p == names.RDFS + "subClassOf":
                supers.setdefault(s, set()).add(o.value)
        terms: dict[str, Term] = {}
        types: dict[str, str] = {}
        for iri in sorted(kinds, key=lambda i: (not i.startswith(names.CU), i)):
            local = iri.rsplit("#", 1)[-1].rsplit("/", 1)[-1]
            declared = kinds[iri]
            if names.OWL + "Class" in declared and local:
                types.setdefault(local, iri)
            elif names.OWL + "ObjectProperty" in declared:
                concept = names.SKOS + "Concept" in _closure(ranges.get(iri, ""), supers)
                kind: Kind = "concept" if concept else "entity"
                if iri in IRI_VALUED:
                    kind = "property"
                terms.setdefault(local, Term(local, iri, kind))
            elif names.OWL + "DatatypeProperty" in declared:
                datatype = ranges.get(iri, names.XSD + "string")
                terms.setdefault(local, Term(local, iri, "literal", datatype=datatype))
            elif names.OWL + "AnnotationProperty" in declared and iri.startswith(names.CU):
                terms.setdefault(local, Term(local, iri, "literal", datatype=names.XSD + "string"))
        for key, (iri, language) in ALIASES.items():
            plain = None if language else names.XSD + "string"
            terms[key] = Term(key, iri, "literal", plain, language)
        for key, iri in LINKS.items():
            terms[key] = Term(key, iri, "entity")
        by_iri: dict[tuple[str, str | None], Term] = {}
        for term in terms.values():
            by_iri.setdefault((term.iri, term.language), term)
        for key in (*ALIASES, *LINKS):
            by_iri[terms[key].iri, terms[key].language] = terms[key]
        return cls(terms, types, by_iri)

    def as_jsonld(self) -> dict[str, Any]:
        """Return the same as a JSON-LD 1.1 context document.

        Concepts and entities are read relative to a scoped @base, so that a value can never be
        taken for a key of the same name; a remote context's own @base would be ignored, a scoped
        one is not (JSON-LD 1.1 API, context processing, step 5.7).
        """
        context: dict[str, Any] = {
            "@version": 1.1,
            "@vocab": names.CU,
            **names.PREFIXES,
            "id": "@id",
            "type": "@type",
        }
        for name, iri in sorted(self.types.items()):
            if iri != names.CU + name:
                context[name] = iri
        bases = {"concept": names.CUV, "entity": names.D}
        for key, term in sorted(self.terms.items()):
            entry: dict[str, Any] = {"@id": term.iri}
            if term.kind == "literal":
                if term.language:
                    entry["@language"] = term.language
                elif term.datatype and term.datatype != names.XSD + "string":
                    entry["@type"] = term.datatype
            elif term.kind == "property":
                entry["@type"] = "@vocab"
            else:
                entry |= {"@type": "@id", "@context": {"@base": bases[term.kind]}}
            context[key] = entry
        return {"@context": context}


def _closure(iri: str, supers: dict[str, set[str]]) -> set[str]:
    seen: set[str] = set()
    todo = [iri]
    while todo:
        one = todo.pop()
        if one and one not in seen:
            seen.add(one)
            todo += supers.get(one, ())
    return seen
