"""Shapes compiled from Turtle: SHACL Core, as far as our shapes use it.

A parameter that this file does not know is an error when the shapes are loaded, so no constraint
is ever passed over in silence. tests/shapes compares every answer with pyshacl and pyrudof.

Why not pyshacl in the hot path: 320 ms for the 79 nodes of one firm's case and 0.75 s to import,
of which 40 % is the search for the parameters of each shape; this engine takes 11 ms. Source:
https://www.w3.org/TR/shacl/.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

import pyoxigraph as ox
from catchup.kg import names
from catchup.kg.errors import CannotRun
from catchup.kg.shapes.graph import DataGraph, Node

SH = names.SH
FIRST, REST, NIL = (names.RDF + x for x in ("first", "rest", "nil"))
#: What describes a shape without constraining anything.
DESCRIPTIVE = {
    names.RDF + "type",
    *(SH + x for x in ("path", "name", "description", "order", "group", "severity", "message")),
    *(SH + x for x in ("targetClass", "targetSubjectsOf", "targetNode", "ignoredProperties")),
}
COMPONENTS = {
    "minCount": "MinCount",
    "maxCount": "MaxCount",
    "class": "Class",
    "datatype": "Datatype",
    "nodeKind": "NodeKind",
    "pattern": "Pattern",
    "in": "In",
    "hasValue": "HasValue",
    "minInclusive": "MinInclusive",
    "maxInclusive": "MaxInclusive",
    "minLength": "MinLength",
    "maxLength": "MaxLength",
    "lessThan": "LessThan",
    "lessThanOrEquals": "LessThanOrEquals",
    "uniqueLang": "UniqueLang",
    "or": "Or",
    "xone": "Xone",
    "not": "Not",
    "closed": "Closed",
    "property": "Property",
}


@dataclass(frozen=True)
class Path:
    """A property path: steps of (property, backwards)."""

    steps: tuple[tuple[str, bool], ...]

    def values(self, graph: DataGraph, node: Node) -> list[Node]:
        """Return the value nodes of `node` along the path, each once."""
        here = [node]
        for predicate, backwards in self.steps:
            step = graph.subjects if backwards else graph.objects
            here = list(dict.fromkeys(v for n in here for v in step(n, predicate)))
        return here

    @property
    def predicate(self) -> str:
        """The property that a form field or a message stands for."""
        return self.steps[-1][0]


@dataclass
class Constraint:
    """One constraint component of a shape with its parameter."""

    kind: str
    values: tuple[Node, ...] = ()
    number: int = 0
    regex: re.Pattern[str] | None = None
    shapes: tuple[Shape, ...] = ()
    allowed: frozenset[str] = frozenset()


@dataclass
class Shape:
    """A node shape or property shape."""

    name: str
    path: Path | None = None
    constraints: list[Constraint] = field(default_factory=list)
    properties: list[Shape] = field(default_factory=list)
    severity: str = SH + "Violation"
    message: str = ""
    label: str = ""
    description: str = ""
    order: float = 0
    group: str = ""
    target_classes: tuple[str, ...] = ()
    target_subjects_of: tuple[str, ...] = ()
    needs_value: bool = False


def compile_shapes(triples: Iterable[ox.Quad | ox.Triple]) -> list[Shape]:
    """Return the shapes that have a target, in the order of their names.

    Raises CannotRun when a shape uses a parameter that is not supported.
    """
    compiler = _Compiler(DataGraph(triples))
    tops = {
        s for p in ("targetClass", "targetSubjectsOf") for s in compiler.graph.users.get(SH + p, ())
    }
    return [compiler.shape(compiler.graph.node(s)) for s in sorted(tops)]


class _Compiler:
    def __init__(self, graph: DataGraph) -> None:
        self.graph = graph
        self.done: dict[str, Shape] = {}

    def shape(self, node: Node) -> Shape:
        if node.value in self.done:
            return self.done[node.value]
        one = self._one
        paths = self.graph.objects(node, SH + "path")
        shape = self.done[node.value] = Shape(
            node.value,
            self._path(paths[0]) if paths else None,
            severity=one(node, "severity", SH + "Violation"),
            message=one(node, "message", ""),
            label=one(node, "name", ""),
            description=one(node, "description", ""),
            order=float(one(node, "order", "0")),
            group=one(node, "group", ""),
            target_classes=self._all(node, "targetClass"),
            target_subjects_of=self._all(node, "targetSubjectsOf"),
        )
        for predicate, values in sorted(self.graph.out.get(node.value, {}).items()):
            if predicate in DESCRIPTIVE:
                continue
            name = predicate.removeprefix(SH)
            if name not in COMPONENTS or not predicate.startswith(SH):
                raise CannotRun(
                    f"The shape {names.compact(node.value)} uses {names.compact(predicate)}, "
                    "which is not supported.",
                    remedy="Say it with one of: " + ", ".join(sorted(COMPONENTS)) + ".",
                )
            for value in values:
                self._constraint(shape, node, name, value)
        shape.needs_value = any(c.kind in ("MinCount", "HasValue") for c in shape.constraints)
        return shape

    def _constraint(self, shape: Shape, node: Node, name: str, value: Node) -> None:
        constraint = Constraint(COMPONENTS[name], (value,))
        if name == "property":
            shape.properties.append(self.shape(value))
            return
        if name in ("minCount", "maxCount", "minLength", "maxLength"):
            constraint.number = int(value.value)
        elif name == "pattern":
            constraint.regex = re.compile(value.value)
        elif name == "in":
            constraint.values = tuple(self._list(value))
        elif name in ("or", "xone"):
            constraint.shapes = tuple(self.shape(n) for n in self._list(value))
        elif name == "not":
            constraint.shapes = (self.shape(value),)
        elif name == "closed":
            ignored = self.graph.objects(node, SH + "ignoredProperties")
            paths = [
                p.value
                for s in self.graph.objects(node, SH + "property")
                for p in self.graph.objects(s, SH + "path")
            ]
            constraint.allowed = frozenset(
                [*paths, *(n.value for head in ignored for n in self._list(head))]
            )
        shape.constraints.append(constraint)

    def _path(self, node: Node) -> Path:
        inverse = self.graph.objects(node, SH + "inversePath")
        if inverse:
            return Path(tuple((p, not back) for p, back in reversed(self._path(inverse[0]).steps)))
        if self.graph.objects(node, FIRST):
            return Path(tuple(s for n in self._list(node) for s in self._path(n).steps))
        if not isinstance(node, ox.NamedNode):
            raise CannotRun("A shape has a path that is neither property, inverse nor sequence.")
        return Path(((node.value, False),))

    def _list(self, head: Node) -> list[Node]:
        items = []
        while head.value != NIL:
            items.append(self.graph.objects(head, FIRST)[0])
            head = self.graph.objects(head, REST)[0]
        return items

    def _one(self, node: Node, name: str, default: str) -> str:
        values = self.graph.objects(node, SH + name)
        return values[0].value if values else default

    def _all(self, node: Node, name: str) -> tuple[str, ...]:
        return tuple(v.value for v in self.graph.objects(node, SH + name))
