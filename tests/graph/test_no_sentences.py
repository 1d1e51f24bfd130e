"""No sentence of a source is in the repository: no run of eight words but titles, names and terms."""

from __future__ import annotations

import csv
import io
import re
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from support.sources import NAMES, ROOT, source_text

from catchup.kg.text import norm

RUN = 8
#: What is printed in the sources and has to be kept as it is: titles, authors, venues of works.
BIBLIOGRAPHY = ("title", "altLabelZh", "authorList", "editorList", "venue", "identifier")
#: Heads of rows and columns, which the parts carry to tell their cells apart.
HEADS = ("rowHead", "columnHead")
#: Titles of posts, as the tables and the text give them.
POSTS = ("roleTitle", "intervieweeRole")


def words(text: str) -> list[str]:
    return norm(text).split()


def runs(text: str) -> list[str]:
    own = words(text)
    return [" ".join(own[i : i + RUN]) for i in range(len(own) - RUN + 1)]


def tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [ROOT / name for name in listed.stdout.split("\0") if name]


def scalars(content: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Yield every text of a YAML document with the key that it stands under."""
    if isinstance(content, dict):
        for name, value in content.items():
            yield from scalars(value, name)
    elif isinstance(content, list):
        for value in content:
            yield from scalars(value, key)
    elif content is not None:
        yield key, str(content)


def entry(path: Path) -> dict[str, Any]:
    content = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    return content if isinstance(content, dict) else {}


def allowed() -> set[str]:
    """Return the runs of titles, names, posts and table heads that the data hold."""
    found: set[str] = set()
    for path in (ROOT / "kg" / "data").rglob("*.yaml"):
        content = entry(path)
        for key, text in scalars(content):
            if key in (*HEADS, *POSTS):
                found.update(runs(text))
        for node in content.get("nodes") or ():
            keys: tuple[str, ...] = ()
            if {"CitedWork", "Document"}.intersection(as_list(node.get("type"))):
                keys = BIBLIOGRAPHY
            elif content.get("graph") == "entities":
                keys = ("label", "altLabel")
            for key in keys:
                for text in as_list(node.get(key)):
                    found.update(runs(text))
    return found


def as_list(value: Any) -> list[str]:
    return [str(x) for x in value] if isinstance(value, list) else [str(value or "")]


def texts(path: Path) -> list[str]:
    """Return the texts of a file: of an entry its values and comments, else all of it."""
    try:
        whole = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return []
    if path.suffix == ".yaml" and "data" in path.parts:
        comments = re.findall(r"^\s*#(.*)$", whole, re.MULTILINE)
        return [*(text for _, text in scalars(entry(path))), " ".join(comments)]
    # a place on the web is a name; what stands in two cells, or is joined from two values, is no run
    whole = re.sub(r"https?://\S+|doi:\S+", " . ", whole)
    if path.suffix in (".csv", ".tsv"):
        cells = csv.reader(io.StringIO(whole), delimiter="," if path.suffix == ".csv" else "\t")
        return [part for row in cells for cell in row for part in re.split(r"[;|\n]|<->", cell)]
    # what a comment mark or an indent splits is one run all the same
    return [re.sub(r"\n\s*(?:#|//|\*|>|\|)?\s*", " ", whole)]


def test_no_run_of_eight_words_of_a_source_is_in_a_tracked_file() -> None:
    from_sources = {run: name for name in NAMES for run in runs(source_text(name))}
    kept = allowed()
    found: dict[str, list[str]] = defaultdict(list)
    for path in tracked():
        if not path.is_file() or path.suffix in (".png", ".svg", ".ico", ".lock", ".woff2"):
            continue
        for run in (run for text in texts(path) for run in runs(text)):
            if run in from_sources and run not in kept:
                found[str(path.relative_to(ROOT))].append(f"{from_sources[run]}: {run}")
    assert not found, "\n".join(f"{f}: {r}" for f, rs in sorted(found.items()) for r in rs)


def test_the_comparison_finds_a_sentence_when_there_is_one() -> None:
    text = source_text("wei2018")
    sentence = " ".join(text[3000:3400].split()[1:20])
    from_source = set(runs(text))
    assert len([r for r in runs(f"a note: {sentence}; and on") if r in from_source]) >= 8
    assert not [
        r for r in runs("These are words of our own and of nobody else at all") if r in from_source
    ]
