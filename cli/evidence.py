"""`catchup evidence`: read every anchor back from the sources, and say what rests on what."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated, Any

import typer

from catchup.cli.options import Json
from catchup.cli.output import dump, out, problems, table
from catchup.kg.errors import CannotRun, InputError, Problem
from catchup.kg.evidence.anchor import anchor_file
from catchup.kg.evidence.coverage import PartCoverage, citations, coverage, outside
from catchup.kg.evidence.locate import Copy, Found, shape
from catchup.kg.evidence.names import read_names, small_words
from catchup.kg.evidence.record import LABEL, Passage, Record, read_record
from catchup.kg.evidence.sources import Source, read_source, read_text
from catchup.kg.evidence.verify import Report, verify
from catchup.kg.reading.files import DATA, entry_files, load_context


def evidence(
    sources: Annotated[
        Path,
        typer.Option("--sources", envvar="CATCHUP_SOURCES", help="Folder of the source texts."),
    ],
    entries: Annotated[
        list[Path] | None,
        typer.Argument(help="Entries; without any, all of the repository's.", exists=True),
    ] = None,
    show_coverage: Annotated[
        bool, typer.Option("--coverage", help="List every part and how many claims rest on it.")
    ] = False,
    copy: Annotated[
        list[str] | None,
        typer.Option("--copy", help="NAME=FILE: find the passages of a source in another copy."),
    ] = None,
    anchor: Annotated[
        list[Path] | None,
        typer.Option("--anchor", help="Make the anchors of the drafts in FILE, and stop."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Read the claims back from the sources.

    Fails when a text has changed, an anchor does not resolve, a claim holds a number, year or name
    that its passage does not, or a part is not accounted for.

    Example: `catchup evidence --sources ../shared/sources --coverage`
    """
    if not sources.is_dir():
        raise CannotRun(f"There is no folder {sources}.", remedy="Give it with --sources.")
    if anchor:
        _anchor(anchor, sources)
        return
    texts = {p.parent.name: p for p in sorted(DATA.glob("*/parts.yaml"))}
    read = {name: read_source(sources, name, DATA) for name in texts}
    only = {path.resolve() for path in entries or ()}
    ours = entry_files()
    record = read_record([*ours, *sorted(only.difference(ours))], load_context())
    if copy:
        _copies(record, read, copy, as_json)
        return
    small = small_words(
        [*(s.text for s in read.values()), *(record.one(c, LABEL) for c in record.of_type("Claim"))]
    )
    report = verify(
        record,
        read,
        dataclasses.replace(read_names(), lower=small),
        lambda node: not only or Path(record.where(node).file).resolve() in only,
    )
    rows = {} if only else {name: coverage(record, source) for name, source in read.items()}
    for name, own in rows.items():
        report.problems += _unaccounted(read[name], own)
    if as_json:
        dump(_as_json(record, read, report, rows))
    else:
        if show_coverage:
            _print_coverage(record, read, rows)
        out.print(
            f"{report.claims:,} claims, {report.passages:,} passages, "
            f"{sum(map(len, rows.values())):,} parts, {len(report.problems):,} problem(s)"
        )
    if report.problems:
        if as_json:
            raise typer.Exit(1)
        problems(report.problems)
        raise typer.Exit(1)


def _anchor(paths: list[Path], sources: Path) -> None:
    refused: list[Problem] = []
    for path in paths:
        made, wrong = anchor_file(path, sources)
        out.print(f"{path}: {made} anchored, {len(wrong)} refused")
        refused += wrong
    if refused:
        raise InputError(f"{len(refused)} passage(s) could not be placed.", problems=refused)


