"""The shapes files and their profiles."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pyoxigraph as ox
from catchup.kg import names
from catchup.kg.errors import NotFound
from catchup.kg.shapes.compile import Shape, compile_shapes

FOLDER = Path(__file__).resolve().parent.parent.parent / "shapes"
PROFILES = ("profile-new-case", "profile-release")
IMPORTS = ox.NamedNode(names.OWL + "imports")


def shape_files() -> list[Path]:
    """Return the files of shapes, prefixes and profiles included."""
    return sorted(FOLDER.glob("*.ttl"))


@cache
def triples_of(name: str) -> tuple[ox.Triple, ...]:
    """Return the triples of the file `name` and of all it imports, each file once.

    Raises NotFound when there is no such file; nothing is ever fetched.
    """
    found: list[ox.Triple] = []
    todo, seen = [name], {name}
    while todo:
        path = FOLDER / f"{todo.pop(0)}.ttl"
        if not path.is_file():
            raise NotFound(f"There are no shapes called '{path.stem}'.")
        for quad in ox.parse(path=str(path), format=ox.RdfFormat.TURTLE, rename_blank_nodes=True):
            found.append(quad.triple)
            if quad.predicate == IMPORTS:
                other = str(quad.object.value).removeprefix(names.CUS)
                if other not in seen:
                    seen.add(other)
                    todo.append(other)
    return tuple(found)


@cache
def shapes_of(profile: str) -> tuple[Shape, ...]:
    """Return the compiled shapes of a profile: ``profile-new-case`` or ``profile-release``."""
    return tuple(compile_shapes(triples_of(profile)))
