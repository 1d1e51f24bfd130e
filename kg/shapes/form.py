"""What an entry form needs of the shapes: for each class its fields, in the shapes' own words."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Literal

from catchup.kg import names
from catchup.kg.shapes.files import triples_of
from catchup.kg.terms import value

Kind = Literal["concept", "capability", "period", "thing", "text", "number", "boolean"]
_KINDS: dict[str, Kind] = {
    names.XSD + "integer": "number",
    names.XSD + "decimal": "number",
    names.XSD + "gYear": "number",
    names.XSD + "boolean": "boolean",
}
#: What shapes ask for by alternatives (sh:or), which no single field shows: (class, field).
_ALTERNATIVES = (
    ("PlainStatement", "stObject", "what or where", "thing", "1"),
    ("Figure", "numericValue", "value", "number", "6"),
    ("Figure", "unitCode", "unit (UN/CEFACT code, C62 for a count)", "text", "6"),
    ("Figure", "currencyCode", "currency (ISO code)", "text", "6"),
)


@dataclass(frozen=True)
class Field:
    """A field of the form: the property it fills, its words, and what it takes."""

    property: str
    name: str
    description: str
    group: str
    order: float
    kind: Kind
    #: the classes that a value must be of, as IRIs
    classes: tuple[str, ...] = ()
    #: the values there are to choose from, as IRIs; empty means that any will do
    choices: tuple[str, ...] = ()
    required: bool = False
    many: bool = True


@dataclass
class FormClass:
    """A kind of node that can be entered."""

    iri: str
    name: str
    description: str
    fields: list[Field] = field(default_factory=list)


Said = dict[str, dict[str, list[str]]]


@cache
def form_of(profile: str = "profile-new-case") -> dict[str, FormClass]:
    """Return the kinds of node that a profile's shapes describe, by the class's IRI."""
    # Concepts and classes come from the files, so that a form needs no snapshot.
    from catchup.kg.cases.terms import load_terms

    terms = load_terms()
    said: Said = defaultdict(lambda: defaultdict(list))
    for triple in triples_of(profile):
        said[value(triple.subject)][triple.predicate.value].append(value(triple.object))
    above: dict[str, set[str]] = defaultdict(set)
    for axiom in terms.axioms:
        above[value(axiom.subject)].add(value(axiom.object))
    instances: dict[str, list[str]] = defaultdict(list)
    for concept, classes in terms.concepts.items():
        for cls in {c for own in classes for c in _upward(own, above)}:
            instances[cls].append(concept)
    shapes: dict[str, list[str]] = defaultdict(list)
    for shape, own in said.items():
        for target in own.get(names.SH + "targetClass", ()):
            shapes[target].append(shape)
    objects = {
        value(t.subject)
        for t in terms.background
        if value(t.object) == names.OWL + "ObjectProperty"
    }
    made = {}
    for cls in terms.classes:
        own_shapes = [s for c in _upward(cls, above) for s in shapes.get(c, ())]
        if not own_shapes or (
            not shapes.get(cls) and names.CU + "Situation" not in _upward(cls, above)
        ):
            continue
        fields = _fields(said, own_shapes, instances, objects)
        fields += _alternatives({c.rpartition("/")[2] for c in _upward(cls, above)})
        named = next((s for s in shapes.get(cls, ()) if said[s].get(names.SH + "name")), "")
        made[cls] = FormClass(
            cls,
            _text(said, named, "name") or cls.rpartition("/")[2],
            _text(said, named, "description"),
            sorted(fields, key=lambda f: (f.group, f.order)),
        )
    return made


def _upward(cls: str, above: dict[str, set[str]]) -> list[str]:
    """Return a class and all above it, the nearest first."""
    found = [cls]
    for one in found:
        found += sorted(c for c in above.get(one, ()) if c not in found)
    return found


def _alternatives(classes: set[str]) -> list[Field]:
    return [
        Field(names.CU + name, label, "", group, 9, kind, many=False)  # type: ignore[arg-type]
        for cls, name, label, kind, group in _ALTERNATIVES
        if cls in classes
    ]


def _fields(
    said: Said, shapes: list[str], instances: dict[str, list[str]], objects: set[str]
) -> list[Field]:
    found: dict[str, Field] = {}
    for shape in shapes:
        for link in said[shape].get(names.SH + "property", ()):
            own = said[link]
            path = own[names.SH + "path"][0]
            if "://" not in path or own.get(names.SH + "deactivated"):
                continue
            made = _field(said, link, path, instances, objects)
            found[path] = _both(found[path], made) if path in found else made
    return list(found.values())


def _field(
    said: Said, shape: str, path: str, instances: dict[str, list[str]], objects: set[str]
) -> Field:
    own = said[shape]
    classes = tuple(own.get(names.SH + "class", ()))
    choices = tuple(_list(said, own[names.SH + "in"][0])) if names.SH + "in" in own else ()
    concepts = tuple(sorted({c for cls in classes for c in instances.get(cls, ())}))
    datatype = next(iter(own.get(names.SH + "datatype", ())), "")
    kind: Kind = _KINDS.get(datatype, "text")
    if names.CU + "Capability" in classes:
        kind = "capability"
    elif names.CU + "Period" in classes:
        kind = "period"
    elif choices or concepts:
        kind = "concept"
    elif classes or names.SH + "IRI" in own.get(names.SH + "nodeKind", ()) or path in objects:
        kind = "thing"
    group = next(iter(own.get(names.SH + "group", ())), "")
    return Field(
        property=path,
        name=_text(said, shape, "name"),
        description=_text(said, shape, "description"),
        group=_text(said, group, "order", "0") if group else "9",
        order=float(_text(said, shape, "order") or 99),
        kind=kind,
        classes=classes,
        choices=choices or concepts,
        required=int(_text(said, shape, "minCount") or 0) > 0,
        many=_text(said, shape, "maxCount") != "1",
    )


def _both(one: Field, other: Field) -> Field:
    """Return what two shapes of one property ask together."""
    exact = other if one.kind in ("text", "thing") and other.kind != "text" else one
    return replace(
        exact,
        name=one.name or other.name,
        description=one.description or other.description,
        order=min(one.order, other.order),
        required=one.required or other.required,
        many=one.many and other.many,
    )


def _list(said: Said, head: str) -> list[str]:
    """Return the members of an RDF list."""
    found = []
    while head != names.RDF + "nil":
        found.append(said[head][names.RDF + "first"][0])
        head = said[head][names.RDF + "rest"][0]
    return found


def _text(said: Said, subject: str, predicate: str, otherwise: str = "") -> str:
    values = said[subject].get(names.SH + predicate, []) if subject in said else []
    return values[0] if values else otherwise
