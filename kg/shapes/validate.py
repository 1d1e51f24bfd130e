"""Validation: compiled shapes applied to data, giving findings in plain words."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation

import pyoxigraph as ox
from catchup.kg import names
from catchup.kg.errors import Where
from catchup.kg.shapes.compile import Constraint, Shape
from catchup.kg.shapes.graph import DataGraph, Node

XSD = names.XSD
LEXICAL = {
    XSD + "integer": re.compile(r"[+-]?[0-9]+\Z"),
    XSD + "decimal": re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)\Z"),
    XSD + "boolean": re.compile(r"(true|false|0|1)\Z"),
}
KINDS: dict[str, tuple[type, ...]] = {
    "IRI": (ox.NamedNode,),
    "BlankNode": (ox.BlankNode,),
    "Literal": (ox.Literal,),
    "BlankNodeOrIRI": (ox.BlankNode, ox.NamedNode),
    "IRIOrLiteral": (ox.NamedNode, ox.Literal),
    "BlankNodeOrLiteral": (ox.BlankNode, ox.Literal),
}
NOWHERE = Where()
SEVERITIES = ("violation", "warning", "info")


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, incomplete or unusual in some data."""

    severity: str
    message: str
    focus: str = ""
    path: str = ""
    value: str = ""
    shape: str = ""
    component: str = ""
    where: Where = NOWHERE
    remedy: str = ""

    def at(self, where: Where) -> Finding:
        """Return the finding with its place."""
        return replace(self, where=where)

    def sort_key(self) -> tuple[int, str, int, int, str, str, str]:
        """Worst first, then in the order of the file."""
        w = self.where
        worst = SEVERITIES.index(self.severity)
        place = (w.line or 0, w.column or 0)
        return (worst, w.file, *place, self.focus, self.shape, self.message + self.value)

    @property
    def key(self) -> tuple[str, str, str]:
        """What two engines must agree on: severity, focus node and shape."""
        return (self.severity, self.focus, self.shape)


def validate(
    graph: DataGraph, shapes: Iterable[Shape], focus: Iterable[str] | None = None
) -> list[Finding]:
    """Return the findings of `shapes` in `graph`, worst first, each once.

    With `focus` only these nodes are looked at (all that the shapes target otherwise). Several
    components of one shape that fail at one node with one value give one finding, since they
    carry the same message.
    """
    chosen = None if focus is None else set(focus)
    found: dict[tuple[str, str, str], Finding] = {}
    for shape in shapes:
        nodes: set[str] = set()
        for cls in shape.target_classes:
            nodes.update(graph.all_of(cls))
        for predicate in shape.target_subjects_of:
            nodes.update(graph.users.get(predicate, ()))
        for name in nodes if chosen is None else nodes & chosen:
            for finding in check_node(graph, shape, graph.node(name)):
                found.setdefault((finding.focus, finding.shape, finding.value), finding)
    return sorted(found.values(), key=Finding.sort_key)


def check_node(graph: DataGraph, shape: Shape, node: Node) -> list[Finding]:
    """Return what `shape` finds at `node`."""
    values = [node] if shape.path is None else shape.path.values(graph, node)
    if not values and not shape.needs_value:
        return []
    out: list[Finding] = []
    for constraint in shape.constraints:
        for value in _failures(graph, constraint, node, values):
            out.append(
                Finding(
                    severity=shape.severity.removeprefix(names.SH).lower(),
                    message=shape.message,
                    focus=node.value,
                    path=shape.path.predicate if shape.path else "",
                    value="" if value is None or value is node else str(value.value),
                    shape=shape.name,
                    component=constraint.kind,
                )
            )
    for prop in shape.properties:
        for value in values:
            out.extend(check_node(graph, prop, value))
    return out


def _failures(
    graph: DataGraph, constraint: Constraint, node: Node, values: list[Node]
) -> list[Node | None]:
    """Return the values that fail `constraint`; None stands for all of them together."""
    kind, number, parameter = constraint.kind, constraint.number, constraint.values
    if kind == "MinCount":
        return [None] if len(values) < number else []
    if kind == "MaxCount":
        return [None] if len(values) > number else []
    if kind == "HasValue":
        return [] if parameter[0] in values else [None]
    if kind == "UniqueLang":
        tags = [v.language for v in values if isinstance(v, ox.Literal) and v.language]
        return [None] if len(tags) != len(set(tags)) else []
    if kind == "Closed":
        own = graph.out.get(node.value, {})
        return [v for p, vs in own.items() if p not in constraint.allowed for v in vs]
    if kind in ("LessThan", "LessThanOrEquals"):
        others = graph.objects(node, parameter[0].value)
        return [v for v in values for o in others if not _less(v, o, kind == "LessThanOrEquals")]
    return [v for v in values if not _holds(graph, constraint, v)]


def _holds(graph: DataGraph, constraint: Constraint, value: Node) -> bool:
    kind, number, parameter = constraint.kind, constraint.number, constraint.values
    if kind == "Class":
        return graph.is_a(value, parameter[0].value)
    if kind == "NodeKind":
        return isinstance(value, KINDS[parameter[0].value.removeprefix(names.SH)])
    if kind == "In":
        return value in parameter
    if kind == "Datatype":
        wanted = parameter[0].value
        if not isinstance(value, ox.Literal) or value.datatype.value != wanted:
            return False
        rule = LEXICAL.get(wanted)
        return rule is None or bool(rule.match(value.value))
    if kind in ("Pattern", "MinLength", "MaxLength"):
        if isinstance(value, ox.BlankNode):
            return False
        if kind == "Pattern":
            return bool(constraint.regex and constraint.regex.search(value.value))
        return len(value.value) >= number if kind == "MinLength" else len(value.value) <= number
    if kind == "MinInclusive":
        return _less(parameter[0], value, True)
    if kind == "MaxInclusive":
        return _less(value, parameter[0], True)
    passed = sum(not check_node(graph, s, value) for s in constraint.shapes)
    return {"Or": passed > 0, "Xone": passed == 1, "Not": passed == 0}[kind]


def _less(left: Node, right: Node, or_equal: bool) -> bool:
    try:
        a, b = Decimal(left.value), Decimal(right.value)
    except InvalidOperation:
        return False
    if not (isinstance(left, ox.Literal) and isinstance(right, ox.Literal)):
        return False
    return a <= b if or_equal else a < b
