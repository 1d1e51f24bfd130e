"""Reading an entry in the authoring format: YAML with the keys of the context, into quads.

One file holds `graph`, and any of `case` (a header), `defaults`, `nodes` and `claims`; see
docs/authoring.md. Reading reports every problem of a file in one go and never stops at the first.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

import pyoxigraph as ox
from rapidfuzz import process

from catchup.kg import names
from catchup.kg.errors import InputError, Problem, SyntaxProblem, Where
from catchup.kg.reading.context import Context, Term
from catchup.kg.reading.positions import Positions
from catchup.kg.reading.tree import Mapping, Node, Scalar, Sequence, read_tree

SAFE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\Z")
CLAIM_NUMBER = re.compile(r"[A-Z]{2,5}-[0-9]{4}\Z")
#: What to write where a text stands in place of a block.
BLOCKS = {
    "evidence": "Write a block, such as: type: Locator, inWork: (id of the work), page: 5.",
    "period": "Write a block, such as: {type: Period, startYear: 2023, endYear: 2023}.",
}
SEGMENT = re.compile(r"([0-9]+)-([0-9]+)\Z")
BAD_IRI = re.compile(r"[\x00-\x20<>\"{}|\\^`]")
LEXICAL = {
    "integer": (re.compile(r"[+-]?[0-9]+\Z"), "a whole number without separators, such as 2005"),
    "decimal": (
        re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)\Z"),
        "a number without separators, such as 8200000000 or 1.9",
    ),
    "boolean": (re.compile(r"(true|false)\Z"), "true or false"),
    "dateTime": (
        re.compile(
            r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9:]{5})\Z"
        ),
        "an instant such as 2026-11-22T13:45:00Z",
    ),
}
TOP_KEYS = ("graph", "case", "defaults", "nodes", "claims")
BLOCK_KEYS = ("id", "key", "type", "claim", "segments", "find")
STATES = {
    "Passage": "passageVerified",
    "Locator": "textNotAtHand",
    "InterviewRecord": "interviewRecordHeld",
}
A = ox.NamedNode(names.RDF + "type")


@dataclass
class Loaded:
    """What one file says: quads, where each stands, and the header of a case."""

    graph: str
    quads: list[ox.Quad] = field(default_factory=list)
    positions: Positions = field(default_factory=Positions)
    header: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def read_entry(text: str, file: str, context: Context) -> Loaded:
    """Read the entry `text`; `file` names it in messages and is never opened.

    All problems found are in the result's `problems`. Raises SyntaxProblem when the text is not
    YAML or not a mapping.
    """
    problems: list[Problem] = []
    tree = read_tree(text, file, problems)
    if not isinstance(tree, Mapping):
        raise SyntaxProblem(
            "The entry is empty or not a block of keys.",
            where=Where(file, 1, 1),
            remedy="Begin with 'graph:' and 'claims:'; 'catchup new' writes a template.",
        )
    return read_mapping(tree, file, context, problems)


def read_mapping(tree: Mapping, file: str, context: Context, problems: list[Problem]) -> Loaded:
    """Read an entry that is a tree already; a spreadsheet's tree has cells for places.

    `problems` are those found while making the tree; the result's `problems` go on from them.
    """
    return _Reader(file, context, problems).read(tree)


def read_entry_file(path: Path, context: Context) -> Loaded:
    """Read the entry at `path`. Raises InputError with all its problems, or SyntaxProblem."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise SyntaxProblem(
            f"The file is not valid UTF-8 at byte {error.start}.",
            where=Where(str(path)),
            remedy="Save it as UTF-8.",
        ) from None
    loaded = read_entry(text, str(path), context)
    if loaded.problems:
        raise InputError(f"{path} has {len(loaded.problems)} problem(s).", problems=loaded.problems)
    return loaded


