"""`make bench`: measure all servers over the same data in one run and write RESULTS.md."""

from __future__ import annotations

import argparse
import platform
import statistics
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

from benchmarks import load, servers
from benchmarks.data import Data, prepare
from benchmarks.mixes import mixes
from catchup.kg.reading.files import ROOT

FOLDER = ROOT / "build" / "bench"
RESULTS = ROOT / "benchmarks" / "RESULTS.md"
Peer = Callable[[Data, Path], servers.Server | None]
PEERS: dict[str, Peer] = {
    "catchup": servers.ours,
    "oxigraph serve": servers.oxigraph,
    "rdflib-endpoint (Oxigraph)": lambda d, f: servers.rdflib_endpoint(d, f, "Oxigraph"),
    "rdflib-endpoint (Memory)": lambda d, f: servers.rdflib_endpoint(d, f, "Memory"),
    "virtuoso": servers.virtuoso,
}


# rdflib parses a million triples in some minutes, and takes gigabytes for them
LARGEST = {"rdflib-endpoint (Oxigraph)": 1_500_000, "rdflib-endpoint (Memory)": 1_500_000}
# Above this one round is enough to see how the servers compare, and takes half an hour.
ONE_ROUND_FROM = 5_000_000
LOOKUPS, REPEATED, AGGREGATIONS = (
    "look-ups, all different",
    "look-ups, repeated",
    "aggregations, uncached",
)
Runs = dict[str, dict[str, list[load.Measured]]]


def run(data: Data, rounds: int, quick: bool, wanted: list[str]) -> list[str]:
    """Measure all peers over `data` and return the lines of the report."""
    found: Runs = defaultdict(lambda: defaultdict(list))
    starts: dict[str, str] = {}
    for number in range(rounds if data.triples < ONE_ROUND_FROM else 1):
        for name in wanted:
            say(f"{data.name}, round {number + 1}: {name}")
            if data.triples > LARGEST.get(name, data.triples):
                starts[name] = "not measured at this size"
                continue
            if number and name in LARGEST:
                # minutes to load, for ratios of 10 and more: one round tells enough
                continue
            try:
                server = PEERS[name](data, FOLDER)
            except (RuntimeError, OSError, subprocess.SubprocessError) as error:
                say(f"  not measured: {error}")
                starts[name] = "did not start"
                continue
            if server is None:
                say("  not installed")
                starts[name] = "not installed"
                continue
            try:
                for mix in mixes(data, quick):
                    one = load.measure(server.url, mix.queries, mix.seconds, FOLDER, mix.accept)
                    found[mix.name][name].append(one)
                    say(f"  {mix.name:<28} {one.rate:10,.1f}/s  p95 {one.p95:,.1f} ms")
                starts[name] = f"{server.started:.1f} s, {server.memory()} MiB"
            finally:
                server.stop()
    memory = [with_workers(data, workers) for workers in (1, 2)]
    return [*table(data, found, starts), *aims(data, found, memory), ""]


def with_workers(data: Data, workers: int) -> int:
    """Return the memory (PSS, in MiB) of our server with so many workers, after a short load."""
    server = servers.ours(data, FOLDER, workers)
    try:
        for mix in mixes(data, quick=True)[:2]:
            load.measure(server.url, mix.queries, 2, FOLDER, mix.accept)
        return server.memory()
    finally:
        server.stop()


def ratios(found: Runs, mix: str, peer: str) -> list[float]:
    """Return how many times as many requests ours answered, round by round.

    A peer that answered none counts as if one had been answered just after the end.
    """
    pairs = zip(found[mix]["catchup"], found[mix][peer], strict=False)
    return [ours.rate / (its.rate or 1 / its.seconds) for ours, its in pairs]


