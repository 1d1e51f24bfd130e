"""`make bench`: measure all servers over the same data in one run and write RESULTS.md."""

from __future__ import annotations

import argparse
import platform
import statistics
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


def run(data: Data, rounds: int, quick: bool, wanted: list[str]) -> list[str]:
    """Measure all peers over `data` and return the lines of the report."""
    found: dict[str, dict[str, list[load.Measured]]] = defaultdict(lambda: defaultdict(list))
    starts: dict[str, str] = {}
    for number in range(rounds):
        for name in wanted:
            say(f"{data.name}, round {number + 1}: {name}")
            try:
                server = PEERS[name](data, FOLDER)
            except (RuntimeError, OSError) as error:
                say(f"  not measured: {error}")
                continue
            if server is None:
                say("  not installed")
                continue
            try:
                for mix in mixes(data, quick):
                    one = load.measure(server.url, mix.queries, mix.seconds, FOLDER, mix.accept)
                    found[mix.name][name].append(one)
                    say(f"  {mix.name:<28} {one.rate:10,.0f}/s  p95 {one.p95:,.1f} ms")
                starts[name] = f"{server.started:.1f} s, {server.memory()} MiB"
            finally:
                server.stop()
    return table(data, found, starts)


def table(
    data: Data, found: dict[str, dict[str, list[load.Measured]]], starts: dict[str, str]
) -> list[str]:
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
                f"| {mix} | {name} | {middle.rate:,.0f} | {middle.p50:,.1f} | {middle.p95:,.1f}"
                f" | {middle.p99:,.1f} | {sum(r.errors for r in runs)} | {spread} |"
            )
    lines += ["", "Start-up and memory (PSS) after the load: "]
    lines += [f"- {name}: {said}" for name, said in starts.items()]
    return [*lines, ""]


def say(text: str) -> None:
    """Print a line of progress at once."""
    print(text, file=sys.stderr, flush=True)


def main() -> None:
    """Parse the command line, measure, write the report."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("--sizes", nargs="*", type=int, default=[0, 1], help="millions; 0: real")
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
        lines += run(data, given.rounds, given.quick, given.peers)
    RESULTS.write_text("\n".join(lines), encoding="utf-8")
    say(f"wrote {RESULTS}")


if __name__ == "__main__":
    main()