def _unaccounted(source: Source, rows: list[PartCoverage]) -> list[Problem]:
    found = [
        Problem(
            f"{source.name}: the characters {start}-{end} lie in no part.",
            remedy="Cut them into a part.",
        )
        for start, end in outside(source)
    ]
    parents = {row.part.parent for row in rows if not row.accounted}
    for row in rows:
        if not row.accounted and row.part.id not in parents:
            text = f"No claim rests on {row.part.id} ({row.part.label}), and it has no waiver."
            found.append(Problem(text, remedy="Enter what it says, or say why nothing is entered."))
    return found


def _print_coverage(
    record: Record, read: dict[str, Source], rows: dict[str, list[PartCoverage]]
) -> None:
    for name, own in rows.items():
        cited = citations(record, read[name])
        table(
            name,
            ["part", "#claims", "#within", "#letters used", "#citations", "waiver"],
            (
                (
                    row.part.id,
                    row.claims,
                    row.within,
                    f"{row.share:.0%}",
                    cited[row.part.id],
                    row.part.waiver or ("" if row.accounted else "NOT ACCOUNTED FOR"),
                )
                for row in own
            ),
        )


def _as_json(
    record: Record,
    read: dict[str, Source],
    report: Report,
    rows: dict[str, list[PartCoverage]],
) -> dict[str, Any]:
    return {
        "claims": report.claims,
        "passages": report.passages,
        "problems": [p.as_dict() for p in report.problems],
        "sources": {
            name: {
                "sha256": source.sha256,
                "parts": [row.as_dict() for row in rows.get(name, ())],
                "citations": sum(citations(record, source).values()),
            }
            for name, source in read.items()
        },
    }


def _copies(record: Record, read: dict[str, Source], wanted: list[str], as_json: bool) -> None:
    told: dict[str, Any] = {}
    missing = 0
    for entry in wanted:
        name, _, file = entry.partition("=")
        if name not in read or not file:
            raise InputError(
                f"'{entry}' names no copy.",
                remedy=f"Write NAME=FILE, NAME one of {', '.join(read)}.",
            )
        found = in_copy(record, read[name], Copy(read_text(Path(file))))
        states = [f.state for f in found.values()]
        counts = {state: states.count(state) for state in ("found", "ambiguous", "absent")}
        missing += counts["ambiguous"] + counts["absent"]
        told[name] = {
            **counts,
            "passages": {
                node.id.rsplit("/", 1)[-1]: dataclasses.asdict(f) for node, f in found.items()
            },
        }
        if not as_json:
            out.print(f"{file}: " + ", ".join(f"{n} {state}" for state, n in counts.items()))
            for node, f in found.items():
                if f.state != "found":
                    out.print(f"  {f.state}: {node.id.rsplit('/', 1)[-1]} ({node.part})")
    if as_json:
        dump(told)
    if missing:
        raise typer.Exit(1)


def in_copy(record: Record, source: Source, copy: Copy) -> dict[Passage, Found]:
    """Return where each passage of `source` that a claim rests on stands in `copy`."""
    heads = row_heads(source)
    found: dict[Passage, Found] = {}
    claimed = (node for c in record.of_type("Claim") for node in record.passages_of(c))
    for node in dict.fromkeys(claimed):
        passage = record.passage(node)
        part = source.parts.get(passage.part)
        if passage.source != source.name or part is None:
            continue
        table_of = next((p.id for p in source.ancestors(part.id) if "Table" in p.kinds), "")
        row = next((p.row_head for p in source.ancestors(part.id) if p.row_head), "")
        found[passage] = copy.find(
            passage.fingerprint,
            shape(source.text, passage.segments),
            row,
            heads.get(table_of, ()),
        )
    return found


def row_heads(source: Source) -> dict[str, tuple[str, ...]]:
    """Return the row heads of every table of `source`."""
    found: dict[str, dict[str, None]] = {}
    for part in source.parts.values():
        for around in source.ancestors(part.id):
            if "Table" in around.kinds and part.row_head:
                found.setdefault(around.id, {})[part.row_head] = None
    return {name: tuple(heads) for name, heads in found.items()}
