"""Coding sheets: workbooks (.xlsx) and single sheets (.csv) read as entries.

A sheet named after a class holds one node a row; its first row names the columns. A column is a
key of the authoring format, or `KEY.INNER` for a field of a nested block (`period.startYear`).
Several values in a cell are parted by `|` (a bar inside a text is written `\\|`). The column
`claim` on a situation names the claims that assert it. The sheet `claims` holds the claims; the
sheets `case` and `defaults` have the columns `key` and `value`. Sheets whose names begin with `_` are notes.
docs/spreadsheet.md documents the columns.

The rows become the same tree as YAML does, with cells for places, so that all rules are the same.
"""

from __future__ import annotations

import csv
import datetime
import io
import re
import zipfile
from collections.abc import Iterable
from typing import Any

from catchup.kg.errors import Problem, SyntaxProblem, Where
from catchup.kg.reading.context import Context
from catchup.kg.reading.entry import Loaded, read_mapping
from catchup.kg.reading.tree import Mapping, Node, Scalar, Sequence

#: A workbook may not unpack to more than this. The sources' own sheets unpack to 3 MB.
MAX_UNPACKED = 30_000_000
MAX_CELLS = 200_000
#: Columns that people write with capitals too.
FIRST = ("claim", "id", "type", "label")
NESTED_TYPES = {"period": "Period", "beganIn": "Period", "evidence": ""}
SHEET_ROW = re.compile(r"\[([A-Za-z_]+)\]\Z")
PARTS = re.compile(r"(?<!\\)\|")


def read_workbook(content: bytes, file: str, context: Context) -> Loaded:
    """Read the workbook `content`; `file` names it in messages and is never opened.

    Raises SyntaxProblem when it is no workbook or unpacks to too much.
    """
    _refuse_bomb(content, file)
    import openpyxl

    try:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=False)
        sheets = {
            sheet.title: [list(row) for row in sheet.iter_rows(max_row=20_000)]
            for sheet in book.worksheets
            if not sheet.title.startswith("_")
        }
    except Exception as error:
        raise SyntaxProblem(
            f"This is not a workbook that can be read: {type(error).__name__}.",
            where=Where(file),
            remedy="Save it as Excel workbook (.xlsx), or each sheet as .csv.",
        ) from None
    problems: list[Problem] = []
    rows: dict[str, list[list[Scalar]]] = {}
    count = 0
    for title, cells in sheets.items():
        place = f"{file}[{title}]"
        read: list[list[Scalar]] = []
        for number, row in enumerate(cells, 1):
            count += len(row)
            read.append(
                [_cell(c, place, number, column, problems) for column, c in enumerate(row, 1)]
            )
        rows[title] = read
    if count > MAX_CELLS:
        raise SyntaxProblem(
            f"The workbook has more than {MAX_CELLS:,} cells.",
            where=Where(file),
            remedy="Delete empty rows and columns, or split the case.",
        )
    return _read(rows, file, context, problems)


def read_csv(text: str, file: str, context: Context) -> Loaded:
    """Read sheets written one below the other, each after a row that names it: `[Acquisition]`.

    Without such a row the file is the sheet `claims`. Raises SyntaxProblem when it is not CSV.
    """
    problems: list[Problem] = []
    # the row that names a sheet tells nothing
    first = next((x for x in text.split("\n", 50)[:50] if not SHEET_ROW.match(x.strip())), "")
    delimiter = ";" if first.count(";") > first.count(",") else ","
    sheets: dict[str, list[list[Scalar]]] = {}
    title = "claims"
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for row in reader:
            cells = [
                Scalar(value.strip(), Where(file, reader.line_num, column), 0, 0)
                for column, value in enumerate(row, 1)
            ]
            if not any(cell.text for cell in cells):
                continue
            name = SHEET_ROW.match(cells[0].text)
            if name and not any(cell.text for cell in cells[1:]):
                title = name.group(1)
                continue
            for cell in cells:
                _refuse_formula(cell, problems)
            sheets.setdefault(title, []).append(cells)
    except csv.Error as error:
        raise SyntaxProblem(
            f"This is not CSV: {error}.",
            where=Where(file, reader.line_num),
            remedy="Close every quote, and double the quotes inside a cell.",
        ) from None
    return _read(sheets, file, context, problems)


