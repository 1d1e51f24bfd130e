"""Every constraint has something that passes it and something that fails with just its message."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
import yaml

from catchup.kg import names
from catchup.kg.cases.terms import load_terms
from catchup.kg.reading.files import SHAPES
from catchup.kg.shapes.files import triples_of
from catchup.kg.shapes.load import load_profile
from catchup.kg.shapes.validate import Finding, validate

TESTS = SHAPES / "tests"
MUTANTS: list[dict[str, Any]] = yaml.safe_load((TESTS / "mutants.yaml").read_text(encoding="utf-8"))
PREFIXES = "".join(f"@prefix {p}: <{n}> .\n" for p, n in names.PREFIXES.items())
CURATORS = names.CUS + "NewCaseClaim-voice"


def triples(lines: list[str]) -> list[ox.Triple]:
    text = PREFIXES + "".join(f"{line} .\n" for line in lines)
    return [q.triple for q in ox.parse(text.encode(), format=ox.RdfFormat.TURTLE)]


@cache
def valid() -> tuple[ox.Triple, ...]:
    return tuple(q.triple for q in ox.parse(path=str(TESTS / "valid.ttl")))


@cache
def background() -> tuple[ox.Triple, ...]:
    """Subclass axioms, and the classes of the concepts that the valid case or a mutant names."""
    terms = load_terms()
    named = {t.object for t in valid()} | {
        t.object for m in MUTANTS for t in triples(m.get("add", []))
    }
    kinds = [t for t in terms.background if t.subject in named]
    return tuple(dict.fromkeys([*terms.axioms, *kinds]))


def mutated(mutant: dict[str, Any]) -> tuple[list[ox.Triple], set[str]]:
    """Return the broken case and the nodes that the change touches."""
    out, put = triples(mutant.get("remove", [])), triples(mutant.get("add", []))
    assert set(out) <= set(valid()), "a mutant takes out what is there"
    touched = {str(t.subject.value) for t in (*out, *put)}  # type: ignore[union-attr]
    touched |= {t.object.value for t in (*out, *put) if isinstance(t.object, ox.NamedNode)}
    actor = ox.NamedNode(names.CU + "actor")
    acting = {t.object for t in valid() if t.predicate == actor and t.subject.value in touched}
    touched |= {t.subject.value for t in valid() if t.predicate == actor and t.object in acting}
    return [t for t in valid() if t not in set(out)] + put, touched


def profile_of(shape: str) -> str:
    new_case = {t.subject.value for t in triples_of("profile-new-case")}
    return "profile-new-case" if names.CUS + shape in new_case else "profile-release"


def found(data: list[ox.Triple], focus: set[str] | None, profile: str) -> list[Finding]:
    return [f for f in validate(data, background(), focus, profile) if f.shape != CURATORS]


@pytest.mark.parametrize("profile", ["profile-new-case", "profile-release"])
def test_the_valid_case_passes_every_shape(profile: str) -> None:
    own = {str(t.subject.value) for t in valid()}  # type: ignore[union-attr]
    assert found(list(valid()), own, profile) == []


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda m: f"{m['shape']}-{m['breaks']}")
def test_a_mutant_fails_with_exactly_its_messages(mutant: dict[str, Any]) -> None:
    data, touched = mutated(mutant)
    findings = validate(data, background(), touched, profile_of(mutant["shape"]))
    if mutant["shape"] != "NewCaseClaim-voice":
        findings = [f for f in findings if f.shape != CURATORS]
    wanted = {mutant["shape"], *mutant.get("also", [])}
    assert {f.shape.removeprefix(names.CUS) for f in findings} == wanted
    messages = {f.message for f in findings if f.shape == names.CUS + mutant["shape"]}
    assert messages == {message_of(mutant["shape"])}


@cache
def texts(predicate: str) -> dict[str, str]:
    path = names.SH + predicate
    both = (*triples_of("profile-new-case"), *triples_of("profile-release"))
    return {
        str(t.subject.value): str(t.object.value)  # type: ignore[union-attr]
        for t in both
        if t.predicate.value == path
    }


def message_of(shape: str) -> str:
    return texts("message")[names.CUS + shape]


def test_every_constraint_has_a_mutant() -> None:
    components = {"minCount", "maxCount", "class", "datatype", "nodeKind", "pattern", "in"}
    components |= {"minInclusive", "maxInclusive", "maxLength", "uniqueLang", "lessThan"}
    components |= {"lessThanOrEquals", "xone", "closed", "not"}
    broken = {(m["shape"], m["breaks"]) for m in MUTANTS}
    both = {*triples_of("profile-new-case"), *triples_of("profile-release")}
    wanted = {
        (t.subject.value.removeprefix(names.CUS), t.predicate.value.removeprefix(names.SH))
        for t in both
        if isinstance(t.subject, ox.NamedNode)
        and t.subject.value.startswith(names.CUS)
        and t.predicate.value.removeprefix(names.SH) in components
    }
    assert wanted - broken == set()


@pytest.mark.parametrize("profile", ["profile-new-case", "profile-release"])
def test_pyrudof_agrees_on_every_mutant(profile: str, tmp_path: Path) -> None:
    """All mutants in one graph, each under names of its own: 0.2 s a mutant would be a minute."""
    import pyrudof

    shapes = tmp_path / "shapes.ttl"
    shapes.write_bytes(turtle(triples_of(profile)))
    rudof = pyrudof.Rudof(pyrudof.RudofConfig())
    rudof.read_shacl(str(shapes))
    mine = [m for m in MUTANTS if profile_of(m["shape"]) == profile]
    data: set[ox.Triple] = set(background())
    for number, mutant in enumerate(mine):
        data |= {renamed(t, number) for t in mutated(mutant)[0]}
    rudof.read_data(turtle(data).decode())
    theirs: dict[str, set[str]] = {}
    for entry in rudof.validate_shacl():
        number = str(entry.focus_node).strip("<>").rsplit("/x", 1)[-1].partition("-")[0]
        shape = str(entry.source_shape).strip("<>").removeprefix(names.CUS)
        theirs.setdefault(number, set()).add(shape)
    for number, mutant in enumerate(mine):
        if mutant["shape"] == "NewCaseClaim-voice":
            continue
        said = theirs.get(str(number), set()) - {"NewCaseClaim-voice"}
        assert said == {mutant["shape"], *mutant.get("also", [])}, mutant


def renamed(triple: ox.Triple, number: int) -> ox.Triple:
    def one(node: Any) -> Any:
        if isinstance(node, ox.NamedNode) and "/x-" in node.value:
            return ox.NamedNode(node.value.replace("/x-", f"/x{number}-"))
        return node

    return ox.Triple(one(triple.subject), triple.predicate, one(triple.object))


def turtle(data: Iterable[ox.Triple]) -> bytes:
    return ox.serialize(data, format=ox.RdfFormat.TURTLE) or b""


def test_profiles_are_read_once() -> None:
    assert load_profile("profile-new-case") is load_profile("profile-new-case")
