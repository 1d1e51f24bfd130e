"""The first gate before the engine: a SPARQL lexer that knows what kind of query a text is.

It finds the query's form, its SERVICE clauses with their places, its dataset clauses, and counts
what makes planning slow. It is a cheap first gate and never the boundary: the boundary is the
worker's limits and its lack of descriptors.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import urljoin

from catchup.kg.engine.errors import QuerySyntaxError, ServiceRefused, TooComplex, UpdateRefused
from catchup.kg.engine.limits import Limits
from catchup.kg.errors import Where
from catchup.kg.names import BASE

# Terminals of SPARQL 1.1, section 19.8, loosened where the engine's parser decides anyway.
# Possessive quantifiers: no text makes this backtrack.
_TOKEN = re.compile(
    r"""
    (?P<skip>(?:[ \t\r\n]++|\#[^\r\n]*+)++)
  | (?P<iri><[^<>"{}|^`\\\x00-\x20]*+>)
  | (?P<string>\"{3}(?:(?!\"{3})[^\\]|\\.)*+\"{3}|'{3}(?:(?!'{3})[^\\]|\\.)*+'{3}
             |"(?:[^"\\\r\n]|\\.)*+"|'(?:[^'\\\r\n]|\\.)*+')
  | (?P<var>[?$]\w++)
  | (?P<lang>@[A-Za-z]++[A-Za-z0-9-]*+)
  | (?P<bnode>_:\w++)
  | (?P<pname>(?:[^\W\d_](?:[\w\-·]|\.(?=[\w\-·.]*:))*+)?:(?:[\w\-:%·]|\\.|\.(?=[\w\-:%\\·.]))*+)
  | (?P<word>[^\W\d]\w*+)
  | (?P<number>(?:\d++\.?\d*+|\.\d++)(?:[eE][+-]?\d++)?)
  | (?P<op>\|\||&&|!=|<=|>=|\^\^|.)
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})")
_FORMS = frozenset({"SELECT", "ASK", "CONSTRUCT", "DESCRIBE"})
_UPDATES = frozenset(
    {"INSERT", "DELETE", "LOAD", "CLEAR", "CREATE", "DROP", "COPY", "MOVE", "ADD", "WITH"}
)
_VOLATILE = frozenset({"RAND", "NOW", "UUID", "STRUUID", "BNODE"})


@dataclass
class Shape:
    """What the lexer saw in a query."""

    form: str = ""
    services: list[tuple[str | None, int]] = field(default_factory=list)
    default_graphs: list[str] = field(default_factory=list)
    named_graphs: list[str] = field(default_factory=list)
    undeclared: list[str] = field(default_factory=list)
    volatile: bool = False
    nesting: int = 0
    patterns: int = 0
    steps: int = 0
    #: offset just inside the WHERE group, -1 where there is none
    group: int = -1


def unescape(text: str) -> str:
    """Return `text` with its codepoint escapes resolved (SPARQL 1.1, 19.2), as the engine does."""
    if "\\u" not in text and "\\U" not in text:
        return text

    def char(match: re.Match[str]) -> str:
        code = int(match[1] or match[2], 16)
        return chr(code) if code < 0x110000 and not 0xD800 <= code < 0xE000 else match[0]

    return _ESCAPE.sub(char, text)


def tokens(text: str) -> list[tuple[int, str]]:
    """Return offset and text of each token of a query."""
    return [(m.start(), m[0]) for m in _TOKEN.finditer(text) if m.lastgroup != "skip"]


def place(text: str, offset: int) -> Where:
    """Return line and column (from 1) of an offset in `text`."""
    before = text[:offset]
    return Where(line=before.count("\n") + 1, column=offset - before.rfind("\n"))


def shape(text: str) -> Shape:
    """Return the shape of the query `text`; never raises, whatever the text."""
    seen = Shape()
    prefixes: dict[str, str] = {}
    base = BASE
    depth = parens = nots = steps = 0
    # the keyword that waits for an operand: PREFIX, BASE, FROM, NAMED, SERVICE
    waiting, prefix = "", ""
    templated = where = False

    def resolve(kind: str, token: str) -> str | None:
        if kind == "iri":
            return urljoin(base, token[1:-1])
        if kind == "pname":
            name, _, local = token.partition(":")
            return prefixes[name] + local.replace("\\", "") if name in prefixes else None
        return None

    for match in _TOKEN.finditer(text):
        kind, token = match.lastgroup or "", match[0]
        if kind == "skip":
            continue
        if waiting:
            if waiting == "PREFIX" and kind == "pname" and not prefix:
                prefix = token
                continue
            word = token.upper() if kind == "word" else ""
            if (waiting, word) in (("FROM", "NAMED"), ("SERVICE", "SILENT")):
                waiting = "NAMED" if word == "NAMED" else waiting
                continue
            iri = resolve(kind, token)
            if waiting == "PREFIX" and iri is not None:
                prefixes[prefix.partition(":")[0]] = iri
            elif waiting == "BASE" and iri is not None:
                base = iri
            elif waiting == "FROM" and iri is not None:
                seen.default_graphs.append(iri)
            elif waiting == "NAMED" and iri is not None:
                seen.named_graphs.append(iri)
            elif waiting == "SERVICE":
                seen.services[-1] = (iri, seen.services[-1][1])
            waiting = prefix = ""
            if kind in ("iri", "pname"):
                continue
        if kind == "pname" and token.partition(":")[0] not in prefixes:
            seen.undeclared.append(token.partition(":")[0])
        nots = nots + 1 if token == "!" else 0
        seen.nesting = max(seen.nesting, depth + nots)
        if kind == "word":
            word = token.upper()
            if not seen.form and (word in _FORMS or word in _UPDATES):
                seen.form = word
            if (word in ("PREFIX", "BASE") and not seen.form) or (word == "FROM" and not depth):
                waiting = word
            elif word == "WHERE" and not depth:
                where = True
            elif word == "SERVICE":
                seen.services.append((None, match.start()))
                waiting = word
            elif word in _VOLATILE:
                seen.volatile = True
            elif word in ("OPTIONAL", "UNION"):
                seen.patterns += 1
        elif kind == "op":
            if (
                token == "{"
                and not depth
                and seen.form
                and (seen.form != "CONSTRUCT" or templated or where)
            ):
                seen.group = match.end() if seen.group < 0 else seen.group
            if token in "{([":
                templated = templated or (token == "{" and not depth)
                depth += 1
                parens += token == "("
                seen.nesting = max(seen.nesting, depth)
                seen.patterns += token == "["
            elif token in "})]":
                depth -= 1
                parens -= token == ")"
            elif token in ".;," and not parens:
                seen.patterns += 1
            if token in "/|^" and token != "^^":
                steps += 1
                seen.steps = max(seen.steps, steps)
            elif token in ".;,{}":
                steps = 0
    seen.undeclared = list(dict.fromkeys(seen.undeclared))
    return seen


# Words that need the lexer: what they mean depends on whether they stand in a string.
_SUSPECT = ("service", "from", "rand", "now", "uuid", "bnode", "\\u")
_PLAIN = re.compile(
    r"(?:\s++|\#[^\n]*+\n|BASE\s*+<[^>]*+>|PREFIX\s[^<]*+<[^>]*+>)*+(SELECT|ASK|CONSTRUCT|DESCRIBE)\b",
    re.IGNORECASE,
)


# How a query without prefixes begins: the expression takes 6 us between two calls of the engine.
_BEGINS = {"SELECT ": "SELECT", "select ": "SELECT"}
# Made once, 5 us; who is given one changes nothing in it.
_SHAPES = {form: Shape(form) for form in _FORMS}

# What the lexer would count is made of these, "union" and "optional", which have a "u" or a "p".
_OTHERS = bytes(set(range(256)) - set(b"{([!/|^.;,UuPp"))


def plain_form(text: str, data: bytes, limits: Limits) -> str:
    """Return the form of a query so plain that nothing in it needs the lexer, else "".

    Counting characters in `data`, the text as UTF-8, bounds what the lexer would count from above.
    The lexer takes 35 us for the smallest query, where the engine takes 45.
    """
    lower = text.lower()
    for word in _SUSPECT:
        if word in lower:
            return ""
    if len(data.translate(None, _OTHERS)) > min(limits.nesting, limits.steps, limits.patterns):
        count = lower.count
        if count("{") + count("(") + count("[") + count("!") > limits.nesting:
            return ""
        if count("/") + count("|") + count("^") > limits.steps:
            return ""
        words = count("union") + count("optional")
        if count(".") + count(";") + count(",") + count("[") + words > limits.patterns:
            return ""
    if form := _BEGINS.get(text[:7]):
        return form
    match = _PLAIN.match(text)
    return match[1].upper() if match else ""


def admit(text: str, limits: Limits, given: int = 0) -> Shape:
    """Return the shape of the query `text` if it may be run.

    `given` bytes of it are solutions of other endpoints and do not count as its length.
    Raises TooComplex, UpdateRefused, ServiceRefused or QuerySyntaxError (no query form found),
    each with line and column where there is one.
    """
    data = text.encode("utf-8", "surrogatepass")
    if len(data) > limits.length + given:
        raise TooComplex(
            f"The query is {len(text):,} characters long; up to {limits.length:,} bytes are run.",
            remedy="Put less into one query, or split it.",
        )
    if form := plain_form(text, data, limits):
        return _SHAPES[form]
    text = unescape(text)
    seen = shape(text)
    if seen.form in _UPDATES:
        raise UpdateRefused(
            f"{seen.form} begins an update, and this endpoint only answers queries.",
            remedy="New cases enter as case entries, see /cases/new.",
        )
    if not seen.form:
        raise QuerySyntaxError(
            "This is no SPARQL query: none of SELECT, ASK, CONSTRUCT, DESCRIBE is in it.",
            where=Where(line=1, column=1),
            remedy="Begin, after the prefixes, with one of these words.",
        )
    if seen.services:
        iri, offset = seen.services[0]
        target = f"<{iri}>" if iri else "a variable"
        raise ServiceRefused(
            f"SERVICE with {target} was not run: this endpoint has no list of others to ask.",
            where=place(text, offset),
            remedy="Ask the other endpoint yourself, and send its values here in VALUES;"
            " who runs this one lists endpoints in CATCHUP_SERVICES.",
        )
    for value, limit, what in (
        (seen.nesting, limits.nesting, "levels of nesting"),
        (seen.patterns, limits.patterns, "triple patterns, OPTIONALs and UNION arms"),
        (seen.steps, limits.steps, "steps in one property path"),
    ):
        if value > limit:
            raise TooComplex(
                f"The query has {value:,} {what}; up to {limit:,} are run.",
                remedy="Split it into several queries, or use VALUES for long alternatives.",
            )
    return seen


def bind(text: str, values: dict[str, str]) -> str:
    """Return the query `text` with each variable of `values` bound to its term.

    The terms are in the syntax of the engine's own serialiser; they are joined at the head of the
    WHERE group, since a trailing VALUES joins only after grouping (SPARQL 1.1, 18.2.4.3) and the
    engine's substitutions bind projected variables alone. Raises QuerySyntaxError when there is
    no WHERE group.
    """
    if not values:
        return text
    text = unescape(text)
    group = shape(text).group
    if group < 0:
        raise QuerySyntaxError("A query with parameters needs a WHERE group.")
    clauses = " ".join(f"VALUES ?{name} {{ {term} }}" for name, term in values.items())
    return f"{text[:group]} {clauses} {text[group:]}"
