"""The MCP server, asked by the library's own client over stdio and over HTTP on loopback."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from mcp import Client, ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client
from support.serve import Served, start

from catchup.kg.catalogue import catalogue
from catchup.kg.reading.files import ROOT
from catchup.server.budget import BUDGET

#: What must fail: tool, arguments, kind of problem, and what the answer must say.
FAILURES: list[tuple[str, dict[str, Any], str, str]] = [
    ("sparql", {"query": "SELECT ?x WHERE {"}, "query-syntax", ""),
    ("sparql", {"query": "INSERT DATA { <a:a> <a:b> 1 }"}, "read-only", ""),
    (
        "sparql",
        {"query": "SELECT * WHERE { SERVICE <http://127.0.0.1/> { ?s ?p ?o } }"},
        "service-refused",
        "",
    ),
    ("sparql", {}, "input", "query"),
    ("sparql", {"query": "ASK {}", "limit": 0}, "input", "1"),
    ("sparql", {"query": "ASK {}", "offset": "x"}, "input", "integer"),
    ("run_question", {"name": "partnership"}, "not-found", "partnerships"),
    (
        "run_question",
        {"name": "partnerships", "parameters": {"firm": "huawey"}},
        "not-found",
        "huawei",
    ),
    ("run_question", {"name": "partnerships", "parameters": {"frim": "x"}}, "input", "firm"),
    ("run_question", {"name": "partnerships", "parameters": {"firm": ["x"]}}, "input", "one value"),
    ("describe", {"entity": "d:nothing-of-that-name"}, "not-found", ""),
    ("explain", {"subject": "d:huawei", "predicate": "a", "object": "cu:Country"}, "not-found", ""),
    ("explain", {"subject": "?", "predicate": "a", "object": "cu:Country"}, "syntax", "subject"),
    ("check_case", {"content": "x", "format": "docx"}, "input", "yaml"),
    ("no_such_tool", {}, "input", "run_question"),
]
Work = Callable[[ClientSession], Awaitable[None]]


def over_http(site: Served, work: Work) -> None:
    """Run `work` with a client of the server's /mcp."""

    async def main() -> None:
        async with (
            streamable_http_client(site.url + "/mcp") as (read, write),
            ClientSession(read, write) as session,
        ):
            await session.initialize()
            await work(session)

    anyio.run(main)


async def call(session: ClientSession, tool: str, **arguments: Any) -> dict[str, Any]:
    """Return what a tool answers, checked for what all answers must be."""
    result = await session.call_tool(tool, arguments)
    [content] = result.content
    text: str = content.text  # type: ignore[union-attr]
    data: dict[str, Any] = json.loads(text)
    assert result.structured_content == data
    assert result.is_error == (data["status"] == "failed")
    assert len(text.encode()) <= BUDGET + 1000, tool
    if tool != "schema_card" and not result.is_error:
        assert "not instructions" in data["notice"]
    return data


def test_over_stdio(home: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "build" / "editable")}
    server = StdioServerParameters(
        command=sys.executable,
        args=["-m", "catchup.cli.main", "mcp", "--home", str(home)],
        env=environment,
    )

    async def main() -> None:
        async with stdio_client(server) as (read, write), ClientSession(read, write) as session:
            started = await session.initialize()
            assert started.instructions and "never instructions" in started.instructions
            tools = (await session.list_tools()).tools
            assert {t.name for t in tools} == {
                "schema_card", "resolve_entity", "list_questions", "run_question", "sparql",
                "describe", "explain", "check_case",
            }  # fmt: skip
            for tool in tools:
                assert tool.annotations is not None and tool.annotations.read_only_hint
                assert tool.annotations.open_world_hint is False
                assert tool.description and tool.input_schema["type"] == "object"
            found = await call(
                session, "run_question", name="partnerships", parameters={"firm": "华为"}
            )
            assert found["parameters"] == {"firm": "d:huawei"}
            assert {"Siemens", "IBM"} <= {row[2] for row in found["rows"]}

    anyio.run(main)


def test_a_whole_conversation_over_http(site: Served) -> None:
    async def work(session: ClientSession) -> None:
        found = await call(session, "resolve_entity", text="huawey", type="Firm")
        assert found["candidates"][0]["name"] == "d:huawei"
        said = await call(session, "describe", entity="d:huawei")
        assert said["statements"][0]["property"] == "rdfs:label"
        triple = {"subject": "d:huawei", "predicate": "a", "object": "cu:ReverseLearningFirm"}
        why = (await call(session, "explain", **triple))["explanation"]
        assert why["kind"] == "inferred" and why["premises"]
        query = "SELECT ?c WHERE { ?c a cu:Claim ; cu:statedIn d:wei2018 } ORDER BY ?c"
        assert (await call(session, "sparql", query=query))["rows"]
        entry = "case: {id: byd}\nnodes:\n- {id: byd, type: Frim, label: BYD}\n"
        report = await call(session, "check_case", content=entry)
        assert report["conforms"] is False
        assert any(r.get("line") == 3 and "Frim" in r["message"] for r in report["results"])

    over_http(site, work)


def test_the_catalogue_is_listed_whole_page_by_page(site: Served) -> None:
    async def work(session: ClientSession) -> None:
        names: list[str] = []
        arguments: dict[str, Any] = {}
        while True:
            found = await call(session, "list_questions", **arguments)
            names += [q["name"] for q in found["questions"]]
            if not found["hasMore"]:
                break
            arguments = found["next"]
        assert names == list(catalogue())
        some = await call(session, "list_questions", keyword="acquisition")
        assert 0 < some["total"] < len(names)

    over_http(site, work)


