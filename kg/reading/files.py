"""Where the curated files are, and reading them all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox

from catchup.kg.errors import SyntaxProblem, Where
from catchup.kg.reading.context import Context

ROOT = Path(__file__).resolve().parent.parent.parent
ONTOLOGY = ROOT / "ontology"
SHAPES = ROOT / "shapes"
DATA = ROOT / "kg" / "data"
LINKS = ROOT / "kg" / "links"
ENRICHMENT = LINKS / "enrichment.ttl"
QUERIES = ROOT / "queries"


def turtle_files(folder: Path) -> list[Path]:
    """Return the Turtle files below `folder`, in a stable order."""
    return sorted(folder.rglob("*.ttl"))


def ontology_files() -> list[Path]:
    """Return the ontology's modules, without vocabularies and alignments."""
    return sorted(ONTOLOGY.glob("*.ttl"))


def vocabulary_files() -> list[Path]:
    """Return the files of the concept schemes."""
    return turtle_files(ONTOLOGY / "vocab")


def shape_files() -> list[Path]:
    """Return the shapes, without the examples beside them."""
    return sorted(SHAPES.glob("*.ttl"))


def query_files() -> list[Path]:
    """Return the catalogue's questions and their prefixes."""
    return sorted(QUERIES.glob("*.ttl"))


def entry_files() -> list[Path]:
    """Return the curated entries in the authoring format."""
    return sorted(DATA.rglob("*.yaml"))


def parse_turtle(path: Path) -> Iterator[ox.Triple]:
    """Yield the triples of a Turtle file. Raises SyntaxProblem with line and column."""
    try:
        for quad in ox.parse(path=str(path), format=ox.RdfFormat.TURTLE, rename_blank_nodes=True):
            yield quad.triple
    except SyntaxError as error:
        raise SyntaxProblem(
            f"This is not Turtle: {_said(error)}.",
            where=Where(str(path), error.lineno, error.offset),
            remedy="Mind the full stop, quotes and prefixes in and before that line.",
        ) from None
    except UnicodeDecodeError as error:
        raise SyntaxProblem(
            f"The file is not valid UTF-8 at byte {error.start}.",
            where=Where(str(path)),
            remedy="Save it as UTF-8.",
        ) from None


def load_context() -> Context:
    """Derive the context of the authoring format from the ontology's modules."""
    return Context.from_ontology(t for path in ontology_files() for t in parse_turtle(path))


def _said(error: SyntaxError) -> str:
    return str(error.msg).split(" on line")[0].rstrip(".")
