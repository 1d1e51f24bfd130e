"""Canonical forms of the files in the repository: Turtle and YAML."""

from __future__ import annotations

import json
from pathlib import Path

import rdflib

from catchup.kg import names
from catchup.kg.errors import SyntaxProblem, Where
from catchup.kg.reading.files import load_context, parse_turtle
from catchup.kg.reading.tree import Mapping, read_tree
from catchup.kg.reading.write import render_file


def canonical(path: Path) -> str:
    """Return the canonical form of the Turtle or YAML file at `path`.

    Raises SyntaxProblem (line, column) when it cannot be read.
    """
    text = path.read_text(encoding="utf-8")
    return canonical_turtle(text, path) if path.suffix == ".ttl" else canonical_entry(text, path)


def canonical_entry(text: str, path: Path) -> str:
    """Return the canonical form of an entry in the authoring format."""
    problems: list[object] = []
    tree = read_tree(text, str(path), problems)  # type: ignore[arg-type]
    if problems:
        raise SyntaxProblem(str(problems[0]))
    if not isinstance(tree, Mapping):
        raise SyntaxProblem("The entry is empty or not a block of keys.", where=Where(str(path), 1))
    return render_file(text, tree)


def canonical_turtle(text: str, path: Path) -> str:
    """Return Turtle with the common prefixes, subjects and properties in a stable order.

    Comments at the head of the file stay; others go, since they belong to no triple.
    """
    for _ in parse_turtle(path):  # reports line and column, which rdflib does not
        pass
    rdflib.NORMALIZE_LITERALS = False
    graph = rdflib.Graph(bind_namespaces="none")
    for prefix, namespace in names.PREFIXES.items():
        graph.bind(prefix, namespace, override=True)
    graph.parse(data=text, format="turtle")
    written = graph.serialize(format="longturtle", canon=True)
    head = []
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        head.append(line)
    body = written.strip() + "\n"
    return "\n".join(head) + "\n\n" + body if head else body


def context_document() -> str:
    """Return the text of ontology/context.jsonld, made from the ontology."""
    return json.dumps(load_context().as_jsonld(), indent=1, ensure_ascii=False) + "\n"
