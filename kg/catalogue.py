"""The catalogue of questions: one query a file in the form of SIB's sparql-examples.

A query's parameters are `sh:parameter` nodes: `sh:name` is the variable, `sh:datatype` or
`sh:class` its type, `sh:defaultValue` the value taken when none is given, `sh:optional true` where
leaving it open is meaningful. Values are bound as RDF terms by the engine, never pasted into text.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from rapidfuzz import process

from catchup.kg import names
from catchup.kg.errors import InputError, NotFound
from catchup.kg.reading.files import QUERIES, parse_turtle
from catchup.kg.terms import Node, node, value

PREFIX_FILE = "prefixes.ttl"
TRUE = ("true", "1")
#: Where a query has no prefixed names: IRIs, strings, comments (SPARQL 1.1, 19.8).
NO_NAMES = re.compile(
    r"<[^<>\s]*>"
    r'|"""(?:[^"\\]|\\.|"(?!""))*"""'
    r"|\'\'\'(?:[^\'\\]|\\.|\'(?!\'\'))*\'\'\'"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|\'(?:[^\'\\\n]|\\.)*\'"
    r"|#[^\n]*"
)


@dataclass(frozen=True)
class Parameter:
    """A typed parameter of a query: `datatype` (an IRI) for values, `cls` for nodes."""

    name: str
    description: str
    datatype: str
    cls: str
    default: str | None
    optional: bool


@dataclass(frozen=True)
class Question:
    """A question of the catalogue with its query and what it takes."""

    name: str
    identifier: str
    question: str
    keywords: tuple[str, ...]
    text: str
    form: str
    parameters: tuple[Parameter, ...]
    expected: str
    grounds: str
    file: Path

    @property
    def query(self) -> str:
        """The query with the catalogue's prefixes declared, ready for any engine."""
        return declared(self.text)


@cache
def catalogue() -> dict[str, Question]:
    """Return all questions by name, in the order of their identifiers."""
    found = [read_question(p) for p in sorted(QUERIES.glob("*.ttl")) if p.name != PREFIX_FILE]
    return {q.name: q for q in sorted(found, key=lambda q: (_number(q.identifier), q.name))}


@cache
def federated() -> dict[str, Question]:
    """Return the questions that also ask another endpoint (spex:federatesWith), by name.

    They are not in `catalogue`: they answer only where CATCHUP_SERVICES lists that endpoint.
    """
    found = [read_question(p) for p in sorted((QUERIES / "federated").glob("*.ttl"))]
    return {q.name: q for q in sorted(found, key=lambda q: (_number(q.identifier), q.name))}


def question(name: str) -> Question:
    """Return the question called `name` (or its identifier, such as CQ-14).

    Raises NotFound with the nearest name.
    """
    known = {**catalogue(), **federated()}
    if name in known:
        return known[name]
    for one in known.values():
        if one.identifier.lower() == name.lower():
            return one
    near = process.extractOne(name, list(known), score_cutoff=50)
    remedy = f"Did you mean '{near[0]}'?" if near else "'/queries' lists them."
    raise NotFound(f"There is no question '{name}' in the catalogue.", remedy=remedy)


def read_question(path: Path) -> Question:
    """Read the question in the file `path`. Raises InputError when it lacks a query or a comment."""
    said: dict[str, dict[str, list[Node]]] = defaultdict(lambda: defaultdict(list))
    for triple in parse_turtle(path):
        said[value(triple.subject)][triple.predicate.value].append(node(triple.object))
    iri = names.Q + path.stem
    own = said.get(iri)
    if own is None:
        raise InputError(f"{path.name} says nothing about {names.compact(iri)}.")
    forms = {"select": "SELECT", "ask": "ASK", "construct": "CONSTRUCT", "describe": "DESCRIBE"}
    form = next((f for f in forms if own.get(names.SH + f)), "")
    if not form or not own.get(names.RDFS + "comment"):
        raise InputError(f"{path.name} has no query, or no comment that says what it returns.")
    parameters = [_parameter(said[n.value]) for n in own.get(names.SH + "parameter", [])]
    return Question(
        name=path.stem,
        identifier=_text(own, names.DCTERMS + "identifier"),
        question=_text(own, names.RDFS + "comment"),
        keywords=tuple(sorted(k.value for k in own.get(names.SCHEMA + "keywords", []))),
        text=own[names.SH + form][0].value.strip(),
        form=forms[form],
        parameters=tuple(sorted(parameters, key=lambda p: p.name)),
        expected=_text(own, names.CU + "expectedResult"),
        grounds=_text(own, names.SKOS + "note"),
        file=path,
    )


def declared(text: str, prefixes: Mapping[str, str] = names.PREFIXES) -> str:
    """Return the query `text` with those of `prefixes` declared that it uses but does not declare.

    The declarations go on the first line, so that line numbers of errors stay.
    """
    said = set(re.findall(r"\bPREFIX\s+([\w-]*):", text, re.IGNORECASE))
    used = set(re.findall(r"(?<![\w:-])([A-Za-z][\w-]*):", NO_NAMES.sub(" ", text)))
    wanted = [p for p in prefixes if p in used - said]
    return "".join(f"PREFIX {p}: <{prefixes[p]}> " for p in wanted) + text


def _parameter(said: Mapping[str, list[Node]]) -> Parameter:
    default = said.get(names.SH + "defaultValue")
    return Parameter(
        name=_text(said, names.SH + "name"),
        description=_text(said, names.SH + "description"),
        datatype=_text(said, names.SH + "datatype"),
        cls=_text(said, names.SH + "class"),
        default=default[0].value if default else None,
        optional=_text(said, names.SH + "optional") in TRUE,
    )


def _text(said: Mapping[str, list[Node]], predicate: str) -> str:
    values = said.get(predicate)
    return values[0].value if values else ""


def _number(identifier: str) -> int:
    digits = re.sub(r"\D", "", identifier)
    return int(digits) if digits else 10**6
