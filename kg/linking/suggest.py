"""Candidates for entities without a link, from any service of the reconciliation API.

The service proposes; the score and its reasons are ours, so that services are comparable and a
person sees why. Nothing becomes a link before a person accepts it.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date
from pathlib import Path
from typing import Any

from catchup.kg.errors import InputError, Where
from catchup.kg.linking.check import alike, fits
from catchup.kg.linking.entities import Entity
from catchup.kg.linking.fetch import Fetcher, RemoteFailed
from catchup.kg.linking.sssom import (
    JUSTIFICATIONS,
    NAMESPACES,
    NOTHING,
    SAME,
    FalseFriend,
    Match,
)
from catchup.kg.names import PREFIXES

#: Wikidata's service for OpenRefine.
SERVICE = "https://wikidata.reconci.link/en/api"
#: Names asked for at once, as OpenRefine does.
BATCH = 10
#: Weights of the name's likeness, the type's fit and the service's own score.
WEIGHTS = (0.6, 0.2, 0.2)
TOOL = "catchup link suggest"


@dataclass(frozen=True)
class Candidate:
    """One proposal for one entity; `accept` is the person's word: yes, no, none or blank."""

    subject_id: str
    subject_label: str
    object_id: str
    object_label: str
    description: str
    score: float
    reasons: str
    accept: str = ""


class Service:
    """A reconciliation service of either version."""

    def __init__(self, fetcher: Fetcher) -> None:
        """Read the manifest. Raises RemoteFailed when the service does not speak the protocol."""
        manifest = fetcher.get()
        if not isinstance(manifest, dict) or "name" not in manifest:
            raise RemoteFailed(f"{fetcher.url} is no reconciliation service.")
        versions = manifest.get("versions") or ["0.1"]
        self._draft = "1.0-draft" in versions and "0.2" not in versions
        self._fetcher = fetcher

    def ask(self, some: Sequence[Entity], limit: int) -> list[list[dict[str, Any]]]:
        """Return the proposals for each entity. Raises RemoteFailed."""
        fetcher, places = self._fetcher, range(len(some))
        if self._draft:
            queries = [
                {"limit": limit, "conditions": [{"matchType": "name", "propertyValue": e.label}]}
                for e in some
            ]
            url = fetcher.url.rstrip("/") + "/match"
            content = fetcher.post({"queries": queries}, url=url, form=False)
            return [_list(content, "results", i, "candidates", fetcher) for i in places]
        batch = {f"q{i}": {"query": e.label, "limit": limit} for i, e in enumerate(some)}
        content = fetcher.post({"queries": json.dumps(batch, ensure_ascii=False)})
        return [_list(content, f"q{i}", "result", "", fetcher) for i in places]


def candidates(
    service: Service,
    wanted: Sequence[Entity],
    friends: Iterable[FalseFriend],
    prefix: str = "wd",
    limit: int = 3,
) -> list[Candidate]:
    """Return candidates for each entity, best first; known false friends are left out.

    Raises RemoteFailed.
    """
    false = {(f.subject_id, f.object_id) for f in friends}
    found: list[Candidate] = []
    for start in range(0, len(wanted), BATCH):
        some = wanted[start : start + BATCH]
        for entity, proposals in zip(some, service.ask(some, limit), strict=True):
            scored = [_score(entity, p, prefix) for p in proposals]
            kept = [c for c in scored if (c.subject_id, c.object_id) not in false]
            found += sorted(kept, key=lambda c: -c.score)[:limit]
    return found


def write_table(path: Path, found: Iterable[Candidate]) -> None:
    """Write candidates as a table (tab-separated) for a person to fill in the column `accept`."""
    with path.open("w", encoding="utf-8", newline="") as file:
        columns = [f.name for f in fields(Candidate)]
        writer = csv.DictWriter(file, columns, delimiter="\t", lineterminator="\n")
        writer.writeheader()
        writer.writerows(asdict(c) for c in found)


