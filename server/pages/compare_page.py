"""/compare: cases side by side, all of it by the address, so that it works without scripts."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlencode

from catchup.kg.compare.ask import cases_request, requests, rows, rows_of, told_request
from catchup.kg.compare.dimensions import BY_KEY, DIMENSIONS, USUAL, Dimension, dimensions
from catchup.kg.compare.formats import as_html, as_latex, cell_text, grid
from catchup.kg.compare.qca import Condition, TruthTable, offered, truth_table
from catchup.kg.compare.table import Comparison, Line, compare
from catchup.kg.compare.told import Told
from catchup.kg.engine.model import Request
from catchup.kg.names import CU
from catchup.kg.parameters import resolve
from catchup.server.pages import claims_rdf
from catchup.server.pages.facts import LANGUAGES
from catchup.server.pages.sheet import Sheet
from catchup.server.pages.visit import Visit

#: Cases shown when nobody chooses: as many as fit side by side on a laptop.
_SHOWN = 5
#: Cases in one comparison; a table with more is no table for people.
_MOST = 40


@dataclass(frozen=True)
class Choice:
    """What an address asks for."""

    cases: list[str]
    wanted: list[Dimension]
    transpose: bool
    hide_equal: bool
    find: str
    order: str
    by: str
    outcome: str
    conditions: list[str]
    silence_absent: bool


async def make(visit: Visit) -> Sheet:
    """Return the comparison. Raises NotFound and InputError for what cannot be compared."""
    known = await visit.once("cases", lambda: _known(visit))
    choice = _choice(visit, known)
    told = await asyncio.gather(
        *(visit.once(("told", c), partial(_told, visit, c)) for c in choice.cases)
    )
    whole = compare(
        dict(zip(choice.cases, told, strict=True)), choice.wanted, visit.data.index,
        LANGUAGES[visit.lang], visit.services.store.snapshot,
    )  # fmt: skip
    content = whole.hash
    truth = _truth(whole, choice)
    conditions = offered(whole)
    shown = _arranged(whole, choice)
    names_of = visit.data.names([*known, *choice.cases])
    pairs = [("case", c.rpartition("/")[2]) for c in sorted(choice.cases)]
    pairs += [("dim", d.key) for d in choice.wanted]
    permanent = f"/compare?{urlencode([*pairs, ('hash', content)])}"
    say = visit.say
    labels = ", ".join(whole.labels)
    context = {
        "comparison": shown,
        "choice": choice,
        "known": [(i, i.rpartition("/")[2], names_of(i)) for i in dict.fromkeys([*known, *choice.cases])],
        "groups": _by_group(DIMENSIONS),
        "blocks": _blocks(shown.lines),
        "hash": content,
        "cited": visit.get("hash"),
        "permanent": permanent,
        "truth": truth,
        "outcomes": [c for c in conditions if set(c.members) & {"1"}],
        "conditions": _by_row(conditions, whole.lines),
        "truth_csv": "/compare.csv" + visit.here(table="truth")[len(visit.path) :],
    }  # fmt: skip
    claims = {m.iri for r in shown.lines for c in r.cells for v in c.values for m in v.claims}
    rdf = await claims_rdf.turtle(visit, claims) if claims_rdf.wanted(visit) else b""
    truth_wanted = truth if visit.get("table") == "truth" else None
    return Sheet(
        "compare.html",
        say("Compare {names}", names=labels) if len(labels) < 80 else say("Compare cases"),
        say("What the sources say of each case, side by side, with the claims behind every cell."),
        context,
        json=lambda: whole.as_data() | ({"truth": truth.as_data()} if truth else {}),
        table=lambda: truth_wanted.grid() if truth_wanted else grid(shown, choice.transpose),
        files={
            "tex": ("application/x-latex", lambda: as_latex(shown, choice.transpose).encode()),
            "ttl": ("text/turtle", lambda: rdf),
            "table.html": (
                "text/html; charset=utf-8",
                lambda: as_html(shown, choice.transpose).encode(),
            ),
        },
        schema={
            "@type": "Dataset",
            "name": f"Comparison of {labels}",
            "description": "What the sources say of each case, with the claims behind every cell.",
            "identifier": content,
            "license": "https://creativecommons.org/licenses/by/4.0/",
        },
        canonical=f"/compare?{urlencode(pairs)}",
    )


async def _known(visit: Visit) -> list[str]:
    """Return the firms that can be compared, those of whom most is said first."""
    return [r["case"].value for r in rows(await _body(visit, cases_request()))]


async def _told(visit: Visit, case: str) -> Told:
    """Return what is told of a case."""
    told = await _body(visit, told_request(case))
    asked = requests(row["s"].value for row in rows(told))
    bodies = await asyncio.gather(*(_body(visit, request) for _, request in asked))
    return Told(rows_of(told, zip((name for name, _ in asked), bodies, strict=True)))


async def _body(visit: Visit, request: Request) -> bytes:
    answer, cached = await visit.services.answer(request, visit.client)
    visit.services.release(answer, cached)
    return answer.body


def _choice(visit: Visit, known: Sequence[str]) -> Choice:
    index = visit.data.index
    given = [c for c in visit.all("case") if c.strip()][:_MOST]
    cases = [resolve(c, CU + "Firm", index, "case") for c in given]
    keys = [k for k in visit.all("dim") if k]
    if keys == ["all"]:
        keys = list(BY_KEY)
    return Choice(
        cases=list(dict.fromkeys(cases)) or list(known[:_SHOWN]),
        wanted=dimensions(keys or USUAL),
        transpose=visit.get("transpose") == "1",
        hide_equal=visit.get("hide") == "equal",
        find=visit.get("find").strip()[:100],
        order=visit.get("rows"),
        by=visit.get("cases"),
        outcome=visit.get("outcome"),
        conditions=visit.all("condition"),
        silence_absent=visit.get("silence") == "absent",
    )


def _truth(whole: Comparison, choice: Choice) -> TruthTable | None:
    if not choice.outcome:
        return None
    return truth_table(whole, choice.conditions, choice.outcome, choice.silence_absent)


def _arranged(whole: Comparison, choice: Choice) -> Comparison:
    """Return the comparison as it is to be shown: filtered and sorted."""
    lines = [line for line in whole.lines if not (choice.hide_equal and line.equal)]
    if choice.find:
        wanted = choice.find.casefold()
        lines = [line for line in lines if wanted in _text(line).casefold()]
    if choice.order == "az":
        lines.sort(key=lambda line: line.label.casefold())
    elif choice.order == "said":
        lines.sort(key=lambda line: -sum(len(v.claims) for c in line.cells for v in c.values))
    order = list(range(len(whole.cases)))
    if choice.by == "az":
        order.sort(key=lambda n: whole.labels[n].casefold())
    elif by := next((line for line in whole.lines if line.key == choice.by), None):
        # Cases of which nothing is said come last.
        order.sort(key=lambda n: (not by.cells[n].values, cell_text(by.cells[n], False).casefold()))
    return Comparison(
        [whole.cases[n] for n in order],
        [whole.labels[n] for n in order],
        [Line(r.dimension, r.part, r.part_label, [r.cells[n] for n in order]) for r in lines],
        whole.snapshot,
    )


def _text(line: Line) -> str:
    return " ".join([line.label, *(cell_text(c) for c in line.cells)])


def _blocks(lines: Sequence[Line]) -> list[tuple[str, list[Line]]]:
    """Return runs of rows of one group (or of one dimension that is split)."""
    found: list[tuple[str, list[Line]]] = []
    for line in lines:
        name = line.dimension.label if line.part else line.dimension.group
        if not found or found[-1][0] != name:
            found.append((name, []))
        found[-1][1].append(line)
    return found


def _by_group(known: Sequence[Dimension]) -> Mapping[str, list[Dimension]]:
    found: dict[str, list[Dimension]] = {}
    for dimension in known:
        found.setdefault(dimension.group, []).append(dimension)
    return found


def _by_row(
    conditions: Sequence[Condition], lines: Sequence[Line]
) -> list[tuple[Line, list[tuple[Condition, str]]]]:
    """Return conditions under the rows they belong to, each with the value's own label."""
    of_row: dict[str, list[Condition]] = {}
    for c in conditions:
        of_row.setdefault(c.key.rpartition(":")[0], []).append(c)
    return [
        (line, [(c, c.label.removeprefix(line.label + ": ")) for c in of_row[line.key]])
        for line in lines
        if line.key in of_row
    ]
