"""A triple as people write it: prefixed names, IRIs, literals."""

from __future__ import annotations

import re

import pyoxigraph as ox
from pyoxigraph import Literal, NamedNode

from catchup.kg.errors import SyntaxProblem, Where
from catchup.kg.names import PREFIXES
from catchup.kg.reasoning.expressions import Fact, Term

_HEADER = "".join(f"PREFIX {name}: <{iri}>\n" for name, iri in PREFIXES.items())
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)


def parse_triple(subject: str, predicate: str, object_: str) -> Fact:
    """Return the triple that three texts name.

    Each is a prefixed name of our table, an IRI with or without angle brackets, `a` for rdf:type,
    or, as object, a literal of Turtle. Raises SyntaxProblem that names the part that is wrong.
    """
    s = parse_term(subject, "subject")
    p = parse_term(predicate, "predicate")
    if isinstance(s, Literal):
        raise _wrong(subject, "subject", "A literal has no properties.")
    if not isinstance(p, NamedNode):
        raise _wrong(predicate, "predicate", "A predicate is an IRI.")
    return (s, p, parse_term(object_, "object"))


def parse_term(text: str, field: str = "term") -> Term:
    """Return the IRI or literal that `text` names. Raises SyntaxProblem."""
    written = text.strip()
    if _SCHEME.match(written):
        written = f"<{written}>"
    line = f"{written} <x:p> <x:o> ." if field == "subject" else f"<x:s> <x:p> {written} ."
    if field == "predicate":
        line = f"<x:s> {written} <x:o> ."
    try:
        quads = list(ox.parse((_HEADER + line).encode(), format=ox.RdfFormat.TURTLE))
    except (SyntaxError, ValueError):
        raise _wrong(text, field, "It is neither a prefixed name, an IRI nor a literal.") from None
    if len(quads) != 1:
        raise _wrong(text, field, "Give one IRI or literal.")
    q = quads[0]
    term: object = {"subject": q.subject, "predicate": q.predicate}.get(field, q.object)
    if not isinstance(term, NamedNode | Literal):
        raise _wrong(text, field, "Give one IRI or literal.")
    return term


def _wrong(text: str, field: str, why: str) -> SyntaxProblem:
    known = ", ".join(f"{p}:" for p in ("d", "cu", "cuv", "g", "rdf", "skos", "prov"))
    return SyntaxProblem(
        f"'{text}' cannot be read. {why}",
        where=Where(field=field),
        remedy=f"Prefixes are {known} and the others of our table; d:huawei is an example.",
    )
