"""Terms, prefixes and marks: what execution needs of RDF's syntax."""

from __future__ import annotations

from collections.abc import Iterable

import pyoxigraph as ox

from catchup.kg.engine.errors import EngineError
from catchup.kg.engine.model import Term
from catchup.kg.engine.rows import TRUNCATED_IRI
from catchup.kg.engine.syntax import tidy
from catchup.kg.names import PREFIXES


def declare(body: bytes, format_: str) -> bytes:
    """Say in an RDF body, as a comment, that it was cut (JSON-LD has no comments)."""
    if format_ == "jsonld":
        return body
    if format_ == "rdfxml":
        return body + f"\n<!-- cut, see {TRUNCATED_IRI} -->\n".encode()
    return body + f"# cut, see {TRUNCATED_IRI}\n".encode()


def used_prefixes(triples: Iterable[ox.Triple]) -> dict[str, str]:
    """Return those of our prefixes that `triples` use."""
    used: set[str] = set()
    for triple in triples:
        for term in (triple.subject, triple.predicate, triple.object):
            if isinstance(term, ox.NamedNode):
                used.add(_namespace(term.value))
            elif isinstance(term, ox.Literal):
                used.add(_namespace(term.datatype.value))
    return {prefix: namespace for prefix, namespace in PREFIXES.items() if namespace in used}


def _namespace(iri: str) -> str:
    return iri[: max(iri.rfind("/"), iri.rfind("#")) + 1]


def named_node(iri: str) -> ox.NamedNode:
    """Return the IRI as a node; raises EngineError when it is none."""
    try:
        return ox.NamedNode(iri)
    except ValueError:
        raise EngineError(
            f"<{tidy(iri)}> is not an absolute IRI.", remedy="Give it whole, with its scheme."
        ) from None


def to_term(term: Term) -> ox.NamedNode | ox.Literal:
    """Return a term of the JSON results format as a node; raises EngineError when it is none."""
    if term["type"] == "uri":
        return named_node(term["value"])
    try:
        if "xml:lang" in term:
            return ox.Literal(term["value"], language=term["xml:lang"])
        if "datatype" in term:
            return ox.Literal(term["value"], datatype=named_node(term["datatype"]))
    except ValueError:
        raise EngineError(f"{tidy(term['value'])!r} is not a literal.") from None
    return ox.Literal(term["value"])


def terms(substitutions: dict[str, Term]) -> dict[str, str]:
    """Return the terms in SPARQL syntax, by the engine's own serialiser."""
    for name in substitutions:
        if not name.isidentifier():
            raise EngineError(f"{tidy(name)!r} is not the name of a variable.")
    return {name: str(to_term(term)) for name, term in substitutions.items()}