def aims(data: Data, found: Runs, memory: list[int]) -> list[str]:
    """Return what was aimed at, and what was reached: medians of the ratios, and their range."""
    both = ["rdflib-endpoint (Oxigraph)", "rdflib-endpoint (Memory)"]
    wanted = [
        (LOOKUPS, "oxigraph serve", 1.0 if data.triples > 500_000 else 0.6),
        (REPEATED, "oxigraph serve", 2.5),
        (AGGREGATIONS, "oxigraph serve", 1.0),
        *((LOOKUPS, peer, 10.0) for peer in both),
        *((AGGREGATIONS, peer, 50.0) for peer in both),
    ]
    lines = [
        "",
        "| aim | at least | median | range | reached |",
        "| --- | ---: | ---: | --- | --- |",
    ]
    for mix, peer, least in wanted:
        if each := ratios(found, mix, peer):
            middle = statistics.median(each)
            said = f"{middle:,.2f} | {min(each):,.2f} to {max(each):,.2f}"
            reached = "yes" if middle >= least else "no"
            lines.append(f"| {mix}, times {peer} | {least:g} | {said} | {reached} |")
    one, two = memory
    reached = "yes" if two < 1.3 * one else "no"
    lines.append(
        f"| memory (PSS) with two workers, times one | below 1.3 | {two / one:.2f}"
        f" | {one} and {two} MiB | {reached} |"
    )
    return lines


def table(data: Data, found: Runs, starts: dict[str, str]) -> list[str]:
    """Return the report of one graph: per mix and server, medians, and ratios to oxigraph serve."""
    lines = [f"## {data.name}: {data.triples:,} triples", ""]
    lines += ["| mix | server | requests/s | p50 ms | p95 ms | p99 ms | failed | ratio |"]
    lines += ["| --- | --- | ---: | ---: | ---: | ---: | ---: | --- |"]
    for mix, by in found.items():
        base = by.get("oxigraph serve", [])
        for name, runs in by.items():
            middle = sorted(runs, key=lambda m: m.rate)[len(runs) // 2]
            ratios = [a.rate / b.rate for a, b in zip(runs, base, strict=False) if b.rate]
            spread = (
                f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
                if ratios
                else ""
            )
            lines.append(
                f"| {mix} | {name} | {middle.rate:,.1f} | {middle.p50:,.1f} | {middle.p95:,.1f}"
                f" | {middle.p99:,.1f} | {sum(r.errors for r in runs)} | {spread} |"
            )
    lines += ["", "Start-up and memory (PSS) after the load:", ""]
    return [*lines, *(f"- {name}: {said}" for name, said in starts.items())]


def merged(old: str, head: list[str], fresh: dict[str, list[str]]) -> str:
    """Return the report with the graphs measured now; those of other sizes stay as they were."""
    kept = {part.split(":")[0]: part.rstrip() for part in old.split("\n## ")[1:]}
    kept |= {name: "\n".join(lines)[3:].rstrip() for name, lines in fresh.items()}
    names = sorted(kept, key=lambda n: 0 if n == "real" else int(n.removesuffix("M")))
    return "\n".join(head) + "".join(f"\n## {kept[n]}\n" for n in names)


def say(text: str) -> None:
    """Print a line of progress at once."""
    print(text, file=sys.stderr, flush=True)


def main() -> None:
    """Parse the command line, measure, write the report."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument(
        "--sizes", nargs="*", type=int, default=[0, 1, 10], help="millions; 0: real"
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="short runs")
    parser.add_argument("--peers", nargs="*", default=list(PEERS), choices=list(PEERS))
    given = parser.parse_args()
    if not load.available():
        sys.exit("The load generator wrk is missing: install your system's package.")
    FOLDER.mkdir(parents=True, exist_ok=True)
    lines = [
        "# Results",
        "",
        "Written by `make bench`. Ratios are requests a second against `oxigraph serve` in the same",
        "round (median, and range over rounds); absolute numbers are this machine's and noise.",
        f"Load: wrk, 8 connections, one thread, on the same {platform.machine()} machine.",
        "",
    ]
    for size in given.sizes:
        data = prepare(FOLDER, size * 1_000_000)
        fresh = {data.name: run(data, given.rounds, given.quick, given.peers)}
        old = RESULTS.read_text(encoding="utf-8") if RESULTS.is_file() else ""
        RESULTS.write_text(merged(old, lines, fresh), encoding="utf-8")
    say(f"wrote {RESULTS}")


if __name__ == "__main__":
    main()
