"""Direct triples: what plain statements say, as triples of their own."""

from __future__ import annotations

from collections.abc import Iterator

from pyoxigraph import NamedNode, Quad

from catchup.kg.names import CU
from catchup.kg.reasoning.admission import Admission, Causes
from catchup.kg.reasoning.expressions import Fact

SUBJECT = NamedNode(CU + "stSubject")
PREDICATE = NamedNode(CU + "stPredicate")
OBJECT = NamedNode(CU + "stObject")
VALUE = NamedNode(CU + "stValue")
PERIOD = NamedNode(CU + "period")
ENDS = (NamedNode(CU + "endYear"), NamedNode(CU + "notAfterYear"))

#: What `statements` does, as one query (design, modelling 2.5); a test compares the two.
DIRECT_QUERY = """PREFIX cu: <https://w3id.org/catchup/ontology/>
PREFIX cuv: <https://w3id.org/catchup/vocab/>
CONSTRUCT { ?s ?p ?o } WHERE {
  ?st cu:stSubject ?s ; cu:stPredicate ?p ; cu:stObject|cu:stValue ?o .
  ?c cu:asserts ?st ; cu:rank cuv:normal ; cu:force cuv:asserted .
  FILTER NOT EXISTS { ?st cu:period/(cu:endYear|cu:notAfterYear) ?end } }
"""


def direct(quad: Quad, admission: Admission) -> Iterator[tuple[Fact, Causes]]:
    """Yield the direct triples of the statement of which `quad` gives the subject.

    `quad` has the predicate cu:stSubject. A statement whose period has an end, or which no claim
    of normal rank asserts with the force asserted, yields none. With each triple comes on what it
    depends.
    """
    statement, graph = quad.subject, quad.graph_name
    causes = admission.causes(quad)
    if not causes:
        return
    for period in admission.quads(statement, PERIOD, None):  # type: ignore[arg-type]
        for end in ENDS:
            if next(admission.quads(period.object, end, None), None) is not None:  # type: ignore[arg-type]
                return
    for predicate in admission.quads(statement, PREDICATE, None, graph):  # type: ignore[arg-type]
        for property_ in (OBJECT, VALUE):
            for value in admission.quads(statement, property_, None, graph):  # type: ignore[arg-type]
                if isinstance(predicate.object, NamedNode):
                    yield (quad.object, predicate.object, value.object), causes  # type: ignore[misc]