def _refuse_bomb(content: bytes, file: str) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            total = sum(info.file_size for info in archive.infolist())
            many = len(archive.infolist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        raise SyntaxProblem(
            "This is not a workbook: an .xlsx file is a zip archive.",
            where=Where(file),
            remedy="Save it as Excel workbook (.xlsx).",
        ) from None
    if total > MAX_UNPACKED or many > 500:
        raise SyntaxProblem(
            f"The workbook unpacks to {total:,} bytes in {many} files, more than is read.",
            where=Where(file),
            remedy="Delete pictures and empty rows, or split the case.",
        )


def _cell(cell: Any, place: str, row: int, column: int, problems: list[Problem]) -> Scalar:
    value = cell.value
    where = Where(place, row, column)
    if value is None:
        return Scalar("", where, 0, 0)
    wrong = _misread(cell)
    if wrong:
        problems.append(Problem(wrong[0], where, wrong[1]))
        return Scalar("", where, 0, 0)
    if isinstance(value, bool):
        return Scalar("true" if value else "false", where, 0, 0)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    scalar = Scalar(str(value).strip(), where, 0, 0)
    _refuse_formula(scalar, problems)
    return scalar


def _misread(cell: Any) -> tuple[str, str] | None:
    """Return what a spreadsheet made of what was typed, where it is not what was meant."""
    if isinstance(cell.value, datetime.date | datetime.time | datetime.timedelta):
        return (
            "The cell holds a date or time, which the spreadsheet made of what was typed.",
            "Format the column as text and type it again, such as 3-4 or 2024.",
        )
    if cell.data_type == "e":
        return f"The cell holds the error {cell.value}.", "Put its value there, or empty it."
    if isinstance(cell.value, int | float) and "%" in str(cell.number_format):
        return (
            f"The cell is formatted as a percentage: it holds {cell.value:g}.",
            "Format it as a number, give what is printed, such as 58, and unitCode: P1.",
        )
    return None


def _refuse_formula(cell: Scalar, problems: list[Problem]) -> None:
    if cell.text.startswith("="):
        problems.append(
            Problem(
                "The cell holds a formula.", cell.where, "Put its value there (paste values only)."
            )
        )
        cell.text = ""


def _read(
    sheets: dict[str, list[list[Scalar]]], file: str, context: Context, problems: list[Problem]
) -> Loaded:
    start = Where(file, 1, 1)
    tree = Mapping({}, start, 0, 0)
    nodes, claims = Sequence([], start, 0, 0), Sequence([], start, 0, 0)
    by_number: dict[str, Mapping] = {}
    blocks: list[tuple[str, Mapping]] = []
    for title, rows in sheets.items():
        if title in ("case", "defaults"):
            pairs = Mapping({}, start, 0, 0)
            for row in rows[1:]:
                if len(row) > 1 and row[0].text and row[1].text:
                    top = tree if row[0].text == "graph" else pairs
                    top.entries[row[0].text] = (row[0], row[1])
            if pairs.entries:
                tree.entries[title] = (Scalar(title, start, 0, 0), pairs)
            continue
        made = list(_rows(rows, problems))
        if title not in (*context.types, "claims", "nodes"):
            untyped = [block for block in made if "type" not in block.entries]
            made = [block for block in made if "type" in block.entries]
            problems += [_no_sheet(title, block.where) for block in untyped[:1]]
        blocks += [(title, block) for block in made]
    for title, block in blocks:
        if title == "claims":
            number = block.text("claim")
            if number:
                by_number[number] = block
            claims.items.append(block)
    for title, block in blocks:
        if title == "claims":
            _own_situation(block)
            continue
        if "type" not in block.entries:
            block.entries["type"] = _text("type", title, block.where)
        _assert_by_claims(block, by_number, nodes, problems)
    for name, items in (("nodes", nodes), ("claims", claims)):
        tree.entries[name] = (Scalar(name, start, 0, 0), items)
    return read_mapping(tree, file, context, problems)


def _no_sheet(title: str, where: Where) -> Problem:
    return Problem(
        f"'{title}' is no sheet of a case.",
        where,
        "Name it after a class, such as LearningEpisode, give its rows a type, or begin its name "
        "with '_' to have it left out.",
    )


def _rows(rows: list[list[Scalar]], problems: list[Problem]) -> Iterable[Mapping]:
    if not rows:
        return
    heads = [c.text.lower() if c.text.lower() in FIRST else c.text for c in rows[0]]
    for row in rows[1:]:
        filled = [(h, c) for h, c in zip(heads, row, strict=False) if c.text]
        if not filled:
            continue
        block = Mapping({}, row[0].where, 0, 0)
        for head, cell in filled:
            if not head:
                problems.append(
                    Problem("The column has no name.", cell.where, "Name it in the first row.")
                )
                continue
            _put(block, head, cell)
        yield block


def _put(block: Mapping, head: str, cell: Scalar) -> None:
    outer, _, inner = head.partition(".")
    key = Scalar(outer, cell.where, 0, 0)
    if inner:
        nested = block.get(outer)
        if not isinstance(nested, Mapping):
            nested = Mapping({}, cell.where, 0, 0)
            if NESTED_TYPES.get(outer):
                nested.entries["type"] = _text("type", NESTED_TYPES[outer], cell.where)
            block.entries[outer] = (key, nested)
        _put(nested, inner, cell)
        return
    values = [part.strip().replace("\\|", "|") for part in PARTS.split(cell.text)]
    items: list[Node] = [Scalar(value, cell.where, 0, 0) for value in values if value]
    value = items[0] if len(items) == 1 else Sequence(items, cell.where, 0, 0)
    block.entries[outer] = (key, value)


def _text(key: str, text: str, where: Where) -> tuple[Scalar, Node]:
    return Scalar(key, where, 0, 0), Scalar(text, where, 0, 0)


def _own_situation(claim: Mapping) -> None:
    """Move what a row of claims says of a situation of its own into a block."""
    kind = claim.entries.pop("situation", None)
    if kind is None:
        return
    inner = Mapping({"type": (Scalar("type", kind[1].where, 0, 0), kind[1])}, claim.where, 0, 0)
    for key in [k for k in claim.entries if k not in CLAIM_KEYS]:
        inner.entries[key] = claim.entries.pop(key)
    claim.entries["asserts"] = (Scalar("asserts", kind[0].where, 0, 0), inner)


#: Keys that belong to the claim; every other column of a row of claims belongs to its situation.
CLAIM_KEYS = frozenset(
    [
        "claim",
        "label",
        "statementKind",
        "voice",
        "basis",
        "force",
        "rank",
        "statedIn",
        "wasAttributedTo",
        "evidence",
        "contextEvidence",
        "reportedSpeaker",
        "primarySource",
        "primarySourceRead",
        "citesWork",
        "conflictsWith",
        "basedOnClaim",
        "extractedBy",
        "derivedValue",
        "note",
        "asserts",
        "puts",
    ]
)


def _assert_by_claims(
    block: Mapping, claims: dict[str, Mapping], nodes: Sequence, problems: list[Problem]
) -> None:
    """Put the block under the first of the claims it names, and its id under the others."""
    named = block.entries.pop("claim", None)
    if named is None:
        nodes.items.append(block)
        return
    numbers = named[1].items if isinstance(named[1], Sequence) else [named[1]]
    first = True
    for number in numbers:
        text = number.text if isinstance(number, Scalar) else ""
        claim = claims.get(text)
        if claim is None:
            problems.append(
                Problem(
                    f"The sheet 'claims' has no claim '{text}'.",
                    number.where,
                    "Give the number of a row there.",
                )
            )
            continue
        value: Node = block
        if not first:
            value = Scalar(block.text("id") or "", number.where, 0, 0)
        first = False
        key, old = claim.entries.get("asserts", (Scalar("asserts", number.where, 0, 0), None))
        items = old.items if isinstance(old, Sequence) else [old] if old is not None else []
        claim.entries["asserts"] = (key, Sequence([*items, value], number.where, 0, 0))


def write_workbook(entry: dict[str, Any]) -> bytes:
    """Return `entry` (the mapping that is written as YAML) as a workbook.

    Every node gets a row on the sheet of its first class, with its id, so that nothing is lost.
    """
    import openpyxl

    sheets: dict[str, list[dict[str, str]]] = {}
    header = dict(entry.get("case", {}))
    if "graph" in entry:
        header.setdefault("graph", entry["graph"])
    for node in entry.get("nodes", []):
        _flatten(node, sheets)
    for claim in entry.get("claims", []):
        laid = {**entry.get("defaults", {}), **claim}
        if "puts" in claim and "force" not in claim:
            laid.pop("force", None)
        _flatten(laid, sheets, "claims")
    book = openpyxl.Workbook()
    case = book.worksheets[0]
    case.title = "case"
    for pair in (("key", "value"), *header.items()):
        case.append([_plain(x) for x in pair])
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        heads = list(dict.fromkeys(k for row in rows for k in row))
        sheet.append(heads)
        for row in rows:
            sheet.append([_plain(row.get(head, "")) for head in heads])
        for cells in sheet.iter_rows():
            for cell in cells:
                cell.data_type = "s" if cell.value is not None else cell.data_type
                cell.quotePrefix = True
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _plain(value: object) -> str | None:
    return str(value) if value not in ("", None) else None


def _flatten(node: dict[str, Any], sheets: dict[str, list[dict[str, str]]], title: str = "") -> str:
    kinds = node.get("type", title)
    title = title or (kinds[0] if isinstance(kinds, list) else kinds)
    row: dict[str, str] = {}
    sheets.setdefault(title, []).append(row)
    for key, value in node.items():
        values = value if isinstance(value, list) else [value]
        texts = [_flatten(v, sheets) if isinstance(v, dict) else str(v) for v in values]
        row[key] = " | ".join(text.replace("|", "\\|") for text in texts)
    if row.get("type") == title:
        del row["type"]
    return str(node["id"] if "id" in node else node["claim"])
