"""Mapping tables in SSSOM/TSV: reading with every problem placed, and writing.

The format is https://mapping-commons.github.io/sssom/spec-formats-tsv/: metadata as YAML in lines
that begin with '#', then a table. Slots and their meaning are those of SSSOM 1.0.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from catchup.kg.errors import InputError, Problem, Where
from catchup.kg.snapshot.manifest import write_durably

SAME = "schema:sameAs"
#: How concepts are mapped: `skos:broadMatch` says that the other one is broader.
MATCHES = ("skos:exactMatch", "skos:closeMatch", "skos:broadMatch", "skos:narrowMatch")
#: How a mapping may be said here: identity, a mapping of concepts, a related thing.
PREDICATES = (SAME, *MATCHES, "rdfs:seeAlso")
#: SSSOM's object for "looked for, and nothing was found".
NOTHING = "sssom:NoTermFound"
REQUIRED = ("subject_id", "predicate_id", "object_id", "mapping_justification")
COLUMNS = (
    "subject_id",
    "subject_label",
    "predicate_id",
    "object_id",
    "object_label",
    "mapping_justification",
    "author_label",
    "mapping_tool",
    "confidence",
    "mapping_date",
    "comment",
)
METADATA = ("mapping_set_id", "license", "curie_map")
JUSTIFICATIONS = (
    "semapv:ManualMappingCuration",
    "semapv:MappingReview",
    "semapv:LexicalMatching",
    "semapv:LexicalSimilarityThresholdMatching",
    "semapv:UnspecifiedMatching",
)
#: Namespaces of the schemes that tables link to, beside our own prefixes.
NAMESPACES = {
    "semapv": "https://w3id.org/semapv/vocab/",
    "sssom": "https://w3id.org/sssom/",
    "wd": "http://www.wikidata.org/entity/",
    "ror": "https://ror.org/",
    "grid": "https://www.grid.ac/institutes/",
    "isni": "https://isni.org/isni/",
    "orcid": "https://orcid.org/",
    "fundref": "https://doi.org/10.13039/",
    "dbr": "http://dbpedia.org/resource/",
    "lei": "https://search.gleif.org/#/record/",
    "isin": "urn:isin:",
    "stw": "http://zbw.eu/stw/descriptor/",
    "isic4": "https://unstats.un.org/classifications/ISIC/rev4/",
    "doi": "https://doi.org/",
}
FALSE_FRIENDS = "false-friends.tsv"
_CURIE = re.compile(r"([A-Za-z][\w.-]*):(\S+)")


@dataclass(frozen=True)
class Match:
    """One row: that `subject_id` and `object_id` (CURIEs) are related, why, and how surely."""

    subject_id: str
    predicate_id: str
    object_id: str
    mapping_justification: str = JUSTIFICATIONS[0]
    subject_label: str = ""
    object_label: str = ""
    author_label: str = ""
    mapping_tool: str = ""
    confidence: str = ""
    mapping_date: str = ""
    comment: str = ""
    where: Where = field(default=Where(), compare=False)

    @property
    def found(self) -> bool:
        """Whether the row is a match, not the record of a search in vain."""
        return self.object_id != NOTHING

    @property
    def scheme(self) -> str:
        """The prefix of the object: which data set it is from."""
        return self.object_id.partition(":")[0]

    @property
    def local(self) -> str:
        """The object's identifier within its data set."""
        return self.object_id.partition(":")[2]


@dataclass
class MappingSet:
    """A table: its metadata, rows and what is wrong with it."""

    file: str
    metadata: dict[str, Any] = field(default_factory=dict)
    rows: list[Match] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    @property
    def curies(self) -> Mapping[str, str]:
        """The prefixes that the table declares."""
        found = self.metadata.get("curie_map")
        return found if isinstance(found, dict) else {}

    def expand(self, curie: str) -> str:
        """Return the IRI of a CURIE. Raises KeyError for a prefix that is not declared."""
        prefix, _, local = curie.partition(":")
        return self.curies[prefix] + local


@dataclass(frozen=True)
class FalseFriend:
    """Something that looks like the subject and is not: never to be linked."""

    subject_id: str
    object_id: str
    reason: str


def read_set(text: str, file: str) -> MappingSet:
    """Return the table in `text`, called `file` in messages; what is wrong stands in `.problems`."""
    found = MappingSet(file)
    lines = text.split("\n")
    head = next((i for i, line in enumerate(lines) if not line.startswith("#")), len(lines))
    _metadata(found, lines[:head])
    columns = lines[head].split("\t") if head < len(lines) else [""]
    _columns(found, columns, head + 1)
    if found.problems and not found.metadata:
        return found
    for number, line in enumerate(lines[head + 1 :], head + 2):
        if line.strip():
            _row(found, columns, line.rstrip("\r").split("\t"), number)
    return found


def read_file(path: Path, shown: str = "") -> MappingSet:
    """Return the table in the file `path`. Raises InputError when it is no UTF-8 text."""
    try:
        return read_set(path.read_text(encoding="utf-8"), shown or path.name)
    except UnicodeDecodeError as error:
        raise InputError(
            f"The file is not valid UTF-8 at byte {error.start}.",
            where=Where(shown or path.name),
            remedy="Save it as UTF-8.",
        ) from None


def read_folder(folder: Path, root: Path | None = None) -> list[MappingSet]:
    """Return the tables of a folder in the order of their names."""
    return [
        read_file(p, p.relative_to(root).as_posix() if root and p.is_relative_to(root) else p.name)
        for p in sorted(folder.glob("*.sssom.tsv"))
    ]


