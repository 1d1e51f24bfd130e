"""The questions in the OpenAPI document: each with its parameters, their types and an example."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from catchup.kg.catalogue import Parameter, Question
from catchup.kg.engine.formats import FORMATS
from catchup.kg.names import XSD, compact

_TYPES = {
    XSD + "integer": "integer",
    XSD + "gYear": "integer",
    XSD + "decimal": "number",
    XSD + "boolean": "boolean",
}
_PROBLEM = {
    "description": "A problem (RFC 9457)",
    "content": {"application/problem+json": {"schema": {"type": "object"}}},
}
_ROWS = [
    {
        "name": "limit", "in": "query", "required": False,
        "description": "Rows of a page; the header Link has the next page.",
        "schema": {"type": "integer", "minimum": 1, "maximum": 100_000}, "example": 20,
    },
    {
        "name": "offset", "in": "query", "required": False,
        "description": "Rows before the page.",
        "schema": {"type": "integer", "minimum": 0, "default": 0},
    },
]  # fmt: skip


def paths(questions: Iterable[Question]) -> dict[str, Any]:
    """Return the path items of the list and of every question."""
    listing = {
        "summary": "The questions of the catalogue with their parameters",
        "tags": ["questions"],
        "responses": {
            "200": {"description": "The list", "content": {"application/json": {}}},
        },
    }
    found: dict[str, Any] = {"/queries": {"get": listing}}
    for asked in questions:
        found[f"/queries/{asked.name}.{{format}}"] = {"get": _operation(asked)}
    return found


def _operation(asked: Question) -> dict[str, Any]:
    table = asked.form in ("SELECT", "ASK")
    formats = [f for f in FORMATS.values() if f.family == ("results" if table else "rdf")]
    suffixes = [f.suffix[1:] for f in formats]
    format_ = {
        "name": "format", "in": "path", "required": True,
        "schema": {"type": "string", "enum": suffixes},
        "example": "csv" if table else "ttl",
    }  # fmt: skip
    rows = _ROWS if asked.form == "SELECT" else []
    return {
        "summary": asked.question,
        "operationId": asked.name,
        "tags": ["questions"],
        "parameters": [format_, *(_parameter(p) for p in asked.parameters), *rows],
        "responses": {
            "200": {
                "description": "The answer",
                "content": {f.media_type: {} for f in formats},
            },
            "404": _PROBLEM,
            "422": _PROBLEM,
        },
    }


def _parameter(parameter: Parameter) -> dict[str, Any]:
    what = parameter.description
    schema: dict[str, Any] = {"type": _TYPES.get(parameter.datatype, "string")}
    if parameter.cls:
        what += f" A {compact(parameter.cls)}, by local name, IRI, label or Wikidata id."
    out: dict[str, Any] = {
        "name": parameter.name,
        "in": "query",
        "required": parameter.default is None and not parameter.optional,
        "description": what.strip(),
        "schema": schema,
    }
    if parameter.default is not None:
        shown = parameter.default.rsplit("/", 1)[-1] if parameter.cls else parameter.default
        schema["default"] = shown
        out["example"] = shown
    return out
