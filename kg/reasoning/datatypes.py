"""Which literals are values of a datatype (OWL 2 datatype map, XML Schema 1.1 part 2)."""

from __future__ import annotations

import re

from pyoxigraph import Literal, NamedNode

from catchup.kg.names import RDF, RDFS, XSD, compact
from catchup.kg.reasoning.expressions import Term

_INTEGER = r"[+-]?[0-9]+"
_DECIMAL = r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)"
_DOUBLE = rf"({_DECIMAL})([eE][+-]?[0-9]+)?|[+-]?INF|NaN"
_DATE = r"-?[0-9]{4,}-[0-9]{2}-[0-9]{2}"
_TIME = r"[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})?"
_FORMS = {
    "integer": _INTEGER,
    "nonNegativeInteger": r"\+?[0-9]+|-0+",
    "positiveInteger": r"\+?0*[1-9][0-9]*",
    "decimal": _DECIMAL,
    "double": _DOUBLE,
    "float": _DOUBLE,
    "boolean": r"true|false|0|1",
    "dateTime": rf"{_DATE}T{_TIME}",
    "string": r"(?s).*",
    "anyURI": r"(?s).*",
}
#: Datatypes whose values are also values of the one named, in the OWL 2 datatype map.
_WITHIN = {
    "decimal": {"decimal", "integer", "nonNegativeInteger", "positiveInteger"},
    "integer": {"integer", "nonNegativeInteger", "positiveInteger"},
    "nonNegativeInteger": {"nonNegativeInteger", "positiveInteger"},
}
_ANY = {RDFS + "Literal"}
_TEXT = {RDF + "langString", RDF + "PlainLiteral"}


def misfit(value: Term, datatype: NamedNode) -> str:
    """Return why `value` is no value of `datatype`, or "" when it is or cannot be told."""
    if not isinstance(value, Literal):
        return f"a value must be a literal of {compact(datatype.value)}"
    own = value.datatype.value
    name = own.removeprefix(XSD)
    form = _FORMS.get(name) if own.startswith(XSD) else None
    if form and not re.fullmatch(form, value.value):
        return f"this is not how a {compact(own)} is written"
    wanted = datatype.value
    if wanted in _ANY or (wanted in _TEXT and (value.language or own == XSD + "string")):
        return ""
    target = wanted.removeprefix(XSD)
    if own == wanted or (own.startswith(XSD) and name in _WITHIN.get(target, ())):
        return ""
    if own.startswith(XSD) and target in ("integer", "nonNegativeInteger", "positiveInteger"):
        whole = re.fullmatch(r"([+-]?[0-9]+)(\.0*)?", value.value)
        if whole and name in ("decimal", *_WITHIN["decimal"]):
            number = int(whole.group(1))
            least = {"integer": None, "nonNegativeInteger": 0, "positiveInteger": 1}[target]
            if least is None or number >= least:
                return ""
    given = f"@{value.language}" if value.language else compact(own)
    return f"a value must be of {compact(wanted)}, not {given}"