def read_false_friends(folder: Path) -> list[FalseFriend]:
    """Return the false friends that the folder of tables records."""
    path = folder / FALSE_FRIENDS
    if not path.is_file():
        return []
    rows = csv.DictReader(path.read_text(encoding="utf-8").splitlines(), delimiter="\t")
    return [FalseFriend(r["subject_id"], r["object_id"], r["reason"]) for r in rows]


def write_set(path: Path, metadata: Mapping[str, Any], rows: Iterable[Match]) -> None:
    """Write a table whole or not at all; rows sorted, only the columns that are used.

    Raises CannotRun when the folder cannot be written.
    """
    ordered = sorted(rows, key=lambda r: (r.subject_id, not r.found, r.predicate_id, r.object_id))
    used = [c for c in COLUMNS if c in REQUIRED or any(getattr(r, c) for r in ordered)]
    out = io.StringIO()
    text = yaml.safe_dump(dict(metadata), allow_unicode=True, sort_keys=True, width=10_000)
    out.writelines(f"# {line}\n" for line in text.splitlines())
    out.write("\t".join(used) + "\n")
    for row in ordered:
        out.write("\t".join(_flat(getattr(row, c)) for c in used) + "\n")
    write_durably(path, out.getvalue().encode())


def _flat(text: str) -> str:
    return " ".join(text.split())


def _metadata(found: MappingSet, lines: list[str]) -> None:
    text = "\n".join(line.removeprefix("#").removeprefix(" ") for line in lines)
    try:
        read = yaml.safe_load(text) or {}
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = Where(found.file, mark.line + 1 if mark else 1, mark.column + 3 if mark else None)
        found.problems.append(Problem("The metadata are no YAML.", where, "Mind colons, quotes."))
        return
    found.metadata = read if isinstance(read, dict) else {}
    for slot in METADATA:
        if not found.metadata.get(slot):
            found.problems.append(
                Problem(
                    f"The metadata lack {slot}.",
                    Where(found.file, 1, field=slot),
                    f"Add a line '# {slot}: ...' at the head of the file.",
                )
            )


def _columns(found: MappingSet, columns: list[str], line: int) -> None:
    where = Where(found.file, line)
    for column in columns:
        if column not in COLUMNS:
            detail = f"There is no slot '{column}' here."
            found.problems.append(Problem(detail, where, f"The slots are {', '.join(COLUMNS)}."))
    for column in REQUIRED:
        if column not in columns:
            found.problems.append(Problem(f"The column {column} is missing.", where, "Add it."))


def _row(found: MappingSet, columns: list[str], cells: list[str], line: int) -> None:
    if len(cells) != len(columns):
        detail = f"The row has {len(cells)} cells, the header {len(columns)}."
        found.problems.append(Problem(detail, Where(found.file, line), "Mind the tabs."))
        return
    given = {c: v for c, v in zip(columns, cells, strict=True) if c in COLUMNS}
    if any(c not in given for c in REQUIRED):
        return
    row = replace(Match("", "", ""), **given, where=Where(found.file, line))
    wrong = list(_wrong(found, row))
    for slot, detail, remedy in wrong:
        column = (
            1 + sum(len(c) + 1 for c in cells[: columns.index(slot)]) if slot in given else None
        )
        found.problems.append(Problem(detail, Where(found.file, line, column, slot), remedy))
    if not wrong:
        found.rows.append(row)


def _wrong(found: MappingSet, row: Match) -> Iterable[tuple[str, str, str]]:
    for slot in ("subject_id", "predicate_id", "object_id", "mapping_justification"):
        curie = getattr(row, slot)
        match = _CURIE.fullmatch(curie)
        if not match:
            yield slot, f"'{curie}' is no CURIE.", "Write prefix:identifier."
        elif match[1] not in found.curies:
            yield slot, f"The prefix '{match[1]}' is not declared.", "Add it to curie_map."
    if row.predicate_id not in PREDICATES:
        yield "predicate_id", f"'{row.predicate_id}' is not used here.", f"Use {_or(PREDICATES)}."
    if row.mapping_justification not in JUSTIFICATIONS:
        detail = f"'{row.mapping_justification}' is no justification that is used here."
        yield "mapping_justification", detail, f"Use {_or(JUSTIFICATIONS)}."
    if row.predicate_id in MATCHES and not row.subject_id.startswith("cuv:"):
        detail = f"{row.predicate_id} would make the subject a concept."
        yield "predicate_id", detail, f"Use {SAME} or rdfs:seeAlso for what is none."
    if row.predicate_id == SAME and row.subject_id.startswith("cuv:"):
        detail = "A concept has no identity elsewhere."
        yield "predicate_id", detail, f"Use {_or(MATCHES)}."
    if row.scheme == "isic4" and not row.object_label:
        detail = f"The title of the class {row.local} is missing."
        yield "object_label", detail, "Write it as ISIC does: it is what the match rests on."
    if not row.comment:
        yield "comment", "The row has no evidence.", "Say in 'comment' where the id was found."
    if row.found and not _confident(row.confidence):
        detail = f"The confidence '{row.confidence}' is not between 0 and 1."
        yield "confidence", detail, "Write a number such as 0.8."
    if not _dated(row.mapping_date):
        detail = f"'{row.mapping_date}' is no date."
        yield "mapping_date", detail, "Write it as 2026-11-22."


def _or(options: Iterable[str]) -> str:
    return ", ".join(options)


def _confident(text: str) -> bool:
    try:
        return 0 <= float(text) <= 1
    except ValueError:
        return False


def _dated(text: str) -> bool:
    try:
        return bool(date.fromisoformat(text))
    except ValueError:
        return False
