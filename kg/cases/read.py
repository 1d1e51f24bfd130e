"""Reading a case in any of its formats into quads with places.

Nothing is ever fetched: JSON-LD may name our own context, which is bundled, and no other.
"""

from __future__ import annotations

import json
import re
from typing import Any

import pyoxigraph as ox

from catchup.kg import names
from catchup.kg.cases.formats import CaseFormat, refuse_large
from catchup.kg.cases.places import NAMELESS, jsonld_places, turtle_places
from catchup.kg.errors import Problem, SyntaxProblem, Where
from catchup.kg.reading.context import Context
from catchup.kg.reading.entry import Loaded, read_entry
from catchup.kg.reading.sheet import read_csv, read_workbook

CONTEXT_IRI = names.BASE + "ontology/context.jsonld"
CASE_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,59}\Z")
RDF = {"turtle": ox.RdfFormat.TURTLE, "trig": ox.RdfFormat.TRIG, "jsonld": ox.RdfFormat.JSON_LD}
HEADER = {
    names.DCTERMS + "title": "title",
    names.DCTERMS + "creator": "creator",
    names.DCTERMS + "license": "licence",
}


def read_case(content: bytes, format: CaseFormat, file: str, context: Context) -> Loaded:
    """Read the case `content`; `file` names it in messages and is never opened.

    What is wrong with single fields is in the result's `problems`. Raises TooLarge, and
    SyntaxProblem (with line and column) when the whole cannot be read.
    """
    refuse_large(len(content))
    if format.name == "xlsx":
        return read_workbook(content, file, context)
    text = _decode(content, file)
    if format.name == "csv":
        return read_csv(text, file, context)
    if format.name == "yaml":
        return read_entry(text, file, context)
    return _read_rdf(text, format.name, file, context)


def _decode(content: bytes, file: str) -> str:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise SyntaxProblem(
            f"The file is not valid UTF-8 at byte {error.start}.",
            where=Where(file, line),
            remedy="Save it as UTF-8 (in a spreadsheet program: 'CSV UTF-8').",
        ) from None
    if "\x00" in text:
        line = text.count("\n", 0, text.index("\x00")) + 1
        raise SyntaxProblem(
            "The file holds a NUL character: it is no text.",
            where=Where(file, line),
            remedy="Save it as UTF-8 text.",
        )
    return text


def _read_rdf(text: str, name: str, file: str, context: Context) -> Loaded:
    source = _with_bundled_context(text, file, context) if name == "jsonld" else text
    try:
        quads = list(ox.parse(source.encode(), format=RDF[name], rename_blank_nodes=True))
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None) if name != "jsonld" else None
        column = getattr(error, "offset", None) if name != "jsonld" else None
        said = str(getattr(error, "msg", error)).split(" on line")[0].rstrip(".")
        said = re.sub(r"^Parser error (at|between) .*?: ", "", said)
        raise SyntaxProblem(
            f"This is not {name}: {said}.",
            where=Where(file, line, column),
            remedy="Mind the punctuation, quotes and prefixes in and before that place.",
        ) from None
    places = jsonld_places(text, file, context) if name == "jsonld" else turtle_places(text, file)
    return _one_graph(quads, file, places)


def _one_graph(quads: list[ox.Quad], file: str, places: Any) -> Loaded:
    """Gather the quads into the case's graph, its header and its problems."""
    out = Loaded("", positions=places)
    graphs = {q.graph_name.value for q in quads if isinstance(q.graph_name, ox.NamedNode)}
    graphs |= {str(q.subject.value) for q in quads if _is_graph(q.subject)}  # type: ignore[union-attr]
    case = names.G + "case-"
    for other in sorted(g for g in graphs if not g.startswith(case)):
        out.problems.append(
            Problem(
                f"The graph <{other}> is not the case's own.",
                Where(file),
                f"Write into the graph g:case-ID (<{case}ID>), or into none.",
            )
        )
    mine = sorted(g for g in graphs if g.startswith(case))
    if len(mine) > 1:
        named = ", ".join(names.compact(g) for g in mine)
        out.problems.append(
            Problem(f"The file speaks of several cases: {named}.", Where(file), "One file a case.")
        )
    if mine:
        out.header["id"] = mine[0].removeprefix(case)
    for quad in quads:
        if _is_graph(quad.subject):
            key = HEADER.get(quad.predicate.value)
            value = quad.object
            if key and isinstance(value, ox.NamedNode | ox.Literal):
                out.header[key] = value.value
            continue
        for node in (quad.subject, quad.object):
            if isinstance(node, ox.BlankNode):
                out.problems.append(
                    Problem(
                        "A node has no id.",
                        places.of(quad.subject.value, quad.predicate.value)
                        if isinstance(quad.subject, ox.NamedNode)
                        else places.of(NAMELESS, None),
                        "Give every node an IRI of its own, so that others can refer to it.",
                    )
                )
                break
        else:
            out.quads.append(quad)
    out.problems = list(dict.fromkeys(out.problems))
    return out


def _is_graph(node: object) -> bool:
    return isinstance(node, ox.NamedNode) and node.value.startswith(names.G)


def _with_bundled_context(text: str, file: str, context: Context) -> str:
    """Return the JSON-LD with our context put in; raises SyntaxProblem for any other context."""
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise SyntaxProblem(
            f"This is not JSON: {error.msg}.",
            where=Where(file, error.lineno, error.colno),
            remedy="Mind commas, quotes and brackets.",
        ) from None
    except RecursionError:
        raise SyntaxProblem(
            "The JSON is nested too deeply.",
            where=Where(file),
            remedy="A case nests at most a few levels.",
        ) from None
    if not isinstance(document, dict | list):
        raise SyntaxProblem("The JSON is no object.", where=Where(file, 1, 1))
    bundled = context.as_jsonld()["@context"]
    if isinstance(document, list):
        document = {"@graph": document}
    given = document.get("@context", CONTEXT_IRI)
    contexts = given if isinstance(given, list) else [given]
    document["@context"] = [bundled if c == CONTEXT_IRI else c for c in contexts]
    _refuse_remote(document, file)
    document["@context"].append({"@base": names.D})
    return json.dumps(document)


def _refuse_remote(document: dict[str, Any], file: str) -> None:
    todo: list[Any] = [document]
    while todo:
        node = todo.pop()
        if isinstance(node, list):
            todo += node
        if not isinstance(node, dict):
            continue
        contexts = node.get("@context", [])
        for context in contexts if isinstance(contexts, list) else [contexts]:
            named = context if isinstance(context, str) else None
            if isinstance(context, dict) and isinstance(context.get("@import"), str):
                named = context["@import"]
            if named is not None:
                raise SyntaxProblem(
                    f"The context '{named}' is not fetched: nothing is.",
                    where=Where(file, field="@context"),
                    remedy=f'Use "@context": "{CONTEXT_IRI}", which is bundled.',
                )
        todo += node.values()
