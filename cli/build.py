"""`catchup build`: files -> snapshot."""

from __future__ import annotations

from catchup.cli.options import Home, Json, home_or_default
from catchup.cli.output import Steps, dump, out, problems, table
from catchup.kg import names
from catchup.kg.snapshot.build import Built
from catchup.kg.snapshot.build import build as build_snapshot


def build(home: Home = None, json: Json = False) -> None:
    """Build the snapshot: read, check, reason, validate, write.

    Nothing changed, nothing done. Example: `catchup build --home /tmp/catchup`
    """
    with Steps() as steps:
        built = build_snapshot(home_or_default(home), steps)
    problems(built.warnings)
    if json:
        dump(report(built))
    else:
        show(built)


def report(built: Built) -> dict[str, object]:
    """Return what was built as plain data."""
    return {
        "id": built.manifest.id,
        "fresh": built.fresh,
        "graphs": built.manifest.graphs(),
        "claims": built.manifest.counts["claims"],
        "default": built.manifest.counts["default"],
        "seconds": {k: round(v, 3) for k, v in built.seconds.items()},
    }


def show(built: Built) -> None:
    """Print the tables of a build."""
    claims = built.manifest.counts["claims"]
    rows = [
        (iri.removeprefix(names.G), triples, claims.get(iri.removeprefix(names.G), ""))
        for iri, triples in built.manifest.graphs().items()
    ]
    rows.append(("default graph", built.manifest.counts["default"], sum(claims.values())))
    table("", ("graph", "#triples", "#claims"), rows)
    if built.fresh:
        table("", ("step", "#seconds"), [(k, f"{v:.1f}") for k, v in built.seconds.items()])
    else:
        out.print("Nothing changed, nothing done.")
    out.print(f"snapshot {built.manifest.id}")
