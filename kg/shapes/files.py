"""The files of shapes and their profiles, as triples."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pyoxigraph as ox

from catchup.kg import names
from catchup.kg.errors import NotFound
from catchup.kg.reading.files import SHAPES, parse_turtle

PROFILES = ("profile-new-case", "profile-release")


def shape_files() -> list[Path]:
    """Return the files of shapes, prefixes and profiles included."""
    return sorted(SHAPES.glob("*.ttl"))


@cache
def triples_of(name: str) -> tuple[ox.Triple, ...]:
    """Return the triples of the file `name` and of all it imports, each file once.

    Raises NotFound when there is no such file; nothing is ever fetched.
    """
    found: list[ox.Triple] = []
    todo, seen = [name], {name}
    while todo:
        path = SHAPES / f"{todo.pop(0)}.ttl"
        if not path.is_file():
            raise NotFound(f"There are no shapes called '{path.stem}'.")
        for triple in parse_turtle(path):
            found.append(triple)
            if triple.predicate.value == names.OWL + "imports":
                other = str(triple.object.value).removeprefix(names.CUS)  # type: ignore[union-attr]
                if other not in seen:
                    seen.add(other)
                    todo.append(other)
    return tuple(found)
