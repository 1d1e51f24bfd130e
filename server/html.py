"""Plain pages: what a browser gets where no richer page is installed (server/pages)."""

from __future__ import annotations

import base64
import hashlib
import json
from html import escape
from typing import Any

from catchup.kg.engine.formats import family

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse}td,th{border:1px solid #bbb;padding:.2rem .5rem;"
    "text-align:left;vertical-align:top;overflow-wrap:anywhere}textarea{width:100%;height:14rem}"
    "pre{overflow:auto}"
)
#: Lets the plain pages' one style past a Content-Security-Policy without 'unsafe-inline'.
STYLE_HASH = "sha256-" + base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
#: Rows of a result that a plain page shows; the formats give them all.
_SHOWN = 1000


def link(iri: str) -> str:
    """Return an IRI as a link when it is one that a browser may follow, else as text."""
    text = escape(iri)
    if iri.startswith(("http://", "https://")):
        return f'<a href="{text}">{text}</a>'
    return text


def page(title: str, body: str) -> str:
    """Return a whole page; `body` is HTML already."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{escape(title)} · Catchup</title><style>{_STYLE}</style></head>"
        f"<body><main><h1>{escape(title)}</h1>{body}</main></body></html>"
    )


def _table(rows: list[list[str]], head: list[str]) -> str:
    cells = "".join(f"<th>{escape(h)}</th>" for h in head)
    lines = "".join("<tr>" + "".join(f"<td>{c}</td>" for c in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{cells}</tr></thead><tbody>{lines}</tbody></table>"


class PlainPages:
    """The pages that a server must have. server/pages replaces them by an object of this shape."""

    def problem(self, problem: dict[str, Any]) -> str:
        """Return the page of a problem."""
        place = ""
        if problem.get("line"):
            place = f"<p>Line {problem['line']}, column {problem.get('column', 1)}.</p>"
        return page(
            str(problem["title"]),
            f"<p>{escape(str(problem.get('detail', '')))}</p>{place}"
            f"<p>{escape(str(problem.get('remedy', '')))}</p>",
        )

    def editor(self, query: str = "") -> str:
        """Return the page to write a query on."""
        return page(
            "SPARQL endpoint",
            '<form action="/sparql" method="get"><label for="query">Query</label>'
            f'<textarea id="query" name="query">{escape(query)}</textarea>'
            '<p><button>Run</button></p></form><p><a href="/.well-known/void">Description</a> '
            '<a href="/docs">Documentation</a></p>',
        )

    def results(self, query: str, form: str, body: bytes, truncated: str) -> str:
        """Return the page of a query's answer; `body` is SPARQL JSON, or Turtle."""
        note = "<p>The answer was cut at a limit.</p>" if truncated else ""
        if form in ("CONSTRUCT", "DESCRIBE"):
            return page("Result", note + f"<pre>{escape(body.decode())}</pre>" + self._again(query))
        data = json.loads(body)
        if "boolean" in data:
            return page(
                "Result", f"<p>{'Yes' if data['boolean'] else 'No'}</p>{self._again(query)}"
            )
        names = data["head"]["vars"]
        rows = data["results"]["bindings"]
        shown = [[self._cell(row.get(name)) for name in names] for row in rows[:_SHOWN]]
        count = f"<p>{len(rows):,} rows{f', {_SHOWN} shown' if len(rows) > _SHOWN else ''}</p>"
        return page("Result", note + count + _table(shown, names) + self._again(query))

    def _again(self, query: str) -> str:
        return (
            '<form action="/sparql" method="get"><label for="query">Query</label>'
            f'<textarea id="query" name="query">{escape(query)}</textarea><button>Run</button></form>'
        )

    def _cell(self, term: dict[str, Any] | None) -> str:
        if term is None:
            return ""
        if term["type"] == "uri":
            return link(term["value"])
        return escape(str(term["value"]))

    def entity(self, iri: str, ntriples: bytes, alternates: list[tuple[str, str]]) -> str:
        """Return the page of a resource, from its description."""
        links = " ".join(f'<a href="{escape(h)}">{escape(t)}</a>' for t, h in alternates)
        return page(
            iri.rpartition("/")[2] or iri,
            f"<p>{link(iri)}</p><p>{links}</p><pre>{escape(ntriples.decode())}</pre>",
        )

    def document(self, name: str) -> str:
        """Return the page of a whole document: ontology, vocab, shapes or void."""
        base = "/.well-known/void" if name == "void" else f"/{name}"
        links = " ".join(
            f'<a href="{base}{f.suffix}">{escape(f.media_type)}</a>' for f in family("rdf")
        )
        return page(name.capitalize(), f"<p>{links}</p>")
