"""The words of the pages themselves: English as written in the templates, and their Chinese."""

from __future__ import annotations

from functools import cache
from pathlib import Path

#: What the pages say, and what the shapes say in the entry form.
_FILES = [Path(__file__).parent / name for name in ("words.zh.tsv", "shapes.zh.tsv")]


@cache
def chinese() -> dict[str, str]:
    """Return the Chinese of each English text: one a line, separated by a tab."""
    lines = [line for file in _FILES for line in file.read_text(encoding="utf-8").splitlines()]
    return dict(line.split("\t", 1) for line in lines if "\t" in line)


def say(text: str, lang: str, /, **values: object) -> str:
    """Return a text of the pages in a language, with `{name}` filled in from `values`."""
    said = chinese().get(text, text) if lang == "zh" else text
    return said.format(**values) if values else said
