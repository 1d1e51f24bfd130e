"""`catchup link`: check the mapping tables, suggest links, fetch facts of linked items."""

from __future__ import annotations

import json as json_
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from catchup.cli.options import Home, Json, home_or_default
from catchup.cli.output import dump, err, problems, table
from catchup.kg.engine.model import Request
from catchup.kg.engine.sync import Engine
from catchup.kg.errors import CannotRun, InputError, NotFound
from catchup.kg.linking import check as checking
from catchup.kg.linking import enrich as enriching
from catchup.kg.linking import suggest as suggesting
from catchup.kg.linking.entities import Entity, read_entities, solutions
from catchup.kg.linking.fetch import AGENT, TIMEOUT, Fetcher
from catchup.kg.linking.sssom import read_false_friends, read_file, read_folder, write_set
from catchup.kg.linking.wikidata import ENDPOINT, Item, batches, fetch_items
from catchup.kg.names import PREFIXES
from catchup.kg.reading import files
from catchup.kg.snapshot.build import build
from catchup.kg.snapshot.manifest import NAME

link = typer.Typer(
    help="Links to Wikidata and others: check them, find candidates, fetch facts.",
    no_args_is_help=True,
)

Links = Annotated[Path, typer.Option("--links", help="Folder of the mapping tables.")]
Endpoint = Annotated[str, typer.Option("--endpoint", help="SPARQL endpoint to ask.")]
Agent = Annotated[
    str, typer.Option("--user-agent", help="Who asks: services want a contact in it.")
]
Timeout = Annotated[float, typer.Option("--timeout", help="Seconds one answer may take.")]

#: Types that are worth a link: what the sources name and others describe too.
LINKABLE = ("Firm", "University", "Organization", "Country", "Region", "City", "Person")


@link.command("check")
def check(
    online: Annotated[
        bool, typer.Option("--online", help="Also ask the endpoint about each item.")
    ] = False,
    endpoint: Endpoint = ENDPOINT,
    links: Links = files.LINKS,
    json: Json = False,
    user_agent: Agent = AGENT,
    timeout: Timeout = TIMEOUT,
    home: Home = None,
) -> None:
    """Check the mapping tables: form, check digits, doubles, false friends; online the items too.

    Example: catchup link check --online
    """
    sets = read_folder(links)
    if not sets:
        raise CannotRun(f"There is no table in {links}.", remedy="Name a folder with --links.")
    found = checking.offline(sets, read_false_friends(links))
    unchecked = checking.not_checked(sets)
    if online:
        with _fetcher(endpoint, user_agent, timeout) as fetcher:
            items: dict[str, Item] = {}
            for some in batches(r.local for r in checking.wikidata_rows(sets)):
                items |= fetch_items(fetcher, some)
        found += checking.online(sets, _entities(home), items)
        unchecked = unchecked[2:]
    rows = [r for s in sets for r in s.rows]
    wrong = [p for p in found if p.severity == "violation"]
    if json:
        dump(
            {
                "rows": len(rows),
                "matches": sum(r.found for r in rows),
                "problems": [p.as_dict() for p in found],
                "unchecked": unchecked,
            }
        )
    else:
        problems(found)
        matches = sum(r.found for r in rows)
        print(f"{matches} matches, {len(rows) - matches} searches in vain, {len(wrong)} wrong")
        for what in unchecked:
            print(f"not checked: {what}")
    if wrong:
        raise typer.Exit(1)


@link.command("suggest")
def suggest(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="ENTITY...", help="Names or ids; else all.")
    ] = None,
    service: Annotated[
        str, typer.Option("--service", help="A reconciliation service.")
    ] = suggesting.SERVICE,
    prefix: Annotated[
        str, typer.Option("--prefix", help="Prefix of the service's ids: wd, ror, dbr ...")
    ] = "wd",
    limit: Annotated[int, typer.Option("--limit", min=1, max=20, help="Candidates each.")] = 3,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Write a table to be filled in.")
    ] = None,
    accept: Annotated[
        Path | None, typer.Option("--accept", help="Take a table that was filled in.")
    ] = None,
    by: Annotated[str, typer.Option("--by", help="Who accepts: your name.")] = "",
    into: Annotated[
        Path | None, typer.Option("--into", help="Mapping table that accepted links go to.")
    ] = None,
    links: Links = files.LINKS,
    json: Json = False,
    user_agent: Agent = AGENT,
    timeout: Timeout = TIMEOUT,
    home: Home = None,
) -> None:
    """Find candidates for entities without a link; a person accepts them, here or in a table.

    Example: catchup link suggest tcl sanyo -o candidates.tsv
    """
    target = into or links / "reviewed.sssom.tsv"
    if accept is not None:
        _keep(suggesting.read_table(accept), by, target)
        return
    tables = read_folder(links) + ([read_file(target)] if target.is_file() else [])
    linked = {
        r.subject_id
        for s in tables
        for r in s.rows
        if r.scheme == prefix or (not r.found and r.mapping_tool == suggesting.TOOL)
    }
    with _fetcher(service, user_agent, timeout) as fetcher:
        asking = suggesting.Service(fetcher)
        wanted = _wanted(_entities(home), names or [], linked)
        found = suggesting.candidates(asking, wanted, read_false_friends(links), prefix, limit)
    if output is not None:
        suggesting.write_table(output, found)
        print(f"{len(found)} candidates for {len(wanted)} entities in {output}")
    elif json:
        dump([asdict(c) for c in found])
    elif sys.stdin.isatty() and sys.stdout.isatty():
        if not found:
            print("there is nothing to review")
            return
        by = by or typer.prompt("Your name")
        _keep(list(_review(found)), by, target)
    else:
        _show(found)


