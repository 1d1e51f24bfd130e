"""The mapping tables as the named graph `links`, and the rule that each link has its row.

Identity is schema:sameAs, declared an annotation: it neither merges individuals (owl:sameAs
would) nor makes a firm a concept (skos:exactMatch would).
"""

from __future__ import annotations

from collections.abc import Iterable

import pyoxigraph as ox

from catchup.kg import names
from catchup.kg.errors import Problem
from catchup.kg.linking.sssom import NAMESPACES, SAME, MappingSet, Match
from catchup.kg.reading import files
from catchup.kg.reading.positions import Positions

#: Schemes whose identifiers have no page of their own, so they are written as texts.
CODES = ("grid", "lei", "fundref")
GRAPH = ox.NamedNode(names.graph_iri("links"))
_IDENTIFIER = ox.NamedNode(names.DCTERMS + "identifier")
_SAME = ox.NamedNode(names.SCHEMA + "sameAs")
_ISIC = ox.NamedNode(NAMESPACES["isic4"] + "scheme")


def quads(sets: Iterable[MappingSet], positions: Positions) -> list[ox.Quad]:
    """Return the quads of the graph `links`, recording where each subject was written.

    An ISIN names a share and not the firm, so it stays in the table. A class of ISIC comes with its
    code and title, so that a query can ask for them.
    """
    found: dict[ox.Quad, None] = {}
    for table in sets:
        for row in table.rows:
            quad = _quad(table, row)
            if quad is not None:
                found |= dict.fromkeys([quad, *_class(table, row)])
                positions.add(table.expand(row.subject_id), quad.predicate.value, row.where)
    return list(found)


def read_links() -> list[MappingSet]:
    """Return the mapping tables of the checkout."""
    from catchup.kg.linking.sssom import read_folder

    return read_folder(files.LINKS, files.ROOT)


def without_row(links: Iterable[ox.Quad], asserted: Iterable[ox.Quad]) -> list[str]:
    """Return the subjects of the schema:sameAs among `asserted` for which `links` has no row."""
    known = {(q.subject, q.object) for q in links if q.predicate == _SAME}
    return sorted(
        {
            str(q.subject)
            for q in asserted
            if q.predicate == _SAME and (q.subject, q.object) not in known
        }
    )


def problems_of(
    sets: Iterable[MappingSet], asserted: Iterable[ox.Quad], known: set[str], positions: Positions
) -> list[Problem]:
    """Return what is wrong with the tables as links of this graph.

    That is: problems of form, subjects that nothing declares, and schema:sameAs in `asserted`
    (quads of other graphs) without a row.
    """
    found: list[Problem] = []
    sets = list(sets)
    for table in sets:
        found += table.problems
        for row in table.rows:
            iri = table.expand(row.subject_id)
            if iri not in known:
                detail = f"{row.subject_id} is declared nowhere."
                found.append(Problem(detail, row.where, "Declare the entity, or mend the id."))
    links = quads(sets, Positions())
    for subject in without_row(links, asserted):
        iri = subject.strip("<>")
        found.append(
            Problem(
                f"schema:sameAs of {names.compact(iri)} has no row in kg/links.",
                positions.of(iri, _SAME.value),
                "Add the row with its evidence, or leave the link out.",
            )
        )
    return found


def _quad(table: MappingSet, row: Match) -> ox.Quad | None:
    if not row.found or row.scheme == "isin":
        return None
    subject = ox.NamedNode(table.expand(row.subject_id))
    if row.scheme in CODES:
        if row.predicate_id != SAME:
            return None
        return ox.Quad(subject, _IDENTIFIER, ox.Literal(row.local), GRAPH)
    target = ox.NamedNode(table.expand(row.object_id))
    return ox.Quad(subject, ox.NamedNode(table.expand(row.predicate_id)), target, GRAPH)


def _class(table: MappingSet, row: Match) -> list[ox.Quad]:
    if row.scheme != "isic4":
        return []
    node = ox.NamedNode(table.expand(row.object_id))
    said: dict[str, ox.NamedNode | ox.Literal] = {
        names.RDF + "type": ox.NamedNode(names.SKOS + "Concept"),
        names.SKOS + "notation": ox.Literal(row.local),
        names.SKOS + "prefLabel": ox.Literal(row.object_label, language="en"),
        names.SKOS + "inScheme": _ISIC,
    }
    return [ox.Quad(node, ox.NamedNode(p), o, GRAPH) for p, o in said.items()]
