"""Templates of a case: what `catchup new` writes, valid as it stands but for the blanks."""

from __future__ import annotations

import csv
import io
import re

from catchup.kg.cases.known import Candidate
from catchup.kg.cases.terms import load_terms
from catchup.kg.shapes.files import triples_of
from catchup.kg.text import norm

SHEETS: dict[str, tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]] = {
    "case": (
        ("key", "value"),
        (("id", "{id}"), ("title", "{title}"), ("creator", ""), ("licence", "CC-BY-4.0")),
    ),
    "defaults": (("key", "value"), (("rank", "normal"), ("wasAttributedTo", "{id}-authors"))),
    "Firm": (("id", "label", "labelZh", "altLabel"), (("{id}", "{title}", "", ""),)),
    "Subsidiary": (("id", "label"), ()),
    "Agent": (("id", "label"), (("{id}-authors", ""),)),
    "CitedWork": (("id", "label", "publishedYear", "title"), (("{id}-work", "", "", ""),)),
    "claims": (
        (
            *("claim", "label", "statementKind", "voice", "basis", "force", "statedIn"),
            *("evidence.type", "evidence.inWork", "evidence.page", "evidence.sectionNumber"),
        ),
        (
            (
                *("{letters}-0001", "", "caseFact", "authors", "document", "asserted", "{id}-work"),
                *("Locator", "{id}-work", "", ""),
            ),
        ),
    ),
    "Siting": (
        ("claim", "stSubject", "stPredicate", "stObject"),
        (("{letters}-0001", "{id}", "homeCountry", "cn"),),
    ),
    "Affiliation": (("claim", "stSubject", "stPredicate", "stObject", "period.startYear"), ()),
    "LearningEpisode": (
        (
            *("claim", "hasLearner", "learnsFrom", "sourceScope", "viaChannel", "usesActivity"),
            *("resultsInCapability.type", "resultsInCapability.label", "period.startYear"),
        ),
        (),
    ),
    "KnowledgeFlow": (
        ("claim", "fromUnit", "fromRole", "toUnit", "toRole", "withinFirm", "carries"),
        (),
    ),
    "Acquisition": (("claim", "actor", "acquired", "period.startYear", "period.endYear"), ()),
    "CatchUpMove": (
        ("claim", "actor", "innovationType", "atStage", "usesSource", "exploitsWindow"),
        (),
    ),
    "Figure": (
        (
            *("claim", "figureOf", "measure", "numericValue", "unitCode", "currencyPrinted"),
            *("currencyCode", "currencyDerived", "hedge", "asPrinted", "period.endYear"),
        ),
        (),
    ),
}

YAML = """\
# A case for Catchup: {title}
#
# Fill in the blanks (the keys with nothing after the colon), delete what you do not need, then:
#   catchup check {file}
#   catchup add {file}
# A line that begins with # is a note. Write in your own words, never a sentence of the source.
# The names of nodes (ids) are letters, digits and '-'. Those of the graph can be used as they are:
# cn (China), gb (United Kingdom), huawei, ibm ...

case:
  id: {id}
  title: {quoted}
  creator:                      # your name, or your ORCID
  licence: CC-BY-4.0            # under which others may use what you enter

# What every claim below has unless it says otherwise.
defaults:
  rank: normal
  wasAttributedTo: {id}-authors

# Whom and what you speak of, each once: a type, a name, and nothing else.
nodes:
{firm}
- id: {id}-authors              # who makes the claims
  type: Agent
  label:                        # the authors of the paper, or yourself

- id: {id}-work                 # the paper or report you read
  type: CitedWork
  label:                        # authors and year
  publishedYear:                # such as 2024

# - id: {id}-uk                 # a unit of the firm
#   type: Subsidiary
#   label: {title} UK

# What is claimed: number, in your own words, what kind of statement, whose voice, on what basis,
# how firmly; what it asserts; and where it stands.
claims:
- claim: {letters}-0001
  label:                        # such as: {title} is a Chinese firm.
  statementKind: caseFact       # caseFact finding opinion assumption definition recommendation ...
  voice: authors                # authors informant citedWork
  basis: document               # document interview literature noneStated
  force: asserted               # asserted, or [hedged, conditional, normative] as it stands
  statedIn: {id}-work
  asserts:
  - type: Siting
    stSubject: {subject}
    stPredicate: homeCountry    # homeCountry locatedIn
    stObject: cn
  evidence:
    type: Locator               # a page or section of a work that is not at hand as text
    inWork: {id}-work
    page:                       # or sectionNumber

- claim: {letters}-0002
  label:                        # what was learned, from whom
  statementKind: finding
  voice: authors
  basis: document
  force: asserted
  statedIn: {id}-work
  asserts:
  - type: LearningEpisode
    hasLearner: {subject}
    sourceScope: outsideFirm    # outsideFirm insideFirm
    # learnsFrom: ibm           # a party, place or thing, by its id
    # viaChannel: cooperation   # customers cooperation hostCountry; leave out where none fits
    resultsInCapability:
      type: Capability
      label:                    # a few words
  evidence:
    type: Locator
    inWork: {id}-work
    page:

# Your own interview: role, month, mode and consent, never a name.
# - claim: {letters}-0003
#   label: What the informant said, in your own words.
#   statementKind: finding
#   voice: informant
#   basis: interview
#   force: asserted
#   reportedSpeaker: {id}-informant
#   asserts:
#   - type: PracticeAdoption
#     actor: {subject}
#     adoptsPractice: employeeEquity
#   evidence:
#     type: InterviewRecord
#     roleTitle: head of personnel
#     period: {{type: Period, startYear: 2024, startMonth: 5, endYear: 2024, endMonth: 5}}
#     interviewMode: telephone
#     consentLevel: quoteByRole
# A date that the source leaves open has bounds instead of years:
#     period: {{type: Period, notBeforeYear: 1990, notAfterYear: 1999, asPrinted: the 1990s}}
#     period: {{type: Period, notAfterYear: 2016, qualifier: by, asPrinted: by 2016}}
# and under nodes:
# - id: {id}-informant
#   type: Informant
#   roleTitle: head of personnel
#   speaksFor: {subject}
"""
NEW_FIRM = """\
- id: {id}
  type: Firm
  label: {quoted}
  # labelZh:                    # the name in Chinese, if it is publicly known
"""
KNOWN_FIRM = """\
# '{name}' is in the graph already, as {iri}: that id is used below and takes no node here.
"""


