"""Server time of every kind of page, each address asked for the first time.

`python -m benchmarks.pages [--triples N] [--home DIR]`: N (1,000,000) triples of the real graph's
shape, or a home that is built. The aims are 20 ms for any page at a million triples, and 100 kB
before drawings. Writes RESULTS-pages.md, part of `make bench`.
"""

from __future__ import annotations

import argparse
import random
import re
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx

from benchmarks import data as laid_out
from benchmarks import servers
from benchmarks.__main__ import FOLDER
from catchup.kg.catalogue import catalogue
from catchup.kg.compare.dimensions import BY_KEY
from catchup.kg.names import CU, D
from catchup.kg.reading.files import ROOT
from catchup.kg.snapshot.manifest import read_manifest

#: Addresses of a kind: p95 of 60 is the fourth longest.
EACH = 60
RESULTS = ROOT / "benchmarks" / "RESULTS-pages.md"
#: What the aim for a page's length leaves out.
DRAWING = re.compile(r"<svg.*?</svg>", re.DOTALL)


def addresses(index: sqlite3.Connection) -> dict[str, list[str]]:
    """Return addresses to ask for, by kind of page, in the same order at every run."""
    chance = random.Random(9)

    def of(kind: str) -> list[str]:
        rows = index.execute("SELECT DISTINCT iri FROM types WHERE type = ?", (CU + kind,))
        found = sorted(iri for (iri,) in rows if iri.startswith(D))
        return [iri.removeprefix(D) for iri in chance.sample(found, min(EACH, len(found)))]

    def terms(space: str, number: int) -> list[str]:
        like = f"https://w3id.org/catchup/{space}/%"
        rows = index.execute("SELECT DISTINCT iri FROM names WHERE iri LIKE ?", (like,))
        found = sorted(iri.removeprefix("https://w3id.org/catchup/") for (iri,) in rows)
        return [f"/{iri}.html" for iri in chance.sample(found, number)]

    # Firms of whom nothing is said make short pages; those with most names are cases.
    firms = of("Firm")
    told = ["huawei", "zte", "lenovo", "saic", "haier", "geely", "byd", "tcl", "xiaomi"]
    copies = sorted({m[1] for f in firms if (m := re.match(r"(n\d+-)", f))})
    cases = [p + f for f in told[:5] for p in ["", *copies[:11]]]
    chosen = [chance.sample(cases, k=chance.randint(2, 5)) for _ in range(EACH)]
    dims = [chance.sample(sorted(BY_KEY), k=chance.randint(1, 12)) for _ in range(EACH)]
    compare = [
        "/compare?" + "&".join([*(f"case={c}" for c in cs), *(f"dim={d}" for d in ds)])
        for cs, ds in zip(chosen, dims, strict=True)
    ]
    parts = index.execute("SELECT DISTINCT iri FROM types WHERE type = ?", (CU + "Paragraph",))
    part_names = sorted(iri.removeprefix(D) for (iri,) in parts if iri.startswith(D))
    words = [
        "huawei",
        "customers",
        "华为",
        "reverse",
        "zte",
        "market",
        "learn",
        "bo",
        "2005",
        "tier",
    ]
    return {
        "home": ["/", "/?lang=zh"],
        "firm (case)": [f"/id/{c}.html" for c in cases],
        "firm (any)": [f"/id/{f}.html" for f in firms],
        "claim": [f"/id/{c}.html" for c in of("Claim")],
        "thing": [f"/id/{c}.html" for c in of("Situation")],
        "proposition": [f"/id/{c}.html" for c in of("Proposition")],
        "propositions": ["/propositions", "/propositions?lang=zh"],
        "compare": ["/compare", "/compare?dim=all", *compare],
        "truth table": [f"{c}&dim=channels&outcome=channels:customers" for c in compare[::2]],
        "source": ["/sources", "/sources/fu2018", "/sources/wei2018", "/sources/liebenau2020"],
        "part": [
            f"/sources/{p.partition('-')[0]}/{p}"
            for p in chance.sample(part_names, min(EACH, len(part_names)))
            if re.match(r"(fu2018|wei2018|liebenau2020)-", p)
        ],
        "theory": ["/theory", "/ontology/", "/vocab/"],
        "term": [*terms("ontology", 30), *terms("vocab", 30)],
        "questions": ["/queries", *(f"/queries/{name}" for name in list(catalogue())[:EACH])],
        "search": [f"/search?q={w}" for w in words] + [f"/search?q={f}" for f in firms[:30]],
        "form, editor": ["/cases/new", "/sparql"],
    }


@dataclass(frozen=True, order=True)
class Visit:
    """One visit: the server's milliseconds, the address, the length of the page in kB."""

    took: float
    path: str
    length: float


def measure(url: str, kinds: dict[str, list[str]]) -> Iterator[tuple[str, list[Visit]]]:
    """Yield the visits to each kind of page, the quickest first."""
    with httpx.Client(base_url=url, headers={"Accept": "text/html"}, timeout=60) as client:
        for kind, paths in kinds.items():
            visits = []
            for path in paths:
                began = time.perf_counter()
                answer = client.get(path)
                whole = (time.perf_counter() - began) * 1000
                assert answer.status_code in (200, 422), (
                    path,
                    answer.status_code,
                    answer.text[:300],
                )
                timing = answer.headers.get("server-timing", "")
                total = re.search(r"total;dur=([\d.]+)", timing)
                length = len(DRAWING.sub("", answer.text).encode()) / 1000
                visits.append(Visit(float(total[1]) if total else whole, path, length))
            yield kind, sorted(visits)


def row(kind: str, visits: list[Visit]) -> str:
    """Return a kind of page as a row of the table."""
    p50, p95 = (visits[min(len(visits) - 1, int(len(visits) * q))].took for q in (0.5, 0.95))
    worst, longest = visits[-1], max(v.length for v in visits)
    return (
        f"| {kind} | {len(visits)} | {p50:.1f} | {p95:.1f} | {worst.took:.1f} "
        f"`{worst.path[:60]}` | {longest:.0f} |"
    )


def main() -> None:
    """Measure and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--triples", type=int, default=1_000_000)
    parser.add_argument("--home", type=Path)
    parser.add_argument(
        "--wait", type=float, default=120, help="seconds in which pages are made ahead"
    )
    given = parser.parse_args()
    home = given.home or laid_out.prepare(FOLDER, given.triples).home
    manifest = read_manifest(home)
    assert manifest is not None
    index = sqlite3.connect(f"file:{home / manifest.index}?mode=ro", uri=True)
    server = servers.ours(laid_out.Data("pages", home, home, 0, []), home, warm=True)
    lines = [
        "# Pages",
        "",
        "Written by `python -m benchmarks.pages`, part of `make bench`: milliseconds of the server for",
        "the first visit to each address, and kB of HTML before drawings. The server has been up for",
        f"{given.wait:.0f} s, in which it makes pages ahead (server/pages/warm.py). The aims are 20 ms and",
        "100 kB for any page.",
        "",
        f"## {manifest.counts['default']:,} triples",
        "",
        "| page | addresses | p50 | p95 | slowest | longest page, kB |",
        "| --- | ---: | ---: | ---: | --- | ---: |",
    ]
    try:
        time.sleep(given.wait)
        for kind, visits in measure(server.url.removesuffix("/sparql"), addresses(index)):
            lines.append(row(kind, visits))
            print(lines[-1], flush=True)
    finally:
        server.stop()
    RESULTS.write_text("\n".join([*lines, ""]), encoding="utf-8")
    print(f"wrote {RESULTS}")


if __name__ == "__main__":
    main()
