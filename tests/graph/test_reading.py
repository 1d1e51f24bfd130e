"""The authoring format: what it reads, what it refuses, and that it is JSON-LD in disguise."""

from __future__ import annotations

import json

import pyoxigraph as ox
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from catchup.kg import names
from catchup.kg.errors import SyntaxProblem
from catchup.kg.export.entry import entry
from catchup.kg.reading.canonical import canonical_entry
from catchup.kg.reading.context import Context
from catchup.kg.reading.entry import read_entry
from catchup.kg.reading.files import DATA, entry_files, load_context
from catchup.kg.reading.write import render

CONTEXT = load_context()

FIGURE = """
graph: case-x
nodes:
- {id: x-firm, type: Firm, label: Firm X}
claims:
- claim: XX-0001
  label: Firm X sold 7.664 things.
  statementKind: caseFact
  asserts:
  - type: Figure
    figureOf: x-firm
    numericValue: 7.664
    currencyDerived: true
    measure: contractSales
    period: {type: Period, startYear: 2005}
    asPrinted: "0123"
"""


def triples(text: str, context: Context = CONTEXT) -> set[str]:
    loaded = read_entry(text, "x.yaml", context)
    assert not loaded.problems
    return {str(q.triple) for q in loaded.quads}


def problems(text: str) -> list[str]:
    return [str(p) for p in read_entry(text, "x.yaml", CONTEXT).problems]


def test_scalars_are_text_and_the_context_types_them() -> None:
    found = triples(FIGURE)
    figure = f"<{names.D}xx-0001-figure>"
    decimal = f'"7.664"^^<{names.XSD}decimal>'
    assert f"{figure} <{names.CU}numericValue> {decimal}" in found
    assert f'{figure} <{names.CU}asPrinted> "0123"' in found
    assert f'{figure} <{names.CU}currencyDerived> "true"^^<{names.XSD}boolean>' in found
    assert f"{figure} <{names.CU}measure> <{names.CUV}contractSales>" in found
    year = f'"2005"^^<{names.XSD}integer>'
    assert f"<{names.D}xx-0001-figure-period> <{names.CU}startYear> {year}" in found


def test_ids_do_not_depend_on_the_place_in_the_file() -> None:
    node = "- {id: y-firm, type: Firm, label: Firm Y}\n"
    moved = FIGURE.replace("claims:", node + "claims:").replace("- {id: x-firm", node.replace(
        "y-firm", "z-firm") + "- {id: x-firm")  # fmt: skip
    assert triples(FIGURE) <= triples(moved)


@pytest.mark.parametrize("path", entry_files(), ids=lambda p: p.relative_to(DATA).as_posix())
def test_an_entry_is_json_ld(path) -> None:  # type: ignore[no-untyped-def]
    """The quads are those that a JSON-LD processor makes of the same blocks and the context."""
    loaded = read_entry(path.read_text(encoding="utf-8"), str(path), CONTEXT)
    graph = loaded.graph.removeprefix(names.G)
    content = entry(loaded.quads, graph, CONTEXT)
    document = dict(CONTEXT.as_jsonld())
    document["@context"]["@base"] = names.D
    document["@graph"] = [_json_ld(b) for b in content.get("nodes", []) + content.get("claims", [])]
    text = json.dumps(document)
    read = {str(q.triple) for q in ox.parse(text, format=ox.RdfFormat.JSON_LD)}
    assert read == {str(q.triple) for q in loaded.quads}