@link.command("enrich")
def enrich(
    endpoint: Endpoint = ENDPOINT,
    output: Annotated[
        Path, typer.Option("-o", "--output", help="The graph's file.")
    ] = files.ENRICHMENT,
    links: Links = files.LINKS,
    json: Json = False,
    user_agent: Agent = AGENT,
    timeout: Timeout = TIMEOUT,
    home: Home = None,
) -> None:
    """Fetch facts of linked items into a graph of their own; say where they disagree with ours.

    Example: catchup link enrich -o kg/links/enrichment.ttl
    """
    rows = checking.wikidata_rows(read_folder(links))
    journal = output.with_name(f".{output.name}.journal")

    def progress(done: int, of: int) -> None:
        err.print(f"{done} of {of} items")

    with _fetcher(endpoint, user_agent, timeout) as fetcher:
        fetched = enriching.fetch(fetcher, (r.local for r in rows), journal, progress)
    content = enriching.triples(fetched, endpoint)
    if not content:
        journal.unlink(missing_ok=True)  # another endpoint may know them
        raise InputError(
            f"{endpoint} knows none of the {len(fetched)} items; nothing was written.",
            remedy="Mind the endpoint: Wikidata's main graph is at " + ENDPOINT + ".",
        )
    enriching.save(output, content, journal)
    found = enriching.disagreements(fetched, _entities(home))
    absent = sorted(i.id for i, _ in fetched if not i.exists or i.redirect)
    if json:
        columns = ("entity", "about", "sources", "wikidata")
        dump(
            {
                "file": str(output),
                "triples": len(content),
                "items": len(fetched) - len(absent),
                "absent": absent,
                "disagreements": [dict(zip(columns, row, strict=True)) for row in found],
            }
        )
        return
    print(f"{len(content)} triples on {len(fetched) - len(absent)} items in {output}")
    if absent:
        print(f"gone or redirected: {', '.join(absent)}")
    if found:
        table("Where they disagree", ("entity", "about", "our sources", "Wikidata"), found)


@contextmanager
def _fetcher(url: str, agent: str, timeout: float) -> Iterator[Fetcher]:
    fetcher = Fetcher(url, agent=agent, timeout=timeout, tell=err.print)
    try:
        yield fetcher
    finally:
        fetcher.close()


def _entities(home: Path | None) -> dict[str, Entity]:
    folder = home_or_default(home)
    build(folder)
    with Engine(folder / NAME) as engine:

        def ask(text: str) -> list[dict[str, str]]:
            return solutions(json_.loads(engine.query(Request(text)).body))

        return read_entities(ask)


def _wanted(entities: dict[str, Entity], names: list[str], linked: set[str]) -> list[Entity]:
    """Return the entities that are named and not linked yet; all that can be, when none is."""
    if not names:
        return [
            e for k, e in entities.items() if k not in linked and e.types.intersection(LINKABLE)
        ]
    found = []
    for name in names:
        key = name if ":" in name else f"d:{name}"
        named = [e for e in entities.values() if name in e.names]
        if key not in entities and not named:
            raise NotFound(f"There is no entity '{name}'.", remedy="See /search.")
        found.append(entities[key] if key in entities else named[0])
    return [e for e in found if e.curie not in linked]


def _show(found: list[suggesting.Candidate]) -> None:
    columns = ("entity", "candidate", "name", "description", "score", "why")
    rows = [
        (c.subject_label, c.object_id, c.object_label, c.description, f"{c.score:.2f}", c.reasons)
        for c in found
    ]
    table("Candidates", columns, rows)


def _review(found: list[suggesting.Candidate]) -> Iterator[suggesting.Candidate]:
    """Yield what a person decides; who quits, or breaks off, keeps what was decided before."""
    by_subject: dict[str, list[suggesting.Candidate]] = {}
    for one in found:
        by_subject.setdefault(one.subject_id, []).append(one)
    for group in by_subject.values():
        _show(group)
        words = [*map(str, range(1, len(group) + 1)), "none", "skip", "quit"]
        question = f"Which? 1-{len(group)}, none, skip, quit"
        try:
            word = typer.prompt(question, default="skip").strip().lower()
            while word not in words:
                err.print(f"'{word}' is none of them.")
                word = typer.prompt(question, default="skip").strip().lower()
        except (typer.Abort, KeyboardInterrupt):
            return
        if word == "quit":
            return
        if word == "none":
            yield suggesting.Candidate(**{**asdict(group[0]), "accept": "none"})
        elif word != "skip":
            yield suggesting.Candidate(**{**asdict(group[int(word) - 1]), "accept": "yes"})


def _keep(found: list[suggesting.Candidate], by: str, target: Path) -> None:
    if not by:
        raise InputError("It is not said who accepts.", remedy="Give your name with --by.")
    rows = suggesting.accepted(found, by)
    if not rows:
        print("nothing was accepted")
        return
    old = read_file(target) if target.is_file() else None
    if old is not None and old.problems:
        raise InputError(f"{target} has problems; nothing was written.", problems=old.problems)
    again = {(r.subject_id, r.scheme) for r in rows}
    kept = [r for r in old.rows if (r.subject_id, r.scheme) not in again] if old else []
    metadata = old.metadata if old else {"mapping_set_id": f"{PREFIXES['g']}links#{target.stem}"}
    write_set(target, suggesting.with_prefixes(metadata, [*kept, *rows]), [*kept, *rows])
    print(f"{sum(r.found for r in rows)} links and {sum(not r.found for r in rows)} searches in vain"
          f" written to {target}")  # fmt: skip
