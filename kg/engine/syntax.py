"""Saying where a query cannot be read, and what could stand there."""

from __future__ import annotations

import re
from collections.abc import Callable

from catchup.kg.engine.errors import QuerySyntaxError
from catchup.kg.engine.gate import place, shape, tokens, unescape
from catchup.kg.names import PREFIXES

_POSITION = re.compile(r"error at (\d+):(\d+): (.*)", re.DOTALL)
# The engine's parser reports the furthest character that it compared, which is up to the length
# of its longest keyword (15) beyond the mistake; so a prefix of the query is taken to be good when
# its error is beyond this much added white space.
_PAD = "\n" * 30
# Rules beyond grammar, which the engine puts among what it expected.
_RULE = re.compile(r"(?:^|, |one of |expected )((?!one of)[A-Z?]\w* [^,\[\]\"]{12,})")
_TERM = {"<", "?", ":"}
# Beyond this the mistake is not looked for: each try parses a part of the query.
_TOKENS_AT_MOST = 4000


def syntax_error(message: str, query: str, parse: Callable[[str], str]) -> QuerySyntaxError:
    """Return the error for a query that the engine cannot parse.

    `parse` returns the engine's message for a text, "" when it is a query.
    """
    lacking = shape(unescape(query)).undeclared
    if "Prefix not found" in message and lacking:
        names = ", ".join(f"{p}:" for p in lacking)
        start = next((o for o, t in tokens(query) if t.startswith(lacking[0] + ":")), 0)
        return QuerySyntaxError(
            f"No prefix is declared for {names}.",
            where=place(query, start),
            remedy="Add " + " ".join(f"PREFIX {p}: <{PREFIXES.get(p, '...')}>" for p in lacking),
        )
    found = tokens(query)
    if not _POSITION.match(message) or len(found) > _TOKENS_AT_MOST:
        return QuerySyntaxError(f"The query cannot be read: {tidy(_bare(message))}")
    rule = _RULE.search(_bare(message))
    good, bad = 0, len(found)  # the first `good` tokens can begin a query, the first `bad` cannot
    while bad - good > 1:
        middle = (good + bad) // 2
        prefix = query[: _end(found, middle)]
        answer = parse(prefix + _PAD)
        if not answer or _line(answer) == prefix.count("\n") + 1 + len(_PAD):
            good = middle
        else:
            bad = middle
    # A whole query that only lacks its end fails behind its last token.
    at_end = _line(parse(query + _PAD)) == query.count("\n") + 1 + len(_PAD)
    if rule and (at_end or good + 1 == len(found)):
        return QuerySyntaxError(f"{rule[1]}.", where=place(query, max(len(query) - 1, 0)))
    where = place(query, len(query) if at_end else found[good][0] if found else 0)
    what = "ends too early" if at_end else f"cannot be read at {tidy(found[good][1])[:60]!r}"
    prefix = query[: _end(found, good)] + _PAD if good else ""
    # a prefix that is a query itself has no error: a bracket out of place gives it one
    wanted = _wanted(parse(prefix) or parse(prefix + "]"))
    return QuerySyntaxError(
        f"The query {what}.",
        where=where,
        remedy=f"Possible there: {wanted}." if wanted else "",
    )


def _end(found: list[tuple[int, str]], count: int) -> int:
    offset, token = found[count - 1]
    return offset + len(token)


def _line(message: str) -> int:
    match = _POSITION.match(message)
    return int(match[1]) if match else 0


def _bare(message: str) -> str:
    """Return the engine's message without its position."""
    match = _POSITION.match(message)
    return match[3] if match else message


def _wanted(message: str) -> str:
    """Return the tokens and keywords that the engine would have taken, a few of them."""
    words = re.findall(r'"([^"]+)"|(?<![\w\'])([A-Z]{2,}(?: [A-Z]{2,})*)(?=,|$)', _bare(message))
    wanted = dict.fromkeys(a or b for a, b in words)
    if wanted.keys() >= _TERM:
        # what begins a term, said in words
        symbols = [w for w in wanted if not w.isalpha() and w not in "{}[]"]
        wanted = {"a variable, IRI, prefixed name or literal": None} | {
            w: None for w in wanted if w not in symbols
        }
    some = list(wanted)
    return ", ".join(some[:10]) + (" and others" if len(some) > 10 else "")


def tidy(text: str) -> str:
    """Return text of unknown origin as one short line."""
    return re.sub(r"\s+", " ", text)[:300]
