"""Values for the parameters of catalogue questions: texts from people to RDF terms.

A node may be given by local name, IRI, label (any language) or identifier (Wikidata's included). The
term is bound by the engine; no text is ever pasted into a query.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Mapping

from catchup.kg import names
from catchup.kg.catalogue import Parameter, Question
from catchup.kg.engine.model import Term, iri_term, literal_term
from catchup.kg.errors import InputError, NotFound, Where
from catchup.kg.search import by_identifier, search, types_of
from catchup.kg.text import norm

#: Classes of everything: a parameter of such a class takes any node.
ANYTHING = (names.OWL + "Thing", names.RDFS + "Resource")
LEXICAL = {
    "integer": re.compile(r"[+-]?[0-9]{1,18}\Z"),
    "decimal": re.compile(r"[+-]?[0-9]{1,30}(\.[0-9]{1,30})?\Z"),
    "boolean": re.compile(r"(true|false)\Z"),
}


def bind(
    question: Question, given: Mapping[str, str], index: sqlite3.Connection
) -> dict[str, Term]:
    """Return the terms for the variables of `question`: those given, else the defaults.

    Raises NotFound (with the nearest) for a node that does not exist, InputError for a parameter
    that the question does not take, lacks, or that is of the wrong type.
    """
    known = {p.name: p for p in question.parameters}
    for name in given:
        if name not in known:
            listed = ", ".join(known) or "none"
            raise InputError(
                f"'{question.name}' takes no parameter '{name}'.",
                where=Where(field=name),
                remedy=f"It takes: {listed}.",
            )
    bound = {}
    for parameter in question.parameters:
        text = given.get(parameter.name, "").strip() or parameter.default
        if text is not None:
            bound[parameter.name] = term(parameter, text, index)
        elif not parameter.optional:
            raise InputError(
                f"'{question.name}' needs the parameter '{parameter.name}'.",
                where=Where(field=parameter.name),
                remedy=parameter.description,
            )
    return bound


def term(parameter: Parameter, text: str, index: sqlite3.Connection) -> Term:
    """Return `text` as a term of the parameter's type. Raises NotFound or InputError."""
    if parameter.cls:
        cls = "" if parameter.cls in ANYTHING else parameter.cls
        return iri_term(resolve(text, cls, index, parameter.name))
    datatype = parameter.datatype or names.XSD + "string"
    rule = LEXICAL.get(datatype.removeprefix(names.XSD))
    if rule and not rule.match(text):
        raise InputError(
            f"'{text[:80]}' is no value of '{parameter.name}'.",
            where=Where(field=parameter.name),
            remedy=f"Give a value of type {names.compact(datatype)}.",
        )
    return literal_term(text, "" if datatype == names.XSD + "string" else datatype)


def resolve(text: str, cls: str, index: sqlite3.Connection, field: str = "") -> str:
    """Return the IRI of the node of class `cls` ("": any) that `text` names.

    An IRI or prefixed name comes before a local name, that before identifiers and labels. Raises
    NotFound with the nearest names, InputError when several nodes have the name.
    """
    kind = names.compact(cls) if cls else "thing"
    for candidates in _candidates(text, index):
        types = types_of(index, candidates)
        found = [
            i for i in dict.fromkeys(candidates) if (cls in types.get(i, ()) if cls else i in types)
        ]
        if len(found) == 1:
            return found[0]
        if found:
            listed = ", ".join(names.compact(i) for i in found[:5])
            raise InputError(
                f"Several things are called '{text[:80]}' ({kind}).",
                where=Where(field=field),
                remedy=f"Give one of {listed}.",
            )
    near = search(index, text, limit=3, types=[cls] if cls else ())
    listed = ", ".join(f"'{h.iri.rsplit('/', 1)[-1]}' ({h.label})" for h in near)
    raise NotFound(
        f"There is no {kind} '{text[:80]}'.",
        where=Where(field=field),
        remedy=f"Nearest: {listed}." if near else "",
    )


def _candidates(text: str, index: sqlite3.Connection) -> Iterator[list[str]]:
    """Yield the IRIs that `text` may stand for, the surest way of naming first."""
    if text.startswith(("http://", "https://")):
        yield [text]
        yield by_identifier(index, text)
        return
    prefix, colon, _ = text.partition(":")
    if colon and prefix in names.PREFIXES:
        yield [names.expand(text)]
        yield by_identifier(index, names.expand(text))
        return
    for space in (names.D, names.CUV, names.CU):
        yield [space + text]
    rows = index.execute(
        "SELECT DISTINCT iri FROM names WHERE norm = ? AND field IN ('label', 'altLabel')",
        (norm(text),),
    )
    yield [*by_identifier(index, text), *(iri for (iri,) in rows)]
