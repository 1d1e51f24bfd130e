"""Checking and adding a case to graphs of two sizes: `python -m benchmarks.cases`.

Measured are what a researcher waits for: the check in the running server, `catchup check` and
`catchup add` with their start-up, and the time until a case that is sent is queryable, reasoned
over and on its page. Beside it `pyshacl` over the whole graph. Writes RESULTS-cases.md.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx

from benchmarks.__main__ import FOLDER, say
from benchmarks.data import Data, prepare
from benchmarks.servers import free_port
from catchup.kg import names
from catchup.kg.reading.files import ROOT

RESULTS = ROOT / "benchmarks" / "RESULTS-cases.md"
CASE = (ROOT / "tests" / "cases" / "demo.yaml").read_text(encoding="utf-8")
YAML = "application/yaml"
#: What issue 5 promises, in seconds.
BOUNDS = {
    "POST /cases/validate": 0.15,
    "catchup check": 1.5,
    "POST /cases until queryable, reasoned, on its page": 2.0,
    "catchup add until its end": 2.0,
    "catchup add, from its end until a running server shows the case": 2.0,
}
WHOLE = """
import sys, time
import pyshacl, rdflib
from catchup.kg.reading.files import SHAPES
from catchup.kg.shapes.files import triples_of
from catchup.kg.shapes.load import to_rdflib
shapes, data = rdflib.Graph(), rdflib.Graph()
for t in triples_of("profile-new-case"):
    shapes.add((to_rdflib(t.subject), to_rdflib(t.predicate), to_rdflib(t.object)))
