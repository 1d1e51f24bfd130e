"""One term of the theory: its definition, its place, what is said with it, who asks for it."""

from __future__ import annotations

import asyncio
import re

from catchup.kg.catalogue import Question, catalogue
from catchup.kg.names import BASE, CU, CUV, DCTERMS, OWL, RDF, RDFS, SCHEMA, SKOS, compact
from catchup.server.pages.draw import terms
from catchup.server.pages.facts import Facts, Names, Term, href, outside
from catchup.server.pages.sheet import Sheet
from catchup.server.pages.statements import Value, said_in
from catchup.server.pages.theory import PROPERTIES, value
from catchup.server.pages.visit import Visit

#: Uses of a term shown in full on its page (1 ms each); the rest is a query away.
_USES = 12
_SHOWN = (
    (RDFS + "domain", "Domain"),
    (RDFS + "range", "Range"),
    (OWL + "inverseOf", "Inverse"),
    (SKOS + "inScheme", "Scheme"),
    (DCTERMS + "source", "Where the source speaks of it"),
    (SKOS + "scopeNote", "Note"),
    (SKOS + "notation", "Notation"),
    (SKOS + "editorialNote", "Curators' note"),
    (SKOS + "broadMatch", "Kind that spans the sources"),
    (CU + "stepOrder", "Order"),
)
#: How a term is mapped to those of other vocabularies.
_ELSEWHERE = (
    (SKOS + "exactMatch", "The same elsewhere"),
    (SKOS + "closeMatch", "Close to it elsewhere"),
    (SKOS + "broadMatch", "Broader elsewhere"),
    (SKOS + "narrowMatch", "Narrower elsewhere"),
)
_MATCHES = {predicate for predicate, _ in _ELSEWHERE}


async def make(visit: Visit, iri: str) -> Sheet:
    """Return the page of a class, property, concept or scheme."""
    data, say = visit.data, visit.say
    facts = Facts({**row, "s": Term(iri, True)} for row in await data.rows("own", it=iri))
    types = set(facts.iris(iri, RDF + "type"))
    examples = (
        "instances" if OWL + "Class" in types
        else "uses-of-property" if types & set(PROPERTIES)
        else ""
    )  # fmt: skip
    around, mentions, curated, *found = await asyncio.gather(
        *(
            data.rows(n, it=iri)
            for n in ("around-term", "mentions-some", "curated-mentions", examples)
            if n
        )
    )
    above = sorted({r["other"].value for r in around if r["how"].value == "above"})
    below = sorted({r["other"].value for r in around if r["how"].value == "below"})
    things = [r["s"].value for r in found[0]] if examples == "instances" else []
    pairs = found[0] if examples == "uses-of-property" else []
    situations = sorted({r["s"].value for r in [*mentions, *curated]})
    more = facts.mentioned() | {iri, *above, *below, *things}
    more |= {t.value for r in pairs for t in r.values() if t.is_iri}
    said = await said_in(data, situations[:_USES], sorted(more))
    names = said.names
    label = names(iri)
    texts = {
        key: facts.text(iri, SKOS + key, visit.lang)
        or facts.text(iri, RDFS + "comment", visit.lang)
        if key == "definition"
        else facts.text(iri, SKOS + key, visit.lang)
        for key in ("definition", "example")
    }
    same = facts.iris(iri, SCHEMA + "sameAs", SKOS + "exactMatch")
    return Sheet(
        "term.html",
        label,
        texts["definition"].value
        if texts["definition"]
        else say("A term of the theory: {name}.", name=label),
        {
            "iri": iri,
            "label": label,
            "code": compact(iri),
            "kinds": [
                Value(
                    names(t) if t.startswith(BASE) else compact(t),
                    href(t) if t.startswith(BASE) else "",
                )
                for t in sorted(types - {SKOS + "Concept"})
            ],
            "texts": texts,
            "also": facts.all(iri, SKOS + "altLabel"),
            "links": facts.iris(iri, SCHEMA + "sameAs"),
            "rows": _rows(visit, facts, names, iri),
            "above": [value(names, i) for i in above],
            "below": [value(names, i) for i in below],
            "drawing": terms.draw(
                [(names(i), href(i)) for i in above],
                (label, ""),
                [(names(i), href(i)) for i in below[:25]],
                say("What is around {name}", name=label),
                say("Broader above, narrower below."),
            ),
            "things": [value(names, i) for i in things],
            "pairs": [(_cell(names, r["a"]), _cell(names, r["b"])) for r in pairs],
            "statements": [said.statement(s) for s in situations[:_USES]],
            "uses": len(situations),
            "questions": questions_with(iri),
        },
        crumbs=_crumbs(visit, iri),
        json=lambda: {
            "iri": iri,
            "label": label,
            "definition": texts["definition"].value if texts["definition"] else None,
            "above": above,
            "below": below,
            "statements": [said.as_data(s) for s in said.claims],
        },
        schema={
            "@type": "DefinedTerm",
            "@id": iri,
            "name": label,
            "description": texts["definition"].value if texts["definition"] else label,
            **({"sameAs": same} if same else {}),
        },
    )


def questions_with(iri: str) -> list[Question]:
    """Return the questions of the catalogue whose query names a term."""
    name = re.compile(re.escape(compact(iri)) + r"(?![\w-])")
    return [q for q in catalogue().values() if name.search(q.text)]


def _crumbs(visit: Visit, iri: str) -> list[tuple[str, str]]:
    crumbs = [(visit.say("Theory"), "/theory")]
    if iri.startswith(CU):
        crumbs.append((visit.say("Ontology"), "/ontology/"))
    elif iri.startswith(CUV):
        crumbs.append((visit.say("Concept schemes"), "/vocab/"))
    return crumbs


def _rows(visit: Visit, facts: Facts, names: Names, iri: str) -> list[tuple[str, list[Value]]]:
    rows = []
    for predicate, heading in _SHOWN:
        found = [t for t in facts.all(iri, predicate) if predicate not in _MATCHES or _own(t)]
        plain = [t for t in found if not t.is_iri]
        if plain:
            text = facts.text(iri, predicate, visit.lang)
            found = [text] if text else []
        shown = [_cell(names, t) for t in found if "/.well-known/genid/" not in t.value]
        if shown:
            rows.append((visit.say(heading), shown))
    for predicate, heading in _ELSEWHERE:
        away = [t.value for t in facts.all(iri, predicate) if t.is_iri and not _own(t)]
        if away:
            rows.append((visit.say(heading), [Value(outside(i), href(i)) for i in away]))
    return rows


def _own(found: Term) -> bool:
    return found.value.startswith(BASE)


def _cell(names: Names, found: Term) -> Value:
    return value(names, found.value) if found.is_iri else Value(found.value, lang=found.lang)
