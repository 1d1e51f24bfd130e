"""The data that all servers get: the real graph, and larger ones of the same shape."""

from __future__ import annotations

import hashlib
import json
import random
import re
import shutil
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from catchup.kg import names
from catchup.kg.snapshot.build import build
from catchup.kg.snapshot.index import IDENTIFYING, NAMING, write_index
from catchup.kg.snapshot.manifest import Manifest, Part
from catchup.kg.snapshot.ondisk import write_store
from catchup.kg.snapshot.parts import read_part

#: Kinds of part that are copied to make a larger graph: what cases would bring.
COPIED = ("source", "direct", "inferred", "entities")
#: A name or an identifier in a line of N-Quads.
NAMED = re.compile("(<(?:" + "|".join(map(re.escape, (*NAMING, *IDENTIFYING))) + r')> ")(.*)(?=")')
#: A word of a name that a copy has otherwise: a proper name, a number of a claim, Chinese.
PROPER = re.compile(r"(?<![\\\w])[A-Z][\w-]*|[\u4e00-\u9fff]+")
#: Characters of Chinese names of firms, and syllables of others.
CJK = "华为中兴海尔联想国际通信技术东方电子星科创新大洋明天光云龙飞宇长江北京深圳信息网络美好安康"
SYLLABLES = [c + v for c in "bdfghjklmnprstvwz" for v in ("a", "e", "i", "o", "u", "an", "ei")]


@dataclass(frozen=True)
class Data:
    """A graph laid out for the servers: a snapshot for ours, N-Triples for the others."""

    name: str
    home: Path
    ntriples: Path
    triples: int
    subjects: list[str]


def prepare(folder: Path, wanted: int) -> Data:
    """Return a graph of about `wanted` triples (0: the real one), made in `folder` if missing.

    The larger graphs are copies of the real one in which every instance has an IRI of its own, and
    proper names and identifiers of its own too; other words recur, as they do in one field.
    """
    real = folder / "real"
    manifest = build(real).manifest
    name = "real" if not wanted else f"{wanted // 1_000_000}M"
    home = real if not wanted else folder / name
    origin = home / "grown-from"
    if wanted and (not origin.is_file() or origin.read_text() != manifest.id):
        shutil.rmtree(home, ignore_errors=True)
        grown = _grow(real, manifest, home, wanted)
        origin.write_text(manifest.id)
        manifest = grown
    elif wanted:
        manifest = _manifest(home)
    ntriples = folder / f"{name}-{manifest.id[:12]}.nt"
    if not ntriples.is_file():
        for old in folder.glob(f"{name}-*.nt"):
            old.unlink()
        unfinished = ntriples.with_suffix(".part")
        _union(home, manifest, unfinished)
        unfinished.rename(ntriples)
    triples = manifest.counts["default"]
    return Data(name, home, ntriples, triples, _subjects(ntriples))


def _grow(real: Path, manifest: Manifest, home: Path, wanted: int) -> Manifest:
    (home / "parts").mkdir(parents=True, exist_ok=True)
    parts: list[Part] = []
    total = 0
    per_copy = sum(p.triples for p in manifest.parts if p.kind in COPIED and p.default)
    fixed = [p for p in manifest.parts if p.kind not in COPIED or not p.default]
    copies = -(-(wanted - sum(p.triples for p in fixed if p.default)) // per_copy)
    for part in fixed:
        target = home / part.file
        target.write_bytes((real / part.file).read_bytes())
        parts.append(part)
        total += part.triples if part.default else 0
    for part in (p for p in manifest.parts if p.kind in COPIED and p.default):
        text = (real / part.file).read_text(encoding="utf-8")
        for copy in range(copies):
            tagged = _copied(text, copy) if copy else text
            file = f"parts/{hashlib.sha256(tagged.encode()).hexdigest()}.nq"
            (home / file).write_text(tagged, encoding="utf-8")
            parts.append(Part(part.graph, file, part.triples, part.kind, True, part.of))
            total += part.triples
    grown = Manifest.of(parts, {"claims": {}, "triples": total, "default": total})
    grown.save(home)
    write_index(home / grown.index, (q for part in parts for q in read_part(home, part)))
    write_store(home, grown)
    return grown


def _copied(text: str, copy: int) -> str:
    """Return the N-Quads `text` with IRIs and names of their own for the copy of this number."""
    tagged = text.replace(f"<{names.D}", f"<{names.D}n{copy}-")
    return NAMED.sub(lambda m: m[1] + PROPER.sub(lambda w: _other(w[0], copy), m[2]), tagged)


@lru_cache(maxsize=100_000)
def _other(word: str, copy: int) -> str:
    """Return what a copy says for a proper name: the same for the same word, whatever the run."""
    chance = random.Random(f"{copy} {word}")
    if "\u4e00" <= word[0] <= "\u9fff":
        return "".join(chance.choices(CJK, k=len(word)))
    letters, dash, number = word.partition("-")
    made = "".join(chance.choices(SYLLABLES, k=max(1, min(4, len(letters) // 2)))).capitalize()
    return (made.upper() if letters.isupper() else made) + (f"{copy}{dash}{number}" if dash else "")


def _manifest(home: Path) -> Manifest:
    content = json.loads((home / "manifest.json").read_text())
    parts = tuple(Part(**p) for p in content["parts"])
    return Manifest(content["id"], parts, content["index"], content["counts"])


def _union(home: Path, manifest: Manifest, target: Path) -> None:
    """Write the default graph as N-Triples, each triple once."""
    seen: set[int] = set()
    with target.open("w", encoding="utf-8") as file:
        for part in (p for p in manifest.parts if p.default):
            tail = len(f" <{part.graph}> .")
            for line in (home / part.file).read_text(encoding="utf-8").split("\n"):
                triple = line[:-tail]
                if line and (key := hash(triple)) not in seen:
                    seen.add(key)
                    file.write(triple + " .\n")


def _subjects(ntriples: Path) -> list[str]:
    found: dict[str, None] = {}
    with ntriples.open(encoding="utf-8") as file:
        for line in file:
            if line.startswith(f"<{names.D}"):
                found[line.split(" ", 1)[0]] = None
    return list(found)