def _json_ld(block: dict) -> dict:  # type: ignore[type-arg]
    """Spell out the three things that the authoring format writes shorter than JSON-LD."""
    out: dict = {}  # type: ignore[type-arg]
    for key, value in block.items():
        many = value if isinstance(value, list) else [value]
        if key == "claim":
            out |= {"id": "c-" + value.lower(), "type": "Claim", "identifier": value}
        elif key == "segments":
            spans = [s.split("-") for s in many]
            out["hasSelector"] = [
                {"id": f"{block['id']}-s{n}", "type": "TextPositionSelector", "start": a, "end": b}
                for n, (a, b) in enumerate(spans, 1)
            ]
        elif key == "id":
            out[key] = value
        else:
            out[key] = [_json_ld(v) if isinstance(v, dict) else v for v in many]
    states = {"Passage": "passageVerified", "Locator": "textNotAtHand"}
    kinds = block.get("type", [])
    for kind in [kinds] if isinstance(kinds, str) else kinds:
        if kind in states:
            out["evidenceState"] = states[kind]
    return out


@pytest.mark.parametrize("path", entry_files(), ids=lambda p: p.relative_to(DATA).as_posix())
def test_export_and_canonical_form_lose_nothing(path) -> None:  # type: ignore[no-untyped-def]
    text = path.read_text(encoding="utf-8")
    loaded = read_entry(text, str(path), CONTEXT)
    said = {str(q) for q in loaded.quads}
    exported = render(entry(loaded.quads, loaded.graph.removeprefix(names.G), CONTEXT))
    assert {str(q) for q in read_entry(exported, "x", CONTEXT).quads} == said
    canonical = canonical_entry(text, path)
    assert {str(q) for q in read_entry(canonical, "x", CONTEXT).quads} == said
    assert canonical_entry(canonical, path) == canonical


@pytest.mark.parametrize(
    ("change", "line", "said"),
    [
        (("numericValue: 7.664", "numericValue: 7,664"), 12, "no value of 'numericValue'"),
        (("figureOf:", "figurOf:"), 11, "Did you mean 'figureOf'"),
        (("type: Figure", "type: Figur"), 10, "Did you mean 'Figure'"),
        (("type: Firm", "typ: Firm"), 4, "no type"),
        (("id: x-firm", "id: x firm"), 4, "cannot be an id"),
        (("figureOf: x-firm", "figureOf: x-firm\n    figureOf: y"), 12, "stands twice"),
        (("XX-0001", "1"), 6, "no claim number"),
        (("label: Firm X sold", "label: \n  foo: Firm X sold"), 7, "'label' is blank"),
        (("figureOf: x-firm", "figureOf: foo:bar"), 11, "prefix 'foo:' is not known"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(change, line, said) -> None:  # type: ignore[no-untyped-def]
    found = problems(FIGURE.replace(*change, 1))
    assert any(f"x.yaml:{line}:" in p and said in p for p in found), found


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: &x 1\nb: *x\n", "anchor"),
        ("a: [1, 2\n", "not YAML"),
        ("- 1\n", "not a block of keys"),
        ("", "empty"),
        ("a: \x07", "character"),
        ("nodes:\n" + "".join("  " * i + "a:\n" for i in range(40)), "levels deep"),
    ],
)
def test_what_cannot_be_read_is_refused(text: str, said: str) -> None:
    with pytest.raises(SyntaxProblem, match=said):
        read_entry(text, "x.yaml", CONTEXT)


TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30).map(str.strip)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.sampled_from(["label", "note", "altLabel"]), TEXT.filter(bool)))
def test_any_text_survives_writing_and_reading(texts: dict[str, str]) -> None:
    content = {"graph": "x", "nodes": [{"id": "n", "type": "Firm", **texts}]}
    loaded = read_entry(render(content), "x", CONTEXT)
    assert not loaded.problems
    values = {q.object.value for q in loaded.quads if isinstance(q.object, ox.Literal)}
    assert values == set(texts.values())


@settings(max_examples=200, deadline=None)
@given(TEXT)
def test_other_yaml_readers_see_the_same_texts(text: str) -> None:
    written = render({"graph": "x", "defaults": {"label": text}})
    assert yaml.load(written, Loader=yaml.BaseLoader)["defaults"]["label"] == text


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=200))
def test_no_text_breaks_the_reader(text: str) -> None:
    try:
        read_entry(text, "x.yaml", CONTEXT)
    except SyntaxProblem as error:
        assert error.detail
