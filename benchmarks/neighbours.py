"""What a hostile query costs the others: `python -m benchmarks.neighbours`.

The 95th percentile of small queries, each different and one after the other, alone and beside one
hostile query that is sent again as soon as it ends, in turns; the aim (issue 6) is a ratio of at
most 2. The hostile client is a process of its own, or its work would count as the server's.
"""

from __future__ import annotations

import argparse
import random
import statistics
import subprocess
import sys
import time
import urllib.parse
from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx

from benchmarks import servers
from benchmarks.__main__ import FOLDER, say
from benchmarks.data import prepare
from catchup.kg.reading.files import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

RESULTS = ROOT / "benchmarks" / "RESULTS-neighbours.md"
_CROSS = "?a ?b ?c . ?d ?e ?f"
# {} is a number, so that no answer comes from memory.
HOSTILE = {
    "sorting a cross join": f"SELECT * WHERE {{{{ {_CROSS} }}}} ORDER BY ?c ?f # {{}}",
    "counting a cross join": f"SELECT (COUNT(*) AS ?n) WHERE {{{{ {_CROSS} }}}} # {{}}",
    "all paths": "SELECT (COUNT(*) AS ?n) WHERE {{ ?a (!<urn:x{}>)* ?b }}",
    "planning a chain": "SELECT * WHERE {{ "
    + " ".join(f"?s{i} ?p{i} ?s{i + 1} ." for i in range(55))
    + " }} # {}",
    "ten megabytes of rows": "SELECT * WHERE {{ ?a ?b ?c }} # {}",
    "regular expressions": f"SELECT (COUNT(*) AS ?n) WHERE {{{{ {_CROSS} "
    'FILTER(REGEX(CONCAT(STR(?c), STR(?f)), "(a+)+b{}")) }}',
    "one long string": f"SELECT (GROUP_CONCAT(?c) AS ?n) WHERE {{{{ {_CROSS} }}}} # {{}}",
}
_CLIENT = """
import sys, urllib.error, urllib.request
number = 0
while True:
    number += 1
    try:
        with urllib.request.urlopen(sys.argv[1].replace("NUMBER", str(number))) as answer:
            while answer.read(1 << 20):
                pass
    except urllib.error.HTTPError:
        pass
"""


@contextmanager
def beside(url: str, query: str) -> Iterator[None]:
    """Send a hostile query again and again, from a process of its own."""
    address = f"{url}?query={urllib.parse.quote(query.format('NUMBER'))}"
    process = subprocess.Popen([sys.executable, "-c", _CLIENT, address])
    try:
        time.sleep(0.5)
        yield
    finally:
        process.kill()
        process.wait()


def p95(url: str, subjects: list[str], seconds: float) -> float:
    """Return the 95th percentile of small queries sent for so long, in milliseconds."""
    took: list[float] = []
    end = time.perf_counter() + seconds
    with httpx.Client(trust_env=False, timeout=30) as client:
        while time.perf_counter() < end:
            name = random.randrange(10**9)
            query = f"SELECT ?p ?o{name} WHERE {{ {random.choice(subjects)} ?p ?o{name} }}"
            began = time.perf_counter()
            answer = client.get(url, params={"query": query})
            took.append(time.perf_counter() - began)
            answer.raise_for_status()
    return statistics.quantiles(took, n=20)[-1] * 1000


def main() -> None:
    """Measure each kind of hostile query and write RESULTS-neighbours.md."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.neighbours")
    parser.add_argument("--size", type=int, default=0, help="millions of triples; 0: real")
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    FOLDER.mkdir(parents=True, exist_ok=True)
    data = prepare(FOLDER, given.size * 1_000_000)
    server = servers.ours(data, FOLDER)
    lines = [
        "# Small queries beside a hostile one",
        "",
        "Written by `python -m benchmarks.neighbours`, which `make bench` runs: the 95th percentile",
        "of small queries in milliseconds, alone and beside one hostile query, and the ratio",
        f"(median of {given.rounds} rounds, and range). {data.name}: {data.triples:,} triples.",
        "",
        "| hostile query | alone | beside it | ratio |",
        "| --- | ---: | ---: | --- |",
    ]
    try:
        p95(server.url, data.subjects, 1)
        for name, query in HOSTILE.items():
            alone, loaded = [], []
            for _ in range(given.rounds):
                alone.append(p95(server.url, data.subjects, given.seconds))
                with beside(server.url, query):
                    loaded.append(p95(server.url, data.subjects, given.seconds))
            ratios = [b / a for a, b in zip(alone, loaded, strict=True)]
            lines.append(
                f"| {name} | {statistics.median(alone):.1f} | {statistics.median(loaded):.1f}"
                f" | {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f}) |"
            )
            say(lines[-1])
    finally:
        server.stop()
    RESULTS.write_text("\n".join([*lines, ""]), encoding="utf-8")


if __name__ == "__main__":
    main()
