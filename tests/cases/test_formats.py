"""One case in every format: the same statements, and mistakes told at their own places."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pyoxigraph as ox
import pytest
import yaml

from catchup.kg import names
from catchup.kg.cases.job import run_forked
from catchup.kg.cases.keep import Keeper, Sent
from catchup.kg.cases.read import CONTEXT_IRI
from catchup.kg.errors import CatchupError
from catchup.kg.reading.files import load_context
from catchup.kg.reading.sheet import write_workbook

Check = Callable[..., dict]
CASE = (Path(__file__).parent / "demo.yaml").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def statements(bare_home: Path) -> Callable[..., list[ox.Triple]]:
    keeper = Keeper(bare_home, names.BASE, run_forked)

    def read(content: bytes, format: str) -> list[ox.Triple]:
        report, quads = keeper.check(Sent(content, format, f"demo.{format}"))
        assert report["conforms"], report["results"]
        return sorted((q.triple for q in ox.parse(quads, format=ox.RdfFormat.N_QUADS)), key=str)

    return read


@pytest.fixture(scope="session")
def demo(statements: Callable[..., list[ox.Triple]]) -> list[ox.Triple]:
    return statements(CASE.encode(), "yaml")


def as_trig(triples: list[ox.Triple]) -> str:
    graph = ox.NamedNode(names.G + "case-demo")
    quads = [ox.Quad(t.subject, t.predicate, t.object, graph) for t in triples]
    title = ox.NamedNode(names.DCTERMS + "title")
    quads.append(ox.Quad(graph, title, ox.Literal("Demo Motors"), graph))
    return (ox.serialize(quads, format=ox.RdfFormat.TRIG, prefixes=names.PREFIXES) or b"").decode()


def as_turtle(triples: list[ox.Triple]) -> str:
    text = ox.serialize(triples, format=ox.RdfFormat.TURTLE, prefixes=names.PREFIXES)
    return (text or b"").decode()


def as_sheets() -> bytes:
    return write_workbook(flat(yaml.load(CASE, yaml.BaseLoader)))


def flat(entry: dict) -> dict:
    """Give every nested block an id, as the export does."""

    def name(block: dict, parent: str) -> None:
        for key, value in block.items():
            for inner in value if isinstance(value, list) else [value]:
                if isinstance(inner, dict):
                    stem = parent
                    if key == "evidence":
                        stem = "p" + parent[1:] if parent.startswith("c-") else parent
                        inner.setdefault("id", stem)
                    elif key == "asserts":
                        kind = inner["type"].lower()
                        inner.setdefault("id", f"{parent.removeprefix('c-')}-{kind}")
                    else:
                        inner.setdefault("id", f"{parent}-{key}")
                    name(inner, inner["id"])

    for claim in entry["claims"]:
        name(claim, "c-" + claim["claim"].lower())
    return entry


def as_jsonld(triples: list[ox.Triple]) -> str:
    context = load_context()
    nodes: dict[str, dict] = {}
    for t in triples:
        node = nodes.setdefault(t.subject.value, {"id": t.subject.value})
        if t.predicate.value == names.RDF + "type":
            node.setdefault("type", []).append(t.object.value)
            continue
        language = t.object.language if isinstance(t.object, ox.Literal) else None
        term = context.by_iri.get((t.predicate.value, language))
        assert term is not None, t.predicate
        node.setdefault(term.key, []).append(t.object.value)
    return json.dumps({"@context": CONTEXT_IRI, "@graph": list(nodes.values())}, indent=1)


@pytest.mark.parametrize("format", ["turtle", "trig", "jsonld", "xlsx"])
def test_the_same_statements_in_every_format(
    format: str, demo: list[ox.Triple], statements: Callable[..., list[ox.Triple]]
) -> None:
    written = {
        "turtle": lambda: as_turtle(demo).encode(),
        "trig": lambda: as_trig(demo).encode(),
        "jsonld": lambda: as_jsonld(demo).encode(),
        "xlsx": as_sheets,
    }[format]()
    assert statements(written, format) == demo


def test_one_csv_file_of_sheets(
    demo: list[ox.Triple], statements: Callable[..., list[ox.Triple]]
) -> None:
    assert statements(as_csv(as_sheets()).encode(), "csv") == demo


def as_csv(workbook: bytes) -> str:
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    for sheet in openpyxl.load_workbook(io.BytesIO(workbook)).worksheets:
        writer.writerow([f"[{sheet.title}]"])
        writer.writerows([c if c is not None else "" for c in row] for row in sheet.values)
    return out.getvalue()


@pytest.mark.parametrize("format", ["turtle", "trig", "jsonld", "csv"])
def test_a_mistake_is_told_at_its_line(check: Check, demo: list[ox.Triple], format: str) -> None:
    written = {"turtle": as_turtle, "trig": as_trig, "jsonld": as_jsonld}
    text = as_csv(as_sheets()) if format == "csv" else written[format](demo)
    wrong = text.replace("hostCountry", "hostCuntry")
    hit = next(r for r in check(wrong, format)["results"] if "hostCuntry" in r["message"])
    line = wrong.splitlines()[hit["line"] - 1]
    assert "viaChannel" in line or "hostCuntry" in line
    assert hit["field"] == "viaChannel"


def test_a_mistake_is_told_at_its_cell(check: Check) -> None:
    book = openpyxl.load_workbook(io.BytesIO(as_sheets()))
    sheet = book["LearningEpisode"]
    column = [c.value for c in sheet[1]].index("viaChannel") + 1
    sheet.cell(2, column).value = "hostCuntry"
    out = io.BytesIO()
    book.save(out)
    hit = next(r for r in check(out.getvalue(), "xlsx")["results"] if "hostCuntry" in r["message"])
    assert hit["file"] == "demo.xlsx[LearningEpisode]"
    assert (hit["line"], hit["column"], hit["field"]) == (2, column, "viaChannel")


def test_a_formula_is_refused_in_its_cell(check: Check) -> None:
    book = openpyxl.load_workbook(io.BytesIO(as_sheets()))
    book["Firm"]["B2"].value = '=HYPERLINK("http://127.0.0.1:9/","x")'
    book["Firm"]["B2"].data_type = "f"
    out = io.BytesIO()
    book.save(out)
    hits = [r for r in check(out.getvalue(), "xlsx")["results"] if "formula" in r["message"]]
    assert [(h["file"], h["line"], h["column"]) for h in hits] == [("demo.xlsx[Firm]", 2, 2)]


BROKEN = {
    "yaml": b"case: {id: demo\nclaims: [",
    "turtle": b"<urn:a> <urn:b> .\n",
    "trig": b'<urn:g> { <urn:a> <urn:b> "c }',
    "jsonld": b'{"@graph": [}',
    "csv": b'claim,label\nDEMO-0001,"open\n',
    "xlsx": b"PK\x03\x04 not a workbook",
}


@pytest.mark.parametrize("format", BROKEN)
def test_broken_syntax_is_told_with_its_line(check: Check, format: str) -> None:
    with pytest.raises(CatchupError) as told:
        check(BROKEN[format], format)
    assert told.value.status == 400
    assert told.value.where.file == f"demo.{format}"
    assert told.value.where.line or format == "xlsx"
    assert told.value.remedy


def bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"\0" * 200_000_000)
    return out.getvalue()


def entity_bomb() -> bytes:
    """A workbook whose shared strings are XML entities that explode."""
    good = zipfile.ZipFile(io.BytesIO(as_sheets()))
    entities = '<!ENTITY a "ha">' + "".join(
        f'<!ENTITY {chr(98 + i)} "{("&" + chr(97 + i) + ";") * 20}">' for i in range(9)
    )
    xml = f"<?xml version='1.0'?><!DOCTYPE x [{entities}]><worksheet>&j;</worksheet>"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in good.namelist():
            sheet = name.startswith("xl/worksheets/")
            archive.writestr(name, xml if sheet else good.read(name))
    return out.getvalue()


HOSTILE: dict[str, tuple[str, Callable[[], bytes]]] = {
    "50 MB of YAML": ("yaml", lambda: b"a" * 50_000_000),
    "a zip bomb": ("xlsx", bomb),
    "entities in a workbook": ("xlsx", entity_bomb),
    "aliases that explode": ("yaml", lambda: b"a: &a [x,x,x]\nb: &b [*a,*a,*a]\nc: [*b,*b,*b]\n"),
    "YAML nested deep": ("yaml", lambda: b"case: " + b"[" * 3_000),
    "JSON nested deep": ("jsonld", lambda: b'{"a":' * 100_000 + b"1" + b"}" * 100_000),
    "JSON-LD context elsewhere": ("jsonld", lambda: b'{"@context": "http://127.0.0.1:9/c"}'),
    "JSON-LD context in a file": ("jsonld", lambda: b'{"@context": "file:///etc/passwd"}'),
    "JSON-LD context inside": (
        "jsonld",
        lambda: b'{"x": {"@context": {"@import": "http://127.0.0.1:9/c"}}}',
    ),
    "Turtle nested deep": ("turtle", lambda: b"<urn:a> <urn:b> " + b"[ <urn:c> " * 100_000),
    "invalid UTF-8": ("turtle", lambda: b'<urn:a> <urn:b> "\xff" .'),
    "NUL": ("yaml", lambda: b"case:\n  id: \x00"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_input_gets_a_clear_error(check: Check, name: str) -> None:
    format, content = HOSTILE[name]
    with pytest.raises(CatchupError) as told:
        check(content(), format)
    assert told.value.status in (400, 413, 422)
    assert told.value.detail.endswith(".")
    assert told.value.remedy


def test_shapes_of_a_visitor_are_not_run(check: Check) -> None:
    shape = (
        "@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix d: <https://w3id.org/catchup/id/> . "
        'd:s a sh:NodeShape ; sh:targetNode d:s ; sh:pattern "^(a+)+$" ; '
        "sh:property [ sh:path sh:pattern ; sh:minCount 9 ] ."
    )
    report = check(shape, "turtle")
    assert all("minCount" not in r["message"] for r in report["results"])
    assert not report["conforms"]


def test_terms_cannot_be_defined_by_a_case(check: Check) -> None:
    text = "@prefix cu: <https://w3id.org/catchup/ontology/> . cu:Firm a cu:Unit ."
    assert "cannot say anything of" in check(text, "turtle")["results"][0]["message"]


def test_what_a_spreadsheet_made_of_what_was_typed_is_told_in_its_cell(check: Check) -> None:
    import datetime

    book = openpyxl.load_workbook(io.BytesIO(as_sheets()))

    def put(sheet: str, row: int, head: str, value: object) -> openpyxl.cell.cell.Cell:
        column = [c.value for c in book[sheet][1]].index(head) + 1
        cell = book[sheet].cell(row, column)
        cell.value = value
        return cell

    put("Figure", 2, "numericValue", 0.58).number_format = "0%"
    put("Locator", 2, "page", datetime.datetime(2024, 3, 4))
    book["Firm"]["A1"] = "ID"
    book.create_sheet("Notes").append(["remark"])
    book["Notes"].append(["mind this"])
    book.create_sheet("_private").append(["remark"])
    out = io.BytesIO()
    book.save(out)
    said = {(r["file"], r["line"]): r for r in check(out.getvalue(), "xlsx")["results"]}
    assert "percentage: it holds 0.58" in said["demo.xlsx[Figure]", 2]["message"]
    assert "holds a date" in said["demo.xlsx[Locator]", 2]["message"]
    assert "'Notes' is no sheet" in said["demo.xlsx[Notes]", 2]["message"]
    assert not any("demo-motors" in r["message"] for r in said.values())


def test_csv_parted_by_semicolons_as_spreadsheets_here_write_it(check: Check) -> None:
    rows = csv.reader(io.StringIO(as_csv(as_sheets()), newline=""))
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=";").writerows(rows)
    assert check(out.getvalue(), "csv")["conforms"]


def test_a_node_without_an_iri_is_told_at_its_line(check: Check) -> None:
    text = f"@prefix cu: <{names.CU}> .\n\n[] a cu:Firm .\n"
    hit = next(r for r in check(text, "turtle")["results"] if "no id" in r["message"])
    assert hit["line"] == 3