class _Reader:
    def __init__(self, file: str, context: Context, problems: list[Problem]) -> None:
        self.file = file
        self.context = context
        self.out = Loaded("", problems=problems)
        self.graph: ox.NamedNode = ox.NamedNode(names.G)
        self.seen: dict[str, Where] = {}

    # -- the file ------------------------------------------------------------------------------
    def read(self, tree: Mapping) -> Loaded:
        for name, (key, _) in tree.entries.items():
            if name not in TOP_KEYS:
                self._problem(
                    f"'{name}' is no key of an entry.", key.where, self._nearest(name, TOP_KEYS)
                )
        self._header(tree)
        defaults = tree.get("defaults")
        base = defaults if isinstance(defaults, Mapping) else None
        for block in self._blocks(tree, "nodes"):
            self._node(block, None, "", None)
        for block in self._blocks(tree, "claims"):
            if "claim" not in block.entries:
                self._problem(
                    "A claim has no number.", block.where, "Give it as 'claim: SOURCE-0001'."
                )
                continue
            self._node(block, None, "", base)
        return self.out

    def _header(self, tree: Mapping) -> None:
        case = tree.get("case")
        if isinstance(case, Mapping):
            for name, (key, value) in case.entries.items():
                if isinstance(value, Scalar):
                    self.out.header[name] = value.text
                    self.out.positions.add("header", name, value.where)
                else:
                    self._problem(f"'{name}' takes one text.", key.where, "")
        graph = tree.text("graph")
        if graph is None and "id" in self.out.header:
            graph = "case-" + self.out.header["id"]
        if graph is None or not SAFE_ID.match(graph):
            self._problem(
                "The entry does not say which graph it belongs to.",
                tree.where,
                "Give 'graph: NAME', or 'case:' with an 'id'.",
            )
            graph = "unnamed"
        self.out.graph = names.graph_iri(graph)
        self.graph = ox.NamedNode(self.out.graph)

    def _blocks(self, tree: Mapping, name: str) -> list[Mapping]:
        value = tree.get(name)
        if value is None or (isinstance(value, Scalar) and not value.text):
            return []
        if not isinstance(value, Sequence):
            self._problem(f"'{name}' is not a list.", value.where, "Begin each block with '- '.")
            return []
        blocks = []
        for item in value.items:
            if isinstance(item, Mapping):
                blocks.append(item)
            else:
                self._problem(f"An item of '{name}' is not a block of keys.", item.where, "")
        return blocks

    # -- blocks --------------------------------------------------------------------------------
    def _node(
        self, block: Mapping, parent: str | None, prop: str, defaults: Mapping | None
    ) -> str | None:
        """Read a block and return the local name (or IRI) of its node."""
        local = self._identity(block, parent, prop)
        if local is None:
            return None
        iri = self._iri(local)
        if iri in self.seen:
            first = self.seen[iri]
            self._problem(
                f"Two blocks have the id '{local}' (the first in line {first.line}).",
                block.where,
                "Give one of them a 'key' or an 'id' of its own.",
            )
            return None
        self.seen[iri] = block.where
        self.out.positions.add(iri, None, block.where)
        subject = ox.NamedNode(iri)
        types = self._types(block, subject)
        if "Passage" in types or "Locator" in types or "InterviewRecord" in types:
            self._evidence(block, subject, local, types, defaults)
        claim = block.text("claim")
        if claim is not None:
            self._add(subject, names.DCTERMS + "identifier", ox.Literal(claim), block.where)
        entries = dict(defaults.entries) if defaults else {}
        if "puts" in block.entries:
            entries.pop("force", None)
        entries.update(block.entries)
        for name, (key, value) in entries.items():
            if name in BLOCK_KEYS:
                continue
            term = self.context.terms.get(name)
            if term is None:
                self._problem(
                    f"'{name}' is no property.",
                    key.where,
                    self._nearest(name, self.context.terms),
                )
                continue
            where = Where(key.where.file, key.where.line, key.where.column, name)
            self.out.positions.add(iri, term.iri, where)
            nested = claim_id(claim) if claim and name in ("asserts", "puts") else local
            for item in value.items if isinstance(value, Sequence) else [value]:
                self._value(subject, term, item, nested, name, entries)
        return local

    def _identity(self, block: Mapping, parent: str | None, prop: str) -> str | None:
        claim = block.text("claim")
        if claim is not None:
            if not CLAIM_NUMBER.match(claim):
                self._problem(
                    f"'{claim}' is no claim number.",
                    block.entries["claim"][1].where,
                    "Write two to five capital letters, a hyphen and four digits: FU-0101.",
                )
            return "c-" + claim_id(claim)
        given = block.text("id")
        if given is not None:
            if ":" in given:
                return given if self._known_prefix(given, block.entries["id"][1].where) else None
            if not SAFE_ID.match(given):
                self._problem(
                    f"'{given}' cannot be an id.",
                    block.entries["id"][1].where,
                    "Use letters without accents, digits, '-', '_' and '.', no spaces.",
                )
                return None
            return given
        if parent is None:
            self._problem("This block has no id.", block.where, "Give it one: 'id: NAME'.")
            return None
        key = block.text("key")
        if key is not None and not SAFE_ID.match(key):
            self._problem(f"'{key}' cannot be a key.", block.entries["key"][1].where, "")
            return None
        if prop in ("evidence", "contextEvidence") and parent.startswith("c-"):
            stem = "p" + parent[1:]
            tail = [] if prop == "evidence" else ["context"]
            return "-".join([stem, *tail, *([key] if key else [])])
        if key is None:
            kind = block.text("type") or ""
            key = kind.lower() if prop in ("asserts", "puts") and kind else prop
        return f"{parent}-{key}"

    def _types(self, block: Mapping, subject: ox.NamedNode) -> list[str]:
        value = block.get("type")
        if value is None:
            if "claim" in block.entries:
                self._add(subject, A.value, ox.NamedNode(names.CU + "Claim"), block.where)
                return ["Claim"]
            self._problem("This block has no type.", block.where, "Say what it is: 'type: Firm'.")
            return []
        found = []
        for item in value.items if isinstance(value, Sequence) else [value]:
            if not isinstance(item, Scalar):
                self._problem("A type is one word.", item.where, "")
                continue
            name = item.text
            if ":" in name:
                if self._known_prefix(name, item.where):
                    self._add(subject, A.value, ox.NamedNode(names.expand(name)), item.where)
                    found.append(name)
                continue
            if name not in self.context.types:
                self._problem(
                    f"'{name}' is no class.", item.where, self._nearest(name, self.context.types)
                )
                continue
            self._add(subject, A.value, ox.NamedNode(self.context.types[name]), item.where)
            found.append(name)
        return found

    def _evidence(
        self,
        block: Mapping,
        subject: ox.NamedNode,
        local: str,
        types: list[str],
        defaults: Mapping | None,
    ) -> None:
        if "find" in block.entries:
            self._problem(
                "The passage still has a 'find': its anchor has not been made.",
                block.entries["find"][0].where,
                "Run 'catchup evidence --anchor' on the file.",
            )
        for name, state in STATES.items():
            if name in types and "evidenceState" not in block.entries:
                value = ox.NamedNode(names.CUV + state)
                self._add(subject, names.CU + "evidenceState", value, block.where)
        if "Passage" not in types:
            return
        source = block.text("source") or (block.text("part") or "").split("-")[0]
        if "source" not in block.entries and source:
            document = ox.NamedNode(self._iri(source))
            self._add(subject, names.OA + "hasSource", document, block.where)
        segments = block.get("segments")
        if segments is None:
            return
        items = segments.items if isinstance(segments, Sequence) else [segments]
        for number, item in enumerate(items, 1):
            match = SEGMENT.match(item.text.strip()) if isinstance(item, Scalar) else None
            if match is None:
                self._problem(
                    "A segment is not two offsets.", item.where, "Write START-END: 47822-47934."
                )
                continue
            segment = ox.NamedNode(self._iri(f"{local}-s{number}"))
            self._add(subject, names.OA + "hasSelector", segment, item.where)
            self._add(segment, A.value, ox.NamedNode(names.OA + "TextPositionSelector"), item.where)
            for name, text in zip(("start", "end"), match.groups(), strict=True):
                offset = ox.Literal(text, datatype=ox.NamedNode(names.XSD + "integer"))
                self._add(segment, names.OA + name, offset, item.where)

    # -- values --------------------------------------------------------------------------------
    def _value(
        self,
        subject: ox.NamedNode,
        term: Term,
        node: Node,
        parent: str,
        prop: str,
        siblings: dict[str, tuple[Scalar, Node]],
    ) -> None:
        if isinstance(node, Sequence):
            self._problem("A list stands in a list.", node.where, "Write one list.")
            return
        if isinstance(node, Mapping):
            if term.kind == "literal":
                self._problem(f"'{prop}' takes a text, not a block.", node.where, "")
                return
            local = self._node(node, parent, prop, None)
            if local is not None:
                self._add(subject, term.iri, ox.NamedNode(self._iri(local)), node.where)
            return
        text = node.text.strip()
        if not text:
            self._problem(f"'{prop}' is blank.", node.where, "Fill it in, or delete the line.")
            return
        if term.kind == "literal":
            literal = self._literal(term, text, node.where, prop)
            if literal is not None:
                self._add(subject, term.iri, literal, node.where)
            return
        iri = self._reference(term, text, node.where)
        if iri is not None:
            self._add(subject, term.iri, ox.NamedNode(iri), node.where)

    def _literal(self, term: Term, text: str, where: Where, prop: str) -> ox.Literal | None:
        if term.language:
            return ox.Literal(text, language=term.language)
        datatype = term.datatype or names.XSD + "string"
        rule = LEXICAL.get(datatype.removeprefix(names.XSD))
        if rule and not rule[0].match(text):
            self._problem(f"'{text}' is no value of '{prop}'.", where, f"Write {rule[1]}.")
            return None
        return ox.Literal(text, datatype=ox.NamedNode(datatype))

    def _reference(self, term: Term, text: str, where: Where) -> str | None:
        if ":" in text:
            return names.expand(text) if self._known_prefix(text, where) else None
        if term.kind == "property":
            known = self.context.terms.get(text)
            if known is None:
                self._problem(
                    f"'{text}' is no property.", where, self._nearest(text, self.context.terms)
                )
                return None
            return known.iri
        if not SAFE_ID.match(text):
            self._problem(
                f"'{text}' cannot name a node.",
                where,
                BLOCKS.get(term.key, "Give the id of a node (letters, digits, '-', '_', '.')."),
            )
            return None
        return (names.CUV if term.kind == "concept" else names.D) + text

    def _known_prefix(self, text: str, where: Where) -> bool:
        if BAD_IRI.search(text):
            self._problem(f"'{text}' is no IRI.", where, "Remove blanks and brackets.")
            return False
        prefix, _, rest = text.partition(":")
        if rest.startswith("//") and prefix in ("http", "https"):
            return True
        if prefix not in names.PREFIXES or rest.startswith("//"):
            self._problem(
                f"The prefix '{prefix}:' is not known.",
                where,
                self._nearest(prefix, names.PREFIXES),
            )
            return False
        return True

    # -- small things --------------------------------------------------------------------------
    def _iri(self, local: str) -> str:
        return names.expand(local) if ":" in local else names.D + local

    def _add(
        self, subject: ox.NamedNode, predicate: str, value: ox.NamedNode | ox.Literal, where: Where
    ) -> None:
        self.out.positions.add(subject.value, predicate, where)
        self.out.quads.append(ox.Quad(subject, ox.NamedNode(predicate), value, self.graph))

    def _problem(self, detail: str, where: Where, remedy: str) -> None:
        self.out.problems.append(Problem(detail, where, remedy))

    @staticmethod
    def _nearest(name: str, known: object) -> str:
        found = process.extractOne(name, list(known), score_cutoff=60)  # type: ignore[call-overload]
        return f"Did you mean '{found[0]}'?" if found else ""


def claim_id(number: str) -> str:
    """Return what ids of a claim are made of; also of a wrong number, to read on after it."""
    return re.sub(r"[^a-z0-9-]+", "-", number.lower()).strip("-") or "claim"