def yaml_template(title: str, file: str, known: Candidate | None = None) -> str:
    """Return a commented template for a case about `title`; `known` is the firm if it exists."""
    id, letters = names_for(title)
    subject = id
    quoted = '"' + title.replace("\\", "\\\\").replace('"', '\\"') + '"'
    firm = NEW_FIRM.format(id=id, quoted=quoted)
    if known is not None:
        subject = known.iri.rsplit("/", 1)[-1]
        id = f"{subject}-case"
        firm = KNOWN_FIRM.format(name=known.name, iri=subject)
    return YAML.format(
        id=id, letters=letters, title=title, quoted=quoted, file=file, firm=firm, subject=subject
    )


def csv_template(title: str) -> str:
    """Return the coding sheets as one CSV file."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    for name, rows in _rows(title).items():
        writer.writerows([[f"[{name}]"], *rows, []])
    return out.getvalue()


def workbook_template(title: str) -> bytes:
    """Return the coding sheets as a workbook, with a sheet of notes on every column."""
    import openpyxl

    book = openpyxl.Workbook()
    notes = book.worksheets[0]
    notes.title = "_columns"
    notes.append(["sheet", "column", "what it takes"])
    for name, rows in _rows(title).items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
        for column in rows[0]:
            notes.append([name, column, describe(column)])
        sheet.freeze_panes = "A2"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def describe(column: str) -> str:
    """Return what a column takes, in the words of the shapes."""
    outer, _, inner = column.partition(".")
    if inner:
        return describe(inner)
    term = load_terms().context.terms.get(outer)
    return _descriptions().get(term.iri, "") if term else OTHER_COLUMNS.get(outer, "")


OTHER_COLUMNS = {
    "claim": "Number of the claim (or of several, parted by |) that asserts the row.",
    "id": "Name of the node: letters, digits and '-'.",
    "type": "Kind of thing, where the sheet's name does not say it.",
    "key": "Name of the field.",
    "value": "Its value.",
}


def _descriptions() -> dict[str, str]:
    sh = "http://www.w3.org/ns/shacl#"
    rows: dict[object, dict[str, str]] = {}
    for t in triples_of("profile-new-case"):
        if t.predicate.value in (sh + "path", sh + "description"):
            name = t.predicate.value.removeprefix(sh)
            rows.setdefault(t.subject, {})[name] = str(getattr(t.object, "value", ""))
    found: dict[str, str] = {}
    for row in rows.values():
        if "path" in row and "description" in row:
            found.setdefault(row["path"], row["description"])
    return found


def _rows(title: str) -> dict[str, list[list[str]]]:
    id, letters = names_for(title)
    return {
        name: [
            list(heads),
            *([c.format(id=id, title=title, letters=letters) for c in row] for row in rows),
        ]
        for name, (heads, rows) in SHEETS.items()
    }


def names_for(title: str) -> tuple[str, str]:
    """Return the id and the letters of claim numbers for a case about `title`."""
    words = [w for w in re.split(r"[^a-z0-9]+", norm(title)) if w.isascii()]
    id = "-".join(w for w in words if w)[:40].strip("-") or "case"
    letters = "".join(c for c in id if c.isalpha()).upper()[:5]
    return id, letters if len(letters) > 1 else "CASE"
