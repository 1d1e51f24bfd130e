"""Entering cases over HTTP, and that it says the same as the command line."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pyoxigraph as ox
import pytest
from support.serve import Served, start

from catchup.kg import names

CASE = (Path(__file__).parent / "demo.yaml").read_text(encoding="utf-8")
YAML = "application/yaml"
ORCIDS = {"sam": "0000-0002-1825-0097", "ada": "0000-0001-5109-3700", "eve": "0000-0002-1694-233X"}
ROLES = {"sam": "submit", "ada": "accept", "eve": "submit"}


@pytest.fixture(scope="module")
def served(bare_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    home = Path(shutil.copytree(bare_home, tmp_path_factory.mktemp("served") / "home"))
    tokens = home.parent / "tokens"
    tokens.write_text(
        "# name  hash  orcid  role\n"
        + "".join(
            f"{n} {hashlib.sha256(f'token-{n}'.encode()).hexdigest()} {ORCIDS[n]} {ROLES[n]}\n"
            for n in ORCIDS
        )
    )
    server = start(
        home / "manifest.json", home=str(home), tokens=str(tokens), client={"seconds": 1e6}
    )
    yield server
    server.stop()


def auth(name: str, **more: str) -> dict[str, str]:
    return {"Authorization": f"Bearer token-{name}", "Content-Type": YAML, **more}


def named(id: str) -> str:
    letters = id.upper()[:5]
    text = CASE.replace("demo", id).replace("DEMO", letters)
    return text.replace("Demo Motors", f"{id.title()} Motors").replace("示范", id)


def send(served: Served, method: str, path: str, **kwargs: object) -> httpx.Response:
    return served.client.request(method, served.url + path, **kwargs)  # type: ignore[arg-type]


def test_validation_says_what_the_command_line_says(served: Served, tmp_path: Path) -> None:
    wrong = CASE.replace("hedge: nearly", "hedge: nerly").replace(
        "label: Demo Motors\n", "label: Huawei\n"
    )
    answer = send(
        served, "POST", "/cases/validate", content=wrong.encode(), headers={"Content-Type": YAML}
    )
    assert answer.status_code == 200
    report = answer.json()
    assert report["conforms"] is False
    file = tmp_path / "case.yaml"
    file.write_text(wrong, encoding="utf-8")
    home = json.loads(json.dumps(str(tmp_path.parent)))
    done = subprocess.run(
        [sys.executable, "-m", "catchup.cli.main", "check", "case.yaml", "--json", "--home", home],
        cwd=tmp_path, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 1
    theirs = json.loads(done.stdout)["results"]
    shapes = [r for r in report["results"] if "hedge" in r.get("field", "")]
    assert shapes == [r for r in theirs if "hedge" in r.get("field", "")]
    assert shapes


def test_a_report_in_rdf(served: Served) -> None:
    wrong = CASE.replace("hedge: nearly", "hedge: nerly")
    headers = {"Content-Type": YAML, "Accept": "text/turtle"}
    answer = send(served, "POST", "/cases/validate", content=wrong.encode(), headers=headers)
    assert answer.headers["content-type"].startswith("text/turtle")
    store = ox.Store()
    store.load(answer.content, format=ox.RdfFormat.TURTLE)
    ask = "ASK { ?r a sh:ValidationReport ; sh:conforms false ; sh:result/sh:resultMessage ?m }"
    assert bool(store.query(ask, prefixes={"sh": names.SH}))


@pytest.mark.parametrize(
    ("content", "type", "status"),
    [
        (b"case: [", YAML, 400),
        (b"x" * 2_500_000, YAML, 413),
        (CASE.encode(), "application/rdf+xml", 415),
        (CASE.encode(), "", 415),
        (b'{"@context": "http://127.0.0.1:9/"}', "application/ld+json", 400),
        (b"<urn:a> <urn:b> " + b"[ <urn:c> " * 50_000, "text/turtle", 400),
    ],
)
def test_what_cannot_be_read_is_a_problem(
    served: Served, content: bytes, type: str, status: int
) -> None:
    answer = send(
        served, "POST", "/cases/validate", content=content, headers={"Content-Type": type}
    )
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status
    assert problem["detail"]
    assert problem["remedy"]


def test_a_body_without_length_is_cut_off(served: Served) -> None:
    endless = (b"x" * 65536 for _ in range(200))
    answer = send(
        served, "POST", "/cases/validate", content=endless, headers={"Content-Type": YAML}
    )
    assert answer.status_code == 413


def test_a_case_is_queryable_when_it_is_acknowledged(served: Served) -> None:
    answer = send(served, "POST", "/cases", content=named("quick").encode(), headers=auth("ada"))
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"].endswith("/cases/quick")
    ask = f"ASK {{ <{names.D}quick-uk> <{names.CU}unitOf> <{names.D}quick-motors> }}"
    assert served.query(ask, "application/sparql-results+json").json()["boolean"] is True
    graph = f"ASK {{ GRAPH <{names.G}case-quick> {{ ?s ?p ?o }} }}"
    assert served.query(graph, "application/sparql-results+json").json()["boolean"] is True
    again = send(served, "POST", "/cases", content=named("quick").encode(), headers=auth("ada"))
    assert again.status_code == 409
    gone = send(served, "DELETE", "/cases/quick", headers=auth("ada"))
    assert gone.json()["state"] == "withdrawn"
    assert served.query(ask, "application/sparql-results+json").json()["boolean"] is False
    assert send(served, "GET", "/cases/quick").json()["state"] == "withdrawn"


def test_without_a_known_token_nothing_is_stored(served: Served) -> None:
    for headers in ({}, {"Authorization": "Basic x"}, {"Authorization": "Bearer wrong"}):
        answer = send(
            served, "POST", "/cases", content=b"x", headers={"Content-Type": YAML, **headers}
        )
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")


def test_a_wrong_case_is_refused_with_its_results(served: Served) -> None:
    wrong = named("wrong").replace("hedge: nearly", "hedge: nerly")
    answer = send(served, "POST", "/cases", content=wrong.encode(), headers=auth("ada"))
    assert answer.status_code == 422
    problem = answer.json()
    assert any(r.get("field") == "hedge" and r["line"] > 80 for r in problem["results"])
    assert send(served, "GET", "/cases/wrong").status_code == 404


def test_a_submission_waits_for_one_who_accepts(served: Served) -> None:
    draft = send(served, "POST", "/cases", content=named("draft").encode(), headers=auth("sam"))
    assert draft.status_code == 202
    assert draft.json()["state"] == "pending"
    ask = f"ASK {{ <{names.D}draft-motors> ?p ?o }}"
    assert served.query(ask, "application/sparql-results+json").json()["boolean"] is False
    assert send(served, "GET", "/cases/draft").status_code == 404
    assert send(served, "GET", "/cases/draft", headers=auth("eve")).status_code == 404
    mine = send(served, "GET", "/cases/draft", headers=auth("sam"))
    assert mine.json()["content"] == named("draft")
    assert "draft" not in [c["id"] for c in send(served, "GET", "/cases").json()]
    assert send(served, "POST", "/cases/draft/accept", headers=auth("sam")).status_code == 403
    accepted = send(served, "POST", "/cases/draft/accept", headers=auth("ada"))
    assert accepted.status_code == 200
    assert served.query(ask, "application/sparql-results+json").json()["boolean"] is True


def test_a_revision_names_what_it_revises(served: Served) -> None:
    first = send(served, "POST", "/cases", content=named("revised").encode(), headers=auth("ada"))
    assert first.status_code == 201, first.text
    etag = first.headers["etag"]
    new = named("revised").replace("page: 12", "page: 77").encode()
    assert (
        send(served, "PUT", "/cases/revised", content=new, headers=auth("ada")).status_code == 428
    )
    stale = auth("ada", **{"If-Match": '"stale"'})
    assert send(served, "PUT", "/cases/revised", content=new, headers=stale).status_code == 412
    right = auth("ada", **{"If-Match": etag})
    done = send(served, "PUT", "/cases/revised", content=new, headers=right)
    assert done.status_code == 200
    assert done.json()["version"] == 2
    assert send(served, "PUT", "/cases/revised", content=new, headers=right).status_code == 412
    other = named("other").encode()
    fresh = auth("ada", **{"If-Match": done.headers["etag"]})
    assert send(served, "PUT", "/cases/revised", content=other, headers=fresh).status_code == 409
    theirs = auth("sam", **{"If-Match": done.headers["etag"]})
    assert send(served, "PUT", "/cases/revised", content=new, headers=theirs).status_code == 403
    assert len(send(served, "GET", "/cases/revised").json()["versions"]) == 2


def test_a_template_filled_in_a_workbook_is_taken(served: Served) -> None:
    import openpyxl

    from catchup.kg.cases.template import workbook_template

    book = openpyxl.load_workbook(io.BytesIO(workbook_template("Sheet Motors")))
    book["case"]["B4"] = "A Researcher"
    book["Agent"]["B2"] = "the authors"
    book["CitedWork"]["B2"] = "Somebody 2024"
    book["claims"]["B2"] = "It is a Chinese firm."
    book["claims"]["J2"] = 3
    out = io.BytesIO()
    book.save(out)
    media = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    headers = auth("ada", **{"Content-Type": media})
    answer = send(served, "POST", "/cases", content=out.getvalue(), headers=headers)
    assert answer.status_code == 201, answer.text
    assert answer.json()["results"] == []


def test_an_acknowledged_case_survives_the_death_of_the_server(
    bare_home: Path, tmp_path: Path
) -> None:
    home = Path(shutil.copytree(bare_home, tmp_path / "home"))
    tokens = tmp_path / "tokens"
    digest = hashlib.sha256(b"token-ada").hexdigest()
    tokens.write_text(f"ada {digest} {ORCIDS['ada']} accept\n")
    settings = {"home": str(home), "tokens": str(tokens)}
    server = start(home / "manifest.json", **settings)
    answer = send(server, "POST", "/cases", content=named("kept").encode(), headers=auth("ada"))
    assert answer.status_code == 201, answer.text
    server.process.kill()
    server.process.wait()
    again = start(home / "manifest.json", **settings)
    try:
        ask = f"ASK {{ <{names.D}kept-uk> <{names.CU}unitOf> <{names.D}kept-motors> }}"
        assert again.query(ask, "application/sparql-results+json").json()["boolean"] is True
    finally:
        again.stop()


def form(served: Served, path: str, name: str, **fields: str) -> httpx.Response:
    data = {"token": f"token-{name}", **fields}
    return served.client.post(served.url + path, data=data, headers={"Accept": "text/html"})


def test_a_draft_has_a_preview_for_its_author_and_who_accepts(served: Served) -> None:
    text = named("seen").replace("label: Seen Motors UK", 'label: "<script>x</script>"')
    sent = send(served, "POST", "/cases", content=text.encode(), headers=auth("sam"))
    assert sent.status_code == 202, sent.text
    assert "seen-motors" not in served.get("/cases/pending").text
    assert form(served, "/cases/pending", "nobody").status_code == 401
    for name, shown in (("sam", True), ("ada", True), ("eve", False)):
        listed = form(served, "/cases/pending", name)
        assert listed.headers["cache-control"] == "no-store"
        assert ("/cases/seen/review" in listed.text) is shown
        page = form(served, "/cases/seen/review", name)
        assert page.status_code == (200 if shown else 404)
        assert ("looking after customers" in page.text) is shown
        assert "<script>x" not in page.text
        assert ("Accept the case" in page.text) is (name == "ada")
        turtle = send(served, "GET", "/cases/seen", headers={**auth(name), "Accept": "text/turtle"})
        assert (f"{names.D}seen-motors" in turtle.text or "d:seen-motors" in turtle.text) is shown
    assert "China" in form(served, "/cases/seen/review", "sam").text
    asked = send(served, "GET", "/cases?state=pending", headers=auth("ada")).json()
    assert [c["id"] for c in asked if c["id"] == "seen"] == ["seen"]
    assert form(served, "/cases/seen/review", "sam", action="accept").status_code == 403
    done = form(served, "/cases/seen/review", "ada", action="accept")
    assert "seen: accepted" in done.text
    ask = f"ASK {{ <{names.D}seen-motors> ?p ?o }}"
    assert served.query(ask, "application/sparql-results+json").json()["boolean"] is True


def test_a_draft_is_refused_with_a_reason_and_may_come_again(served: Served) -> None:
    text = named("doubt").encode()
    assert send(served, "POST", "/cases", content=text, headers=auth("sam")).status_code == 202
    assert send(served, "POST", "/cases/doubt/refuse", headers=auth("sam")).status_code == 403
    refused = send(
        served, "POST", "/cases/doubt/refuse", params={"note": "no page"}, headers=auth("ada")
    )
    assert refused.json()["state"] == "refused"
    assert send(served, "POST", "/cases/doubt/refuse", headers=auth("ada")).status_code == 409
    assert send(served, "POST", "/cases/doubt/accept", headers=auth("ada")).status_code == 409
    assert send(served, "GET", "/cases/doubt").status_code == 404
    mine = send(served, "GET", "/cases/doubt", headers=auth("sam"))
    assert (mine.json()["state"], mine.json()["note"]) == ("refused", "no page")
    assert "no page" in form(served, "/cases/pending", "sam").text
    again = auth("sam", **{"If-Match": mine.headers["etag"]})
    better = text.replace(b"page: 12", b"page: 13")
    sent = send(served, "PUT", "/cases/doubt", content=better, headers=again)
    assert (sent.status_code, sent.json()["state"]) == (202, "pending")
    done = form(served, "/cases/doubt/review", "ada", action="refuse", note="still")
    assert "doubt: refused" in done.text


def test_a_refused_revision_leaves_what_was_accepted(served: Served) -> None:
    text = named("stays").encode()
    first = send(served, "POST", "/cases", content=text, headers=auth("sam"))
    send(served, "POST", "/cases/stays/accept", headers=auth("ada"))
    newest = send(served, "GET", "/cases/stays", headers=auth("ada"))
    assert first.headers["etag"] != newest.headers["etag"]
    headers = auth("ada", **{"If-Match": newest.headers["etag"]})
    revised = text.replace(b"page: 12", b"page: 13")
    assert send(served, "PUT", "/cases/stays", content=revised, headers=headers).status_code == 200
    ask = f"ASK {{ GRAPH <{names.G}case-stays> {{ ?s ?p '13' }} }}"
    assert served.query(ask, "application/sparql-results+json").json()["boolean"] is True


def test_an_id_that_is_an_address_of_something_else(served: Served) -> None:
    text = named("quick").replace("id: quick\n", "id: pending\n", 1).encode()
    answer = send(served, "POST", "/cases/validate", content=text, headers={"Content-Type": YAML})
    said = [r for r in answer.json()["results"] if "'pending'" in r["message"]]
    assert [(r["line"], r["severity"]) for r in said] == [(2, "violation")]