def test_going_on_gives_every_row_once(site: Served) -> None:
    async def work(session: ClientSession) -> None:
        query = "SELECT ?c ?l WHERE { ?c a cu:Claim ; rdfs:label ?l } ORDER BY ?c"
        rows: list[list[str]] = []
        arguments: dict[str, Any] = {"query": query, "limit": 1000}
        for _ in range(3):
            found = await call(session, "sparql", **arguments)
            assert found["hasMore"] and found["total"] > 900
            rows += found["rows"]
            assert found["next"]["offset"] == len(rows)
            arguments = found["next"]
        assert len({r[0] for r in rows}) == len(rows)
        construct = "CONSTRUCT { ?f rdfs:label ?l } WHERE { ?f a cu:Firm ; rdfs:label ?l }"
        graph = await call(session, "sparql", query=construct)
        assert graph["triples"]

    over_http(site, work)


def test_empty_is_told_apart_from_failed(site: Served) -> None:
    async def work(session: ClientSession) -> None:
        empty = await call(session, "sparql", query="SELECT ?x WHERE { ?x a cu:Nothing }")
        assert empty["status"] == "empty" and empty["rows"] == []
        assert (await call(session, "resolve_entity", text="qqzzxxjj"))["status"] == "empty"
        beyond = await call(session, "list_questions", offset=10_000)
        assert beyond["status"] == "empty" and "beyond" in beyond["note"]
        for tool, arguments, kind, says in FAILURES:
            failed = await call(session, tool, **arguments)
            assert failed["status"] == "failed", (tool, arguments)
            assert failed["type"].endswith("/" + kind), failed
            assert says in json.dumps(failed), failed
            assert "/work" not in json.dumps(failed) and "Traceback" not in json.dumps(failed)

    over_http(site, work)


def test_the_schema_card_is_short_and_true(site: Served) -> None:
    async def work(session: ClientSession) -> None:
        card = (await call(session, "schema_card"))["card"]
        # a token is at least three characters in English prose and IRIs (measured: 3.2)
        assert len(card) / 3 < 2000
        mentioned = set(re.findall(r"\b(?:cu|cuv|d):[A-Za-z][\w-]*", card))
        assert len(mentioned) > 40
        values = " ".join(f"({name})" for name in sorted(mentioned))
        query = f"SELECT ?x WHERE {{ VALUES (?x) {{ {values} }} FILTER NOT EXISTS {{ ?x a ?t }} }}"
        assert (await call(session, "sparql", query=query))["rows"] == []
        example = card[card.index("SELECT ?unit") :]
        assert (await call(session, "sparql", query=example))["rows"]

    over_http(site, work)


def test_visitors_limits_hold(endpoint: Served) -> None:
    """On a server that allows 1.5 s, a cross join fails and the next question is answered."""

    async def work(session: ClientSession) -> None:
        heavy = "SELECT (COUNT(*) AS ?n) WHERE { ?a cu:rank ?x . ?b cu:rank ?y . ?c cu:rank ?z }"
        assert (await call(session, "sparql", query=heavy))["type"].endswith("/time-limit")
        many = await call(session, "sparql", query="SELECT * WHERE { ?s ?p ?o }")
        assert many["hasMore"] and "cut at the limit of rows" in many["note"]

    over_http(endpoint, work)


def test_over_http_the_clients_budget_is_charged(home: Path) -> None:
    """Both protocols of the library: with a handshake, and the newer one without."""
    served = start(home / "manifest.json", home=str(home), client={"seconds": 0.0001})

    async def main() -> None:
        for mode in ("legacy", "auto"):
            async with Client(served.url + "/mcp", mode=mode) as client:
                for i in range(2):
                    arguments = {"query": f"SELECT (COUNT(*) AS ?{mode}{i}) {{ ?s ?p ?o }}"}
                    result = await client.call_tool("sparql", arguments)
                assert result.is_error and "too-many" in str(result.structured_content)

    try:
        anyio.run(main)
        # the same address has the same budget on every door
        assert served.query("SELECT * { ?s ?p ?o } LIMIT 1").status_code == 429
    finally:
        served.stop()


@pytest.mark.parametrize(("method", "status"), [("GET", 405), ("DELETE", 405), ("OPTIONS", 204)])
def test_other_methods(site: Served, method: str, status: int) -> None:
    assert site.client.request(method, site.url + "/mcp").status_code == status


def test_browsers_of_other_sites_are_refused(site: Served) -> None:
    def post(**headers: str) -> httpx.Response:
        message = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
        accept = {"Accept": "application/json, text/event-stream"}
        return site.client.post(site.url + "/mcp", json=message, headers={**accept, **headers})

    assert post(Origin="https://evil.example").status_code == 403
    assert post(Origin=site.url).status_code == 200
    assert post().status_code == 200


def test_llms_txt_leads_to_what_is_there(site: Served) -> None:
    text = site.get("/llms.txt").text
    assert text.startswith("# Catchup\n\n> ")
    links = re.findall(r"\]\((\S+)\)", text)
    assert len(links) > len(catalogue())
    for link in links[:10]:
        status = 405 if link.endswith("/mcp") else 200
        headers = {"Accept": "application/json, text/turtle;q=0.9"}
        assert site.client.get(link, headers=headers).status_code == status, link
