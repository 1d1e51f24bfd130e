"""Where subjects and properties stand in Turtle, TriG and JSON-LD.

Parsers tell places of syntax errors only. These two scanners read a file that has parsed without
error, and remember the first place of every subject and of each of its properties.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field

from catchup.kg import names
from catchup.kg.errors import Where
from catchup.kg.reading.context import Context
from catchup.kg.reading.positions import Positions

TURTLE = re.compile(
    r"""(?P<space>\s+|\#[^\n]*)
    |(?P<iri><[^<>"{}|^`\\\s]*>)
    |(?P<string>\"\"\"(?:[^"\\]|\\.|"(?!""))*\"\"\"|'''(?:[^'\\]|\\.|'(?!''))*'''
        |"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
    |(?P<at>@[A-Za-z]+(?:-[A-Za-z0-9]+)*)
    |(?P<type>\^\^)
    |(?P<punct>[;,{}\[\]()])
    |(?P<stop>\.(?![A-Za-z0-9_%-]))
    |(?P<word>[^\s;,{}\[\]()<>"'\#]+?(?=\.?[\s;,{}\[\]()<>"'\#]|\.?\Z))""",
    re.VERBOSE,
)
JSON = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:,]|[^\s{}\[\]:,"]+|\n')

#: Under this name the first node without an IRI has its place.
NAMELESS = "_:"


def turtle_places(text: str, file: str) -> Positions:
    """Return the places of subjects and properties in the Turtle or TriG `text`."""
    found = Positions()
    prefixes: dict[str, str] = {}
    subject = predicate = ""
    depth = 0
    expect = "subject"
    pending: list[str] = []
    line, begin, last = 1, 0, 0
    for match in TURTLE.finditer(text):
        line += text.count("\n", last, match.start())
        last = match.start()
        begin = text.rfind("\n", 0, last) + 1
        kind, token = match.lastgroup, match.group()
        if kind == "space":
            continue
        if pending or token.lower() in ("@prefix", "@base", "prefix", "base"):
            pending.append(token)
            if kind == "iri":
                if len(pending) == 3:
                    prefixes[pending[1].rstrip(":")] = token[1:-1]
                pending = []
            continue
        if token == "[" or token.startswith("_:"):
            found.add(NAMELESS, None, Where(file, line, last - begin + 1))
        if token in "[(":
            depth += 1
        elif token in "])":
            depth -= 1
        elif depth:
            continue
        elif token == "{" or kind == "stop" or token == "}":
            expect = "subject"
        elif token == ";":
            expect = "predicate"
        elif kind in ("iri", "word") and expect == "subject" and token.lower() != "graph":
            subject, expect = _expand(token, prefixes), "predicate"
            found.add(subject, None, Where(file, line, last - begin + 1))
        elif kind in ("iri", "word") and expect == "predicate":
            predicate, expect = _expand(token, prefixes), "object"
            found.add(subject, predicate, Where(file, line, last - begin + 1))
    return found


def _expand(token: str, prefixes: dict[str, str]) -> str:
    if token.startswith("<"):
        return token[1:-1]
    if token == "a":
        return names.RDF + "type"
    prefix, _, local = token.partition(":")
    return prefixes.get(prefix, prefix + ":") + local.replace("\\", "")


@dataclass
class _Frame:
    where: Where
    id: str = ""
    key: str = ""
    is_list: bool = False
    keys: dict[str, Where] = field(default_factory=dict)


def jsonld_places(text: str, file: str, context: Context) -> Positions:
    """Return the places of nodes and keys in the JSON-LD `text`."""
    found = Positions()
    stack: list[_Frame] = []
    line, begin = 1, 0
    after_colon = False
    for match in JSON.finditer(text):
        token = match.group()
        where = Where(file, line, match.start() - begin + 1)
        if token == "\n":
            line, begin = line + 1, match.end()
        elif token in "{[":
            stack.append(_Frame(where, is_list=token == "["))
            after_colon = False
        elif token in "}]" and stack:
            _close(stack.pop(), found, context)
        elif token == ":":
            after_colon = True
        elif token == ",":
            after_colon = False
        elif token.startswith('"') and stack and not stack[-1].is_list:
            frame = stack[-1]
            if not after_colon:
                frame.key = json.loads(token)
                frame.keys.setdefault(frame.key, where)
            elif frame.key in ("@id", "id"):
                frame.id = json.loads(token)
    return found


def _close(frame: _Frame, found: Positions, context: Context) -> None:
    if not frame.id:
        return
    iri = _resolve(frame.id, names.D)
    found.add(iri, None, frame.where)
    for key, where in frame.keys.items():
        term = context.terms.get(key)
        predicate = term.iri if term else _resolve(key, names.CU)
        if key in ("@type", "type"):
            predicate = names.RDF + "type"
        found.add(iri, predicate, Where(where.file, where.line, where.column, key))


def _resolve(name: str, base: str) -> str:
    if ":" not in name:
        return base + name
    try:
        return names.expand(name)
    except KeyError:
        return name
