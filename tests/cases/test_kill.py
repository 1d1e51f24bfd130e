"""The running server is killed at random moments: what it acknowledged is there, once and whole."""

from __future__ import annotations

import hashlib
import os
import random
import signal
import threading
import time
from collections import Counter
from pathlib import Path

import httpx
import pyoxigraph as ox
import pytest
from support.serve import Served, begin, start

from catchup.kg import names
from catchup.kg.cases.journal import Journal
from catchup.kg.snapshot.index import write_index
from catchup.kg.snapshot.manifest import Manifest, read_manifest
from catchup.kg.snapshot.parts import read_part

CASE = (Path(__file__).parent / "demo.yaml").read_text(encoding="utf-8")
ORCID = "0000-0001-5109-3700"
# 3.5 s a round, and alone at the end of the suite; CATCHUP_CRASHES asks for more.
ROUNDS = 6
#: Statements of the case, and with who entered it and with what.
SAID, STORED = 96, 105
HEADERS = {"Content-Type": "application/yaml", "Authorization": "Bearer token-ada"}


def case(number: int) -> str:
    letters = "".join(chr(65 + int(d)) for d in f"{number:05}")
    text = CASE.replace("demo", f"case{number}").replace("DEMO", letters).replace("示范", letters)
    return text.replace("Demo Motors", f"{letters} Motors")


@pytest.fixture
def settings(home: Path) -> dict[str, str]:
    """Return the settings of a server on a snapshot so small that it starts quickly."""
    manifest = read_manifest(home)
    assert manifest is not None
    parts = [p for p in manifest.parts if p.kind in ("ontology", "entities")]
    small = Manifest.of(parts, manifest.counts)
    write_index(home / small.index, [q for p in parts for q in read_part(home, p)])
    small.save(home)
    tokens = home.parent / "tokens"
    tokens.write_text(f"ada {hashlib.sha256(b'token-ada').hexdigest()} {ORCID} accept\n")
    return {"home": str(home), "tokens": str(tokens)}


class Stream:
    """Submissions one after the other, from a thread, until the server is gone."""

    def __init__(self, served: Served, first: int) -> None:
        self.acknowledged: list[str] = []
        self.answered = threading.Event()
        self.refused = ""
        self.number = first
        self._url = served.url
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        client = httpx.Client(trust_env=False, timeout=60)
        try:
            while not self.refused:
                self.number += 1
                text = case(self.number).encode()
                answer = client.post(self._url + "/cases", content=text, headers=HEADERS)
                if answer.status_code == 201:
                    self.acknowledged.append(f"case{self.number}")
                else:
                    self.refused = answer.text
                self.answered.set()
        except httpx.TransportError:
            self.answered.set()
        finally:
            client.close()

    def end(self) -> list[str]:
        self._thread.join()
        assert not self.refused
        return self.acknowledged


def test_what_was_acknowledged_survives_the_death_of_the_server(
    settings: dict[str, str],
) -> None:
    home = Path(settings["home"])
    rounds = int(os.environ.get("CATCHUP_CRASHES", ROUNDS))
    chance = random.Random(2018)
    acknowledged: list[str] = []
    number = 0
    for _ in range(rounds):
        # The pauses below choose the moment of the kill; nothing is waited for.
        if chance.random() < 0.2:
            starting = begin(home / "manifest.json", **settings)
            time.sleep(chance.uniform(0, 1.5))
            starting.send_signal(signal.SIGKILL)
            starting.communicate()
            continue
        served = start(home / "manifest.json", client={"seconds": 1e6}, **settings)
        stream = Stream(served, number)
        stream.answered.wait()
        time.sleep(chance.uniform(0, 0.6))
        served.process.kill()
        served.process.communicate()
        served.client.close()
        acknowledged += stream.end()
        number = stream.number
    served = start(home / "manifest.json", client={"seconds": 1e6}, **settings)
    try:
        check(served, acknowledged, rounds)
    finally:
        served.stop()
    there = [p.graph for p in read_manifest(home).parts if p.kind == "case"]  # type: ignore[union-attr]
    assert max(Counter(there).values()) == 1
    for id in Journal(home).ids():
        assert [v.state for v in Journal(home).versions(id)] == ["accepted"]
    assert not [p for p in (home / "cases").rglob(".*") if p.name != ".lock"]


def check(served: Served, acknowledged: list[str], rounds: int) -> None:
    """Assert that every acknowledged case is there once and whole, and no half of another."""
    assert len(acknowledged) > rounds / 2, "the kills came too early to show anything"
    assert len(set(acknowledged)) == len(acknowledged)
    listed = [c["id"] for c in served.get("/cases").json()]
    assert len(set(listed)) == len(listed)
    assert set(acknowledged) <= set(listed)
    answer = served.query(
        "SELECT ?g (COUNT(*) AS ?n) WHERE { GRAPH ?g { ?s ?p ?o }"
        f" FILTER(STRSTARTS(STR(?g), '{names.G}case-')) }} GROUP BY ?g",
        "application/sparql-results+json",
    ).json()["results"]["bindings"]
    sizes = {r["g"]["value"].removeprefix(names.G + "case-"): int(r["n"]["value"]) for r in answer}
    assert sizes == dict.fromkeys(listed, STORED), "a case is there whole or not at all"
    follows = served.query(
        f"SELECT ?s WHERE {{ ?s <{names.CU}unitOf> ?o FILTER(CONTAINS(STR(?s), 'id/case')) }}",
        "application/sparql-results+json",
    ).json()["results"]["bindings"]
    assert sorted(r["s"]["value"] for r in follows) == sorted(f"{names.D}{c}-uk" for c in listed)
    one = served.get(f"/cases/{acknowledged[0]}").json()
    assert one["content"] == case(int(one["id"].removeprefix("case")))


def test_the_case_has_as_many_statements_as_it_is_measured_by(settings: dict[str, str]) -> None:
    from catchup.kg.cases.job import run_forked
    from catchup.kg.cases.keep import Keeper, Sent

    keeper = Keeper(Path(settings["home"]), names.BASE, run_forked)
    _, quads = keeper.check(Sent(case(1).encode(), "yaml", "case.yaml"))
    assert len(list(ox.parse(quads, format=ox.RdfFormat.N_QUADS))) == SAID
