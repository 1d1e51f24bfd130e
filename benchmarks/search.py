"""Search on an index as large as that of a graph of a million triples: `python -m benchmarks.search`.

The real names are recombined, every seventh word replaced by one that does not occur, so that the
vocabulary grows too. Prints milliseconds of processor time by query, with what came first.
"""

from __future__ import annotations

import random
import sqlite3
import statistics
import tempfile
import time
from pathlib import Path

from catchup.kg import settings
from catchup.kg.search import search
from catchup.kg.snapshot.build import build
from catchup.kg.snapshot.index import INDEXES, TABLES, open_index, sorted_by_standing
from catchup.kg.text import norm, tokens

#: 73,000 triples have 11,000 names, so a million have some 150,000.
NAMES = 150_000
QUERIES = (
    "huawei", "huawey", "hwawei", "guawei", "华为", "通讯", "zte", "ZTE UK", "haeir", "lenvo",
    "reverse learning", "revers lerning", "knowledge", "learning", "FU-0770", "IBM",
    "knowledge sharing between subsidiaries", "what did huawei learn from customers",
    "windows of opportunity", "institutional viod", "frugal inovation", "GE Appliances",
    "joint venture with siemens", "capabilities", "the", "a", "hik vision", "alibabba",
    "high performance organisation of the firm in emerging markets and more words to search",
)  # fmt: skip


def enlarge(source: sqlite3.Connection, target: Path) -> None:
    """Write an index with the names of `source` and as many made ones as NAMES needs."""
    chance = random.Random(7)
    rows = source.execute(
        "SELECT iri, field, text, lang, norm, graph, tokens FROM names"
    ).fetchall()
    types = source.execute("SELECT iri, type, graph FROM types").fetchall()
    kinds: dict[str, list[str]] = {}
    for iri, kind, _ in types:
        kinds.setdefault(iri, []).append(kind)
    words = [word for row in rows for word in row[2].split()]

    def word() -> str:
        found: str = chance.choice(words)
        if chance.random() < 0.85 or len(found) < 4:
            return found
        syllables = range(max(2, len(found) // 2))
        return "".join(chance.choice("bdfgklmnprstvz") + chance.choice("aeiou") for _ in syllables)

    made = list(rows)
    while len(made) < NAMES:
        iri, field, text, lang, _, graph, _ = chance.choice(rows)
        new = f"{iri}-{len(made)}"
        if lang.startswith("zh"):
            other = "".join(chance.sample(text, len(text)))
        else:
            other = " ".join(word() for _ in text.split())
        plain = norm(other)
        made.append((new, field, other, lang, plain, graph, tokens(plain)))
        types += [(new, kind, graph) for kind in kinds.get(iri, ())]
    with sqlite3.connect(target) as db:
        db.executescript(TABLES)
        named = sorted_by_standing(made, types)
        db.executemany("INSERT INTO names VALUES (?,?,?,?,?,?,?)", named)
        db.execute("INSERT INTO words(rowid, tokens) SELECT rowid, tokens FROM names")
        db.execute("INSERT INTO vocabulary SELECT term, doc FROM terms")
        db.executemany("INSERT INTO types VALUES (?,?,?)", types)
        db.executescript(INDEXES)
    db.close()


def measure(index: Path) -> list[tuple[str, float, str]]:
    """Return for each query its milliseconds (median of five) and what comes first."""
    found = []
    with open_index(index) as db:
        for query in QUERIES:
            hits = search(db, query)
            times = []
            for _ in range(5):
                began = time.thread_time()
                search(db, query)
                times.append((time.thread_time() - began) * 1000)
            first = hits[0].iri.rsplit("/", 1)[-1] if hits else ""
            found.append((query, statistics.median(times), first))
    return found


def main() -> None:
    """Measure on the real index and on the enlarged one."""
    home = settings.home()
    real = home / build(home).manifest.index
    with tempfile.TemporaryDirectory() as folder:
        large = Path(folder) / "index.sqlite"
        with open_index(real) as db:
            enlarge(db, large)
        for name, index in (("real", real), (f"{NAMES:,} names", large)):
            rows = measure(index)
            print(f"\n{name} ({index.stat().st_size / 1e6:.0f} MB)")
            for query, milliseconds, first in rows:
                print(f"{milliseconds:8.1f} ms  {query[:40]:<40}  {first}")
            times = sorted(m for _, m, _ in rows)
            print(f"median {statistics.median(times):.1f} ms, worst {times[-1]:.1f} ms")


if __name__ == "__main__":
    main()
