"""Federated queries: SERVICE clauses answered by allow-listed endpoints, outside the workers.

Workers have no descriptors, so that no query opens a socket. A SERVICE clause is therefore asked
here, and its solutions put in its place as VALUES, which joins as the clause would (SPARQL 1.1
Federated Query, 2.4 recommends the reverse direction). What stands before the clause in its group
is run first, and its bindings are sent along: an endpoint is never asked for all it has.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pyoxigraph as ox

from catchup.kg.engine.errors import QuerySyntaxError, ServiceRefused, TooComplex
from catchup.kg.engine.gate import bind, place, shape, tokens, unescape
from catchup.kg.engine.model import Request
from catchup.kg.engine.terms import terms
from catchup.kg.errors import CannotRun
from catchup.kg.linking.fetch import Fetcher, RemoteFailed

#: Solutions sent to an endpoint at once: a URL-encoded batch stays below 10 kB.
BATCH = 100
#: Bindings sent in all, and solutions taken in all; more is a question for the endpoint itself.
BINDINGS, SOLUTIONS = 2_000, 10_000
#: SERVICE clauses of one query.
CLAUSES = 5
#: Seconds an endpoint may take for one batch, below our own limit for a query.
TIMEOUT = 15.0
_HEADS = ("SELECT", "ASK", "CONSTRUCT", "DESCRIBE")

Solutions = list[Mapping[str, dict[str, str]]]


@dataclass(frozen=True)
class Clause:
    """One SERVICE clause: its span in the text, its endpoint, and the query that binds it."""

    start: int
    end: int
    endpoint: str
    silent: bool
    body: str
    prologue: str
    #: variables of the clause that are bound before it, and those that are used outside it
    shared: tuple[str, ...]
    wanted: tuple[str, ...]
    #: the query for the bindings, "" when nothing is shared
    binder: str


def read_services(text: str) -> dict[str, str]:
    """Return the allow-list that a setting writes: IRIs, or IRI=URL, divided by blanks.

    Raises CannotRun for what is no IRI.
    """
    found = {}
    for one in text.split():
        iri, _, url = one.partition("=") if "=http" in one else (one, "", "")
        if not iri.startswith(("http://", "https://")):
            raise CannotRun(
                f"'{iri[:200]}' is no endpoint.", remedy="Write https://host/sparql, or IRI=URL."
            )
        found[iri] = url or iri
    return found


class Federation:
    """The endpoints that may be asked: the IRI that queries name, and the URL that is asked."""

    def __init__(self, allowed: Mapping[str, str], timeout: float = TIMEOUT) -> None:
        """Raises CannotRun when a URL is none, or plain http to another machine."""
        self._allowed = dict(allowed)
        self._fetchers = {iri: Fetcher(url, timeout=timeout) for iri, url in self._allowed.items()}

    def close(self) -> None:
        """Close the connections."""
        for fetcher in self._fetchers.values():
            fetcher.close()

    def prepare(self, request: Request) -> Request:
        """Return the request with its parameters written into the text, where clauses are sought."""
        text = bind(request.query, terms(request.substitutions))
        return replace(request, query=unescape(text), substitutions={})

    def next_clause(self, text: str) -> Clause | None:
        """Return the first SERVICE clause of a query, None when there is none.

        Raises ServiceRefused with line and column for an endpoint that is not on the list, and
        where a clause stands in a place that cannot be asked for beforehand.
        """
        services = shape(text).services
        if not services:
            return None
        if len(services) > CLAUSES:
            raise TooComplex(f"The query has {len(services)} SERVICE clauses, up to {CLAUSES} run.")
        iri, offset = services[0]
        if iri is None or iri not in self._allowed:
            target = f"<{iri}>" if iri else "a variable"
            raise ServiceRefused(
                f"SERVICE with {target} was not run: it is not on the list of this endpoint.",
                where=place(text, offset),
                remedy=f"Use {', '.join(f'<{a}>' for a in self._allowed)}.",
            )
        return _clause(text, iri, offset)

    def fetch(self, clause: Clause, bindings: Solutions) -> Solutions | None:
        """Return the endpoint's solutions; None when it failed and the clause is SILENT.

        Raises RemoteFailed, TooComplex.
        """
        if len(bindings) > BINDINGS:
            raise TooComplex(
                f"What stands before SERVICE has {len(bindings):,} solutions; up to {BINDINGS:,}"
                " are sent to another endpoint.",
                remedy="Narrow it, or ask the other endpoint yourself.",
            )
        names = [n for n in clause.shared if bindings and all(n in row for row in bindings)]
        found: Solutions = []
        if clause.shared and not bindings:
            return found
        rows = list(dict.fromkeys(tuple(_term(row[n]) for n in names) for row in bindings))
        batches = [rows[i : i + BATCH] for i in range(0, len(rows), BATCH)] if names else [[]]
        try:
            for some in batches:
                found += self._ask(clause, names, some)
        except RemoteFailed as error:
            if clause.silent:
                return None
            # the address that is asked is the operator's affair: say the IRI that the query names
            raise RemoteFailed(
                error.detail.replace(self._fetchers[clause.endpoint].url, f"<{clause.endpoint}>"),
                remedy="Try again later, or write SERVICE SILENT to go on without it.",
            ) from None
        if len(found) > SOLUTIONS:
            raise TooComplex(
                f"<{clause.endpoint}> gave {len(found):,} solutions; up to {SOLUTIONS:,} are taken.",
                remedy="Bind more before SERVICE, or put a LIMIT into it.",
            )
        return found

    @staticmethod
    def binder(request: Request, clause: Clause) -> Request:
        """Return the request for the bindings that are sent along with a clause."""
        return replace(request, query=clause.binder, results="json", rdf=None, encoding="")

    @staticmethod
    def filled(request: Request, clause: Clause, found: Solutions | None) -> Request:
        """Return the request with `found` in the place of a clause; None is one empty solution."""
        text = request.query
        values = "" if found is None else _values(clause.wanted, found)
        return replace(
            request,
            query=text[: clause.start] + values + text[clause.end :],
            given=request.given + len(values.encode("utf-8", "surrogatepass")),
        )

    def _ask(self, clause: Clause, names: list[str], rows: list[tuple[str, ...]]) -> Solutions:
        given = ""
        if names:
            given = f"VALUES ({' '.join('?' + n for n in names)}) {{ "
            given += " ".join(f"({' '.join(row)})" for row in rows) + " }"
        text = f"{clause.prologue} SELECT * WHERE {{ {given} {clause.body} }}"
        fetcher = self._fetchers[clause.endpoint]
        content = fetcher.post({"query": text}, accept="application/sparql-results+json")
        return solutions(content, clause.endpoint)


def run(federation: Federation, request: Request, ask: Callable[[Request], Solutions]) -> Request:
    """Return the request with its SERVICE clauses answered; `ask` runs a query of our own."""
    request = federation.prepare(request)
    while clause := federation.next_clause(request.query):
        bindings = ask(federation.binder(request, clause)) if clause.binder else []
        request = federation.filled(request, clause, federation.fetch(clause, bindings))
    return request


def solutions(content: Any, url: str) -> Solutions:
    """Return the solutions of a SPARQL JSON result. Raises RemoteFailed when it is none."""
    try:
        rows = list(content["results"]["bindings"])
        for row in rows:
            for term in row.values():
                _term(term)
    except (KeyError, TypeError, AttributeError, ValueError):
        raise RemoteFailed(f"{url} sent JSON that is no result of a query.") from None
    return rows


def _values(names: tuple[str, ...], rows: Solutions) -> str:
    cells = (" ".join(_term(row[n]) if n in row else "UNDEF" for n in names) for row in rows)
    return f"VALUES ({' '.join('?' + n for n in names)}) {{ {' '.join(f'({c})' for c in cells)} }}"


def _term(term: Mapping[str, str]) -> str:
    """Return a term of the JSON results format in SPARQL syntax. Raises ValueError, KeyError."""
    if term["type"] == "uri":
        return str(ox.NamedNode(term["value"]))
    if term["type"] == "bnode":
        return str(ox.NamedNode("urn:catchup:elsewhere:" + term["value"]))
    if "xml:lang" in term:
        return str(ox.Literal(term["value"], language=term["xml:lang"]))
    datatype = term.get("datatype")
    return str(ox.Literal(term["value"], datatype=ox.NamedNode(datatype) if datatype else None))


def _clause(text: str, iri: str, offset: int) -> Clause:
    every = tokens(text)
    head = next(i for i, (_, t) in enumerate(every) if t.upper() in _HEADS)
    groups: list[int] = []
    opener = body = -1
    for i, (at, token) in enumerate(every):
        if at < offset:
            if token == "{":
                groups.append(i)
            elif token == "}" and groups:
                groups.pop()
        elif token == "{":
            opener = i
            break
    depth = 0
    for i in range(opener, len(every)):
        depth += (every[i][1] == "{") - (every[i][1] == "}")
        if not depth:
            body = i
            break
    if opener < 0 or body < 0 or not groups:
        raise QuerySyntaxError("A SERVICE clause has no group.", where=place(text, offset))
    for group in groups:
        word = every[group - 1][1].upper() if group else ""
        before = every[group - 2][1].upper() if group > 1 else ""
        if before == "GRAPH" or word in ("EXISTS", "MINUS"):
            name = "GRAPH" if before == "GRAPH" else word
            raise ServiceRefused(
                f"SERVICE inside {name} was not run.",
                where=place(text, offset),
                remedy=f"Put it before or after {name}.",
            )
    for at, token in every[opener:body]:
        if token.upper() == "SERVICE":
            raise ServiceRefused(
                "SERVICE inside SERVICE was not run: it would be asked by the other endpoint.",
                where=place(text, at),
                remedy="Put it after the outer one, in the same group.",
            )
    inside = text[every[opener][0] + 1 : every[body][0]]
    end = every[body][0] + 1
    context = _before(text, every, groups[-1], offset)
    if every[groups[-1] - 1][1].upper() == "OPTIONAL" and len(groups) > 1:
        start = every[groups[-1] - 1][0]
        context = f"{_before(text, every, groups[-2], start)} {context}"
    own = _variables(inside)
    bound = set(_variables(context))
    outside = set(_variables(text[:offset] + " " + text[end:]))
    # SELECT * shows all
    every_one = any(t == "*" and every[i - 1][1].upper() in ("SELECT", "DISTINCT")
                    for i, (_, t) in enumerate(every) if i)  # fmt: skip
    shared = tuple(n for n in own if n in bound)
    prologue = text[: every[head][0]]
    seen = shape(text)
    dataset = "".join(f" FROM <{g}>" for g in seen.default_graphs)
    dataset += "".join(f" FROM NAMED <{g}>" for g in seen.named_graphs)
    projected = " ".join("?" + n for n in shared)
    binder_ = f"{prologue} SELECT DISTINCT {projected}{dataset} WHERE {{ {context} }}"
    return Clause(
        offset,
        end,
        iri,
        any(t.upper() == "SILENT" for at, t in every if offset < at < every[opener][0]),
        inside,
        prologue,
        shared,
        tuple(n for n in own if every_one or n in outside),
        binder_ if shared else "",
    )


def _before(text: str, every: list[tuple[int, str]], group: int, end: int) -> str:
    """Return what stands in a group before `end`, without its filters, which hold of the whole."""
    kept: list[str] = []
    copied = every[group][0] + 1
    i = group + 1
    depth = 0
    while i < len(every) and every[i][0] < end:
        at, token = every[i]
        depth += (token == "{") - (token == "}")
        if token.upper() == "FILTER" and depth == 0:
            # something has to stay: a filter divides triples as a full stop does
            kept.append(text[copied:at] + "FILTER(true)")
            i = _after_filter(every, i)
            copied = every[i][0] if i < len(every) else end
            continue
        i += 1
    return " ".join([*kept, text[min(copied, end) : end]])


def _after_filter(every: list[tuple[int, str]], i: int) -> int:
    """Return the index of the token after the FILTER at `i`."""
    i += 1
    while i < len(every) and every[i][1] not in ("(", "{"):
        i += 1
    depth = 0
    while i < len(every):
        depth += (every[i][1] in "({") - (every[i][1] in ")}")
        i += 1
        if not depth:
            break
    return i


def _variables(text: str) -> list[str]:
    found = (t[1:] for _, t in tokens(text) if t[0] in "?$" and len(t) > 1)
    return list(dict.fromkeys(found))
