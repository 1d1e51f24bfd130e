"""Which rules may take their premises from two cases.

A case has as subjects only what it mints, so all that is written about one node comes from one
graph. A rule whose premises are all about the same node can therefore not join two cases, unless
one of them can come from elsewhere: as a direct triple, which a plain statement of any case can
make about any node, or inferred from what is written about another node.
"""

from __future__ import annotations

from collections.abc import Collection

from pyoxigraph import NamedNode

from catchup.kg.reasoning.rules import Program, Rule, key


def joining(program: Program, direct: Collection[NamedNode]) -> list[Rule]:
    """Return the rules that may join triples of two cases.

    `direct` are the properties that plain statements may use.
    """
    abroad = {key(a) for r in program.rules for a in (r.head, *r.body) if a[1] in direct}
    while True:
        found = {
            key(r.head)
            for r in program.rules
            if {a[0] for a in r.body} != {r.head[0]} or any(key(a) in abroad for a in r.body)
        }
        if found <= abroad:
            break
        abroad |= found
    return [
        r
        for r in program.rules
        if len(r.body) > 1
        and (len({a[0] for a in r.body}) > 1 or any(key(a) in abroad for a in r.body))
    ]
