"""Answers of the engine as plain Python values."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from catchup.kg import names

Value = str | int | float | bool | Decimal | date | None

_WHOLE = frozenset(
    names.XSD + n
    for n in ("integer", "int", "long", "short", "nonNegativeInteger", "positiveInteger", "gYear")
)
_REAL = frozenset(names.XSD + n for n in ("double", "float"))


def python_value(term: Mapping[str, str]) -> Value:
    """Return a term of the SPARQL JSON results as a Python value.

    IRIs and texts become `str`; whole numbers and years `int`, decimals `Decimal`, doubles
    `float`, booleans `bool`, dates `date`. A literal that its type does not allow stays text.
    """
    text, datatype = term["value"], term.get("datatype", "")
    convert: Callable[[str], Value] | None = None
    if datatype in _WHOLE:
        convert = int
    elif datatype == names.XSD + "decimal":
        convert = Decimal
    elif datatype in _REAL:
        convert = float
    elif datatype == names.XSD + "boolean":
        return text in ("true", "1")
    elif datatype == names.XSD + "date":
        convert = date.fromisoformat
    try:
        return convert(text) if convert else text
    except (ValueError, InvalidOperation):
        return text


def table(body: bytes) -> tuple[list[str], list[dict[str, dict[str, str]]]]:
    """Return the columns of a SPARQL JSON answer and its rows of terms.

    An ASK answer is one row with the column `answer`.
    """
    data: dict[str, Any] = json.loads(body)
    if "boolean" in data:
        answer = {"type": "literal", "value": str(data["boolean"]).lower()}
        return ["answer"], [{"answer": {**answer, "datatype": names.XSD + "boolean"}}]
    return data["head"]["vars"], data["results"]["bindings"]