def read_table(path: Path) -> list[Candidate]:
    """Read a table that a person has filled in. Raises InputError with line and column."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"The file is not valid UTF-8 at byte {error.start}.", where=Where(path.name)
        ) from None
    rows = csv.DictReader(text.splitlines(), delimiter="\t")
    missing = [f.name for f in fields(Candidate) if f.name not in (rows.fieldnames or [])]
    if missing:
        raise InputError(
            f"The table lacks the column {missing[0]}.",
            where=Where(path.name, 1),
            remedy="Keep the header that 'catchup link suggest -o' wrote.",
        )
    found = []
    for number, row in enumerate(rows, 2):
        word = (row["accept"] or "").strip().lower()
        if word not in ("", "yes", "no", "none"):
            raise InputError(
                f"'{row['accept']}' is not a decision.",
                where=Where(path.name, number, field="accept"),
                remedy="Write yes, no, none (nothing fits), or leave it blank.",
            )
        values = {k: v or "" for k, v in row.items() if k}
        try:
            score = float(values["score"])
        except ValueError:
            raise InputError(
                f"'{values['score']}' is no score.", where=Where(path.name, number, field="score")
            ) from None
        found.append(Candidate(**{**values, "score": score, "accept": word}))  # type: ignore[arg-type]
    return found


def accepted(found: Iterable[Candidate], by: str) -> list[Match]:
    """Return the rows that a person's decisions make: matches, and searches in vain.

    Raises InputError when two candidates are accepted for one entity.
    """
    rows: dict[str, Match] = {}
    for one in found:
        if one.accept not in ("yes", "none"):
            continue
        if one.subject_id in rows and one.accept == "yes" and rows[one.subject_id].found:
            raise InputError(
                f"Two candidates are accepted for {one.subject_id}.", remedy="Accept one."
            )
        concept = one.subject_id.startswith("cuv:")
        yes = one.accept == "yes"
        rows[one.subject_id] = Match(
            one.subject_id,
            "skos:closeMatch" if concept else SAME,
            one.object_id if yes else NOTHING,
            JUSTIFICATIONS[0],
            subject_label=one.subject_label,
            object_label=one.object_label if yes else "",
            author_label=by,
            mapping_tool=TOOL,
            confidence=f"{min(one.score, 1):.2f}" if yes else "",
            mapping_date=date.today().isoformat(),
            comment=f"Accepted from candidates: {one.reasons}" if yes else "No candidate fits.",
        )
    return list(rows.values())


def with_prefixes(metadata: Mapping[str, Any], rows: Iterable[Match]) -> dict[str, Any]:
    """Return the metadata of a table with all prefixes declared that its rows use.

    Raises InputError for a prefix whose namespace is not known here.
    """
    known = {**PREFIXES, **NAMESPACES, **dict(metadata.get("curie_map") or {})}
    used = {
        curie.partition(":")[0]
        for r in rows
        for curie in (r.subject_id, r.predicate_id, r.object_id, r.mapping_justification)
    }
    missing = sorted(used - known.keys())
    if missing:
        raise InputError(
            f"The namespace of the prefix '{missing[0]}' is not known.",
            remedy=f"Use one of {', '.join(sorted(NAMESPACES))}.",
        )
    return {
        "license": "https://creativecommons.org/licenses/by/4.0/",
        **metadata,
        "curie_map": {p: known[p] for p in sorted(used)},
    }


def _list(
    content: Any, first: str, second: str | int, third: str, fetcher: Fetcher
) -> list[dict[str, Any]]:
    try:
        found = content[first][second]
        found = found[third] if third else found
        return [c for c in found if str(c["id"]) and str(c["name"])]
    except (KeyError, IndexError, TypeError):
        raise RemoteFailed(
            f"{fetcher.url} sent something that is no answer of a reconciliation service."
        ) from None


def _score(entity: Entity, proposal: dict[str, Any], prefix: str) -> Candidate:
    likeness = alike(entity.names, [str(proposal["name"])]) / 100
    classes = [
        str(t.get("name") or t.get("id")) if isinstance(t, dict) else str(t)
        for t in proposal.get("type") or []
    ]
    fit = fits(entity.types, classes)
    given = proposal.get("score")
    own = min(max(float(given), 0), 100) / 100 if isinstance(given, int | float) else 0.5
    score = WEIGHTS[0] * likeness + WEIGHTS[1] * (0.5 if fit is None else fit) + WEIGHTS[2] * own
    reasons = [f"names {likeness:.0%} alike", f"the service gives {own:.0%}"]
    if fit is not None:
        said = ", ".join(classes[:3])
        reasons.append(f"type fits ({said})" if fit else f"type does not fit ({said})")
    id = str(proposal["id"])
    return Candidate(
        entity.curie,
        entity.label,
        id if ":" in id and "/" not in id else f"{prefix}:{id.rsplit('/', 1)[-1]}",
        str(proposal["name"]),
        str(proposal.get("description") or ""),
        round(score, 3),
        "; ".join(reasons),
    )
