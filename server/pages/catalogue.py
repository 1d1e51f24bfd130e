"""The catalogue's pages: the list of questions, and each with its parameters, answer and picture."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlencode

from catchup.kg.catalogue import Parameter, Question, catalogue, question
from catchup.kg.errors import CatchupError
from catchup.kg.names import Q
from catchup.server.pages.draw.answer import standalone
from catchup.server.pages.editor import answer_context
from catchup.server.pages.frame import drawing_style
from catchup.server.pages.sheet import Download, Sheet
from catchup.server.pages.visit import Visit
from catchup.server.questions import RESERVED, read_asked

_TABLE = ("SELECT", "ASK")


async def every(visit: Visit) -> Sheet:
    """Return the page that lists the questions, those with `q` in them when it is given."""
    wanted = visit.get("q").casefold().strip()
    found = [q for q in catalogue().values() if wanted in _words(q)]
    say = visit.say
    return Sheet(
        "queries.html",
        say("Questions"),
        say("Questions to the graph, with their queries: run them as they are or change them."),
        {"questions": found, "wanted": visit.get("q")},
        downloads=[Download("/queries.json", "application/json", "JSON")],
        canonical="/queries",
    )


def _words(asked: Question) -> str:
    return " ".join([asked.name, asked.identifier, asked.question, *asked.keywords]).casefold()


async def one(visit: Visit) -> Sheet:
    """Return the page of a question with its answer, or with what is wrong in the parameters.

    Raises NotFound when there is no such question.
    """
    name = visit.names["name"].removesuffix(".html")
    asked = question(name)
    given = {k: v for k, v in visit.query if k not in RESERVED}
    pairs = [(k, v) for k, v in visit.query if k not in RESERVED and v]
    query = "?" + urlencode(pairs) if pairs else ""
    context: dict[str, Any] = {
        "asked": asked,
        "fields": [(p, given.get(p.name, ""), _hint(p)) for p in asked.parameters],
        "error": None,
        "truncated": "",
        "encoded": quote(asked.query, safe=""),
        "svg": f"/queries/{asked.name}.svg{query}",
    }
    shown: dict[str, Any] = {}
    try:
        shown, context["truncated"] = await _answer(visit, asked)
    except CatchupError as error:
        if error.status >= 500:
            raise
        context["error"] = error
    table = asked.form in _TABLE
    forms = ("csv", "json", "tsv", "xml") if table else ("ttl", "jsonld", "nt")
    files = {}
    if shown.get("drawings"):
        picture = shown["drawings"][0].drawing
        files["svg"] = ("image/svg+xml", lambda: standalone(picture, drawing_style()))
    return Sheet(
        "question.html",
        asked.question.partition("?")[0] + "?",
        asked.question,
        context | {"shown": shown},
        crumbs=[(visit.say("Questions"), "/queries")],
        files=files,
        downloads=[Download(f"/queries/{asked.name}.{f}{query}", "", f.upper()) for f in forms],
        schema={"@type": "Dataset", "@id": Q + asked.name, "name": asked.question,
                "description": asked.question,
                "license": "https://creativecommons.org/licenses/by/4.0/"},
        canonical=f"/queries/{asked.name}",
    )  # fmt: skip


async def _answer(visit: Visit, asked: Question) -> tuple[dict[str, Any], str]:
    pairs = [(k, v) for k, v in visit.query if v and k not in RESERVED]
    bound = await read_asked(visit.services, asked.name, urlencode(pairs).encode())
    request = bound.request("json" if asked.form in _TABLE else "turtle")
    answer, cached = await visit.services.answer(request, visit.client)
    visit.services.release(answer, cached)
    return answer_context(answer.form, answer.body, visit.data.names), answer.truncated


def _hint(parameter: Parameter) -> str:
    """Return what stands in an empty field: the value that is taken then."""
    return (parameter.default or "").rpartition("/")[2]
