"""The reference as two pages of HTML that need nothing else: the ontology and the vocabularies."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from pyoxigraph import Literal, NamedNode

from catchup.kg.names import compact
from catchup.kg.reasoning.expressions import Term
from catchup.kg.reasoning.ontology import Axiom
from catchup.kg.reasoning.words import axiom_words
from catchup.kg.reference.model import KINDS, Reference

TEMPLATES = Path(__file__).parent / "templates"
PAGES = ("ontology", "vocabulary")


def render(reference: Reference) -> dict[str, str]:
    """Return the pages by file name. Links go to the other page, to the term, or to its IRI."""
    places = _places(reference)
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )

    def term(node: Term | str) -> Markup:
        """Return a term as a link, or a literal with its language or datatype."""
        if isinstance(node, Literal):
            mark = f"@{node.language}" if node.language else ""
            if not mark and not node.datatype.value.endswith("#string"):
                mark = f" ({compact(node.datatype.value)})"
            return escape(node.value + mark)
        iri = node if isinstance(node, str) else node.value
        shown = iri if isinstance(node, str | NamedNode) else str(node)
        address = places.get(iri, iri)
        return Markup('<a href="{}">{}</a>').format(address, compact(shown))

    def words(axiom: Axiom) -> Markup:
        return Markup(axiom_words(axiom, term))  # noqa: S704 - our words; terms escape themselves

    environment.globals.update(term=term, words=words, anchor=anchor, short=compact, kinds=KINDS)
    return {
        f"{page}.html": environment.get_template(f"{page}.html").render(reference=reference)
        for page in PAGES
    }


def write(reference: Reference, folder: Path) -> list[Path]:
    """Write the pages into `folder` and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, text in render(reference).items():
        path = folder / name
        path.write_text(text, encoding="utf-8")
        written.append(path)
    return written


def anchor(iri: str) -> str:
    """Return the id that the entry of a term has on its page."""
    return compact(iri).replace(":", "-").replace("/", "-")


def _places(reference: Reference) -> Mapping[str, str]:
    places = {
        e.iri: f"ontology.html#{anchor(e.iri)}"
        for module in reference.modules
        for entries in module.entries.values()
        for e in entries
    }
    for scheme in reference.schemes:
        for e in (scheme.entry, *scheme.concepts):
            places.setdefault(e.iri, f"vocabulary.html#{anchor(e.iri)}")
    for e in reference.loose:
        places.setdefault(e.iri, f"vocabulary.html#{anchor(e.iri)}")
    return places
