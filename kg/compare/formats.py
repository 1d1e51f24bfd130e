"""A comparison as rows of text, CSV, LaTeX and a self-contained HTML table."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from html import escape

from catchup.kg.compare.table import Comparison
from catchup.kg.compare.told import Cell, Value

SILENT = ""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_LATEX = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
    "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "<": r"\textless{}", ">": r"\textgreater{}", "\n": " ",
}  # fmt: skip


def value_text(value: Value, claims: bool = True) -> str:
    """Return a value in words: what is denied is said to be, a hedge and a unit are named."""
    text = f"not: {value.text}" if value.denied else value.text
    if value.units:
        text += f" (of {', '.join(value.units)})"
    if value.hedged:
        text += " (hedged)"
    return f"{text} [{', '.join(c.number for c in value.claims)}]" if claims else text


def cell_text(cell: Cell, claims: bool = True) -> str:
    """Return a cell in words, values apart by semicolons; "" where no source says anything."""
    return "; ".join(value_text(v, claims) for v in cell.values)


def grid(comparison: Comparison, transpose: bool = False, claims: bool = True) -> list[list[str]]:
    """Return the comparison as rows of text, the head first; transposed, each case is a row."""
    rows = [["", *comparison.labels]]
    rows += [[r.label, *(cell_text(c, claims) for c in r.cells)] for r in comparison.lines]
    return [list(column) for column in zip(*rows, strict=True)] if transpose else rows


def as_csv(rows: Sequence[Sequence[str]]) -> str:
    """Return rows as CSV (RFC 4180); no cell can be taken for a formula by a spreadsheet."""
    out = io.StringIO()
    csv.writer(out).writerows(
        [f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in row] for row in rows
    )
    return out.getvalue()


def as_latex(comparison: Comparison, transpose: bool = False) -> str:
    """Return the comparison as a LaTeX table (booktabs, tabularx); claims are in a comment."""
    head, *rows = grid(comparison, transpose, claims=False)
    columns = "l" + r"X" * (len(head) - 1)
    lines = [
        f"% catchup comparison {comparison.hash}, snapshot {comparison.snapshot[:16]}",
        r"% needs \usepackage{booktabs,tabularx}; an empty cell: no source says anything",
        rf"\begin{{tabularx}}{{\textwidth}}{{{columns}}}",
        r"\toprule",
        " & ".join(_latex(c) for c in head) + r" \\",
        r"\midrule",
        *(" & ".join(_latex(c) for c in row) + r" \\" for row in rows),
        r"\bottomrule",
        r"\end{tabularx}",
        *(_claims_of(comparison)),
    ]
    return "\n".join(lines) + "\n"


def _claims_of(comparison: Comparison) -> list[str]:
    """Return comments that say which claims each cell rests on."""
    found = []
    for line in comparison.lines:
        for label, cell in zip(comparison.labels, line.cells, strict=True):
            if cell.values:
                found.append(re.sub(r"\s+", " ", f"% {line.label}, {label}: {cell_text(cell)}"))
    return found


def _latex(text: str) -> str:
    return "".join(_LATEX.get(sign, sign) for sign in text)


def as_html(comparison: Comparison, transpose: bool = False) -> str:
    """Return the comparison as an HTML document of its own, claims as links."""
    head, *_ = grid(comparison, transpose)
    cells = [[_cell_html(c) for c in line.cells] for line in comparison.lines]
    firsts = [escape(line.label) for line in comparison.lines]
    if transpose:
        cells = [list(column) for column in zip(*cells, strict=True)]
        firsts = [escape(label) for label in comparison.labels]
    body = "\n".join(
        f'<tr><th scope="row">{first}</th>{"".join(f"<td>{c}</td>" for c in row)}</tr>'
        for first, row in zip(firsts, cells, strict=True)
    )
    heads = "".join(f'<th scope="col">{escape(h)}</th>' for h in head[1:])
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f"<title>Comparison {comparison.hash}</title></head>\n<body><table>\n"
        f"<caption>{escape(', '.join(comparison.labels))} "
        f"(content {comparison.hash}, snapshot {escape(comparison.snapshot[:16])}; "
        "an empty cell: no source says anything)</caption>\n"
        f"<thead><tr><td></td>{heads}</tr></thead>\n<tbody>\n{body}\n</tbody></table></body></html>\n"
    )


def _cell_html(cell: Cell) -> str:
    return "; ".join(
        escape(value_text(v, claims=False))
        + " ["
        + ", ".join(f'<a href="{escape(c.iri)}">{escape(c.number)}</a>' for c in v.claims)
        + "]"
        for v in cell.values
    )