data.parse(sys.argv[1], format="nt")
began = time.perf_counter()
pyshacl.validate(data, shacl_graph=shapes, inplace=True)
print(time.perf_counter() - began)
"""


def case(id: str) -> str:
    """Return a case of 60 to 100 statements that is like no other."""
    letters = hashlib.sha256(id.encode()).hexdigest().upper()[:5]
    letters = "".join(chr(65 + int(c, 16)) for c in letters)
    text = CASE.replace("demo", id).replace("DEMO", letters).replace("示范", letters)
    return text.replace("Demo Motors", f"{letters.title()} Motors")


class Running:
    """Our server on a home, where one may write."""

    def __init__(self, home: Path) -> None:
        tokens = home / "tokens"
        digest = hashlib.sha256(b"bench").hexdigest()
        tokens.write_text(f"bench {digest} 0000-0002-1825-0097 accept\n")
        self.url = f"http://127.0.0.1:{free_port()}"
        self.client = httpx.Client(trust_env=False, timeout=60, base_url=self.url)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "catchup.cli.main", "serve", "--home", str(home),
             "--port", self.url.rpartition(":")[2]],
            env=os.environ | {"CATCHUP_TOKENS": str(tokens), "CATCHUP_CLIENT_SECONDS": "1e9"},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        while not self._answers():
            time.sleep(0.2)

    def _answers(self) -> bool:
        if self.process.poll() is not None:
            raise RuntimeError("the server did not start")
        try:
            return self.client.get("/health").status_code < 500
        except httpx.TransportError:
            return False

    def validate(self, text: str) -> None:
        """Have a case checked."""
        sent = self.client.post(
            "/cases/validate", content=text.encode(), headers={"Content-Type": YAML}
        )
        assert sent.json()["conforms"], sent.text

    def submit(self, text: str) -> None:
        """Send a case."""
        headers = {"Content-Type": YAML, "Authorization": "Bearer bench"}
        sent = self.client.post("/cases", content=text.encode(), headers=headers)
        assert sent.status_code == 201, sent.text

    def shows(self, id: str) -> bool:
        """Tell whether the case is there: its graph, what follows from it, its page."""
        ask = (
            f"ASK {{ GRAPH <{names.G}case-{id}> {{ ?s ?p ?o }}"
            f" <{names.D}{id}-uk> <{names.CU}unitOf> <{names.D}{id}-motors>;"
            f" <{names.CU}learnedVia> <{names.CUV}hostCountry> }}"
        )
        there = self.client.post(
            "/sparql", content=ask, headers={"Content-Type": "application/sparql-query"}
        )
        if not there.json()["boolean"]:
            return False
        page = self.client.get(f"/id/{id}-motors.html")
        assert "Motors" in page.text, page.text[:500]
        return True

    def stop(self) -> None:
        """End the server."""
        self.process.terminate()
        self.process.wait()
        self.client.close()


def times(number: int, work: Callable[[int], object]) -> list[float]:
    """Return the seconds that each call of `work` takes."""
    found = []
    for i in range(number):
        began = time.perf_counter()
        work(i)
        found.append(time.perf_counter() - began)
    return found


def measure(data: Data, rounds: int) -> dict[str, list[float]]:
    """Return the seconds that each thing takes on `data`."""
    home = FOLDER / "cases-home"
    shutil.rmtree(home, ignore_errors=True)
    # parts and indexes never change, so links to them do
    shutil.copytree(data.home, home, copy_function=os.link, ignore=shutil.ignore_patterns("cases"))
    (home / "manifest.json").unlink()
    shutil.copy(data.home / "manifest.json", home)
    file = home / "case.yaml"

    def command(name: str, id: str) -> None:
        file.write_text(case(id), encoding="utf-8")
        subprocess.run(
            [sys.executable, "-m", "catchup.cli.main", name, str(file), "--home", str(home)],
            check=True, capture_output=True,
        )  # fmt: skip

    validated, checked, sent, added, shown = BOUNDS
    found: dict[str, list[float]] = {}
    server = Running(home)
    try:
        found["the first POST /cases/validate"] = times(1, lambda i: server.validate(case("warm")))
        found[validated] = times(rounds * 10, lambda i: server.validate(case(f"check{i}")))

        def visible(i: int) -> None:
            server.submit(case(f"sent{i}"))
            assert server.shows(f"sent{i}"), "answered 201, and not there"

        found[sent] = times(rounds, visible)
        found[checked] = times(rounds, lambda i: command("check", f"check{i}"))
        found[added], found[shown] = [], []
        for i in range(rounds):
            found[added] += times(1, lambda _, n=i: command("add", f"added{n}"))  # type: ignore[misc]
            began = time.perf_counter()
            while not server.shows(f"added{i}"):
                time.sleep(0.02)
            found[shown].append(time.perf_counter() - began)
    finally:
        server.stop()
        shutil.rmtree(home)
    return found


def main() -> None:
    """Measure and write the report."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cases")
    parser.add_argument("--sizes", nargs="*", type=int, default=[0, 1], help="millions; 0: real")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="without pyshacl over the graph")
    given = parser.parse_args()
    FOLDER.mkdir(parents=True, exist_ok=True)
    lines = [
        "# Checking and adding a case",
        "",
        "Written by `python -m benchmarks.cases`, part of `make bench`: seconds, server and client",
        "on the same two cores. The case is that of the tests, 96 statements, each time another.",
        "",
    ]
    for size in given.sizes:
        data = prepare(FOLDER, size * 1_000_000)
        say(f"{data.name}: {data.triples:,} triples")
        found = measure(data, given.rounds)
        if not given.quick:
            took = subprocess.run(
                [sys.executable, "-c", WHOLE, str(data.ntriples)],
                capture_output=True, text=True, check=True,
            )  # fmt: skip
            found["pyshacl over the whole graph, already loaded"] = [float(took.stdout)]
        lines += [
            f"## {data.name}: {data.triples:,} triples",
            "",
            "| what | times | median | p95 | promised |",
            "| --- | ---: | ---: | ---: | ---: |",
        ]
        for name, seconds in found.items():
            p95 = sorted(seconds)[round(0.95 * (len(seconds) - 1))]
            bound = f"{BOUNDS[name]:g}" if name in BOUNDS else ""
            lines.append(
                f"| {name} | {len(seconds)} | {statistics.median(seconds):.3f} | {p95:.3f} | {bound} |"
            )
            say(lines[-1])
        lines.append("")
    RESULTS.write_text("\n".join(lines), encoding="utf-8")
    say(f"wrote {RESULTS}")


if __name__ == "__main__":
    main()
