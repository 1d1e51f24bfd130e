"""Ten minutes of small, heavy and hostile queries at once: `python -m benchmarks.soak`.

Watched: that small queries are answered throughout, that memory does not grow, that nothing is
left behind. Exit code 1 when one of them does not hold.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import threading
import time
from dataclasses import dataclass, field

import httpx

from benchmarks import servers
from benchmarks.__main__ import FOLDER, say
from benchmarks.data import prepare
from catchup.kg.catalogue import catalogue

SMALL = "SELECT ?p ?o WHERE {{ <https://w3id.org/catchup/id/huawei> ?p ?o }} # {}"
HOSTILE = (
    "SELECT (COUNT(*) AS ?n) WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }",
    "SELECT * WHERE { ?a ?b ?c . ?d ?e ?f } ORDER BY ?c ?f",
    "SELECT * WHERE " + "{" * 5000 + "}" * 5000,
    "ASK { FILTER(" + "!" * 20000 + "true) }",
    "SELECT * WHERE { SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }",
    "CONSTRUCT { ?a ?b ?f } WHERE { ?a ?b ?c . ?d ?e ?f }",
    "SELECT * WHERE { ?s ?p ?o . FILTER(REGEX(STR(?o), '(a+)+$')) }",
    "SELECT * WHERE { ?s ?p",
)


@dataclass
class Log:
    """What the clients saw."""

    small: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    stop: threading.Event = field(default_factory=threading.Event)

    def count(self, status: int) -> None:
        """Count an answer of a heavy or hostile query."""
        self.statuses[status] = self.statuses.get(status, 0) + 1


def small(url: str, log: Log) -> None:
    """Ask small queries, each different, one after the other."""
    with httpx.Client(trust_env=False, timeout=30) as client:
        number = 0
        while not log.stop.is_set():
            number += 1
            began = time.perf_counter()
            answer = client.get(url, params={"query": SMALL.format(number)})
            log.small.append(time.perf_counter() - began)
            if answer.status_code != 200:
                log.wrong.append(f"a small query was answered {answer.status_code}")
            log.stop.wait(0.01)


def heavy(url: str, log: Log) -> None:
    """Ask hostile queries and those of the catalogue, in random order."""
    queries = [*HOSTILE, *(q.query for q in catalogue().values() if not q.parameters)]
    chosen = random.Random(11)
    with httpx.Client(trust_env=False, timeout=60) as client:
        while not log.stop.is_set():
            try:
                answer = client.post(
                    url,
                    content=chosen.choice(queries).encode(),
                    headers={"Content-Type": "application/sparql-query"},
                )
                log.count(answer.status_code)
                if answer.status_code == 500:
                    log.wrong.append("a query was answered 500")
            except httpx.HTTPError as error:
                log.wrong.append(f"the connection broke: {error!r}")


def main() -> int:
    """Run the soak and report; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak")
    parser.add_argument("--seconds", type=float, default=600)
    seconds = parser.parse_args().seconds
    FOLDER.mkdir(parents=True, exist_ok=True)
    server = servers.ours(prepare(FOLDER, 0), FOLDER)
    log = Log()
    threads = [threading.Thread(target=t, args=(server.url, log)) for t in (small, heavy, heavy)]
    memory: list[int] = []
    try:
        for thread in threads:
            thread.start()
        began = time.monotonic()
        while time.monotonic() - began < seconds:
            log.stop.wait(min(10.0, seconds / 10))
            memory.append(server.memory())
            say(f"{time.monotonic() - began:6.0f} s  {len(log.small)} small, {memory[-1]} MiB")
        log.stop.set()
        for thread in threads:
            thread.join()
    finally:
        log.stop.set()
        server.stop()
    ranked = sorted(log.small)
    say(
        f"small queries: median {statistics.median(ranked) * 1000:.1f} ms,"
        f" p95 {ranked[int(len(ranked) * 0.95)] * 1000:.1f} ms, worst {ranked[-1] * 1000:.0f} ms"
    )
    say(f"heavy and hostile ones by status: {dict(sorted(log.statuses.items()))}")
    half = len(memory) // 2
    first, second = max(memory[:half] or [0]), max(memory[half:] or [0])
    if second > 1.5 * first + 100:
        log.wrong.append(f"memory grew from {first} to {second} MiB")
    for fault in sorted(set(log.wrong)):
        say(f"wrong: {fault} ({log.wrong.count(fault)} times)")
    return 1 if log.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
