"""Findings as a SHACL validation report in RDF."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

import pyoxigraph as ox

from catchup.kg import names

SH = names.SH
REPORT = ox.NamedNode(names.BASE + ".well-known/genid/report")


def shacl_report(results: Iterable[dict[str, Any]], conforms: bool) -> list[ox.Triple]:
    """Return the report of `results` (as in `POST /cases/validate`); SHACL section 3.6.

    What the rules beyond SHACL find has no sourceShape; its place stands in the message.
    """

    def node(name: str) -> ox.NamedNode:
        return ox.NamedNode(SH + name)

    kind = ox.NamedNode(names.RDF + "type")
    boolean = ox.NamedNode(names.XSD + "boolean")
    out = [
        ox.Triple(REPORT, kind, node("ValidationReport")),
        ox.Triple(REPORT, node("conforms"), ox.Literal(str(conforms).lower(), datatype=boolean)),
    ]
    for result in results:
        digest = hashlib.sha256(repr(sorted(result.items())).encode()).hexdigest()[:24]
        one = ox.NamedNode(f"{names.BASE}.well-known/genid/{digest}")
        place = ":".join(str(result[k]) for k in ("file", "line", "column") if k in result)
        said = " ".join(x for x in (result["message"], result.get("remedy", "")) if x)
        text = f"{place}: {said}" if place else said
        severity = {"violation": "Violation", "warning": "Warning", "info": "Info"}[
            result["severity"]
        ]
        out += [
            ox.Triple(REPORT, node("result"), one),
            ox.Triple(one, kind, node("ValidationResult")),
            ox.Triple(one, node("resultSeverity"), node(severity)),
            ox.Triple(one, node("resultMessage"), ox.Literal(text, language="en")),
        ]
        for key, name in (("focus", "focusNode"), ("path", "resultPath"), ("shape", "sourceShape")):
            if key in result:
                out.append(ox.Triple(one, node(name), ox.NamedNode(result[key])))
        if "value" in result:
            iri = result["value"].startswith(("http://", "https://"))
            value = ox.NamedNode(result["value"]) if iri else ox.Literal(result["value"])
            out.append(ox.Triple(one, node("value"), value))
    return out
