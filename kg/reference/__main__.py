"""`python -m catchup.kg.reference FOLDER` writes the reference pages there."""

from __future__ import annotations

import sys
from pathlib import Path

from catchup.kg.catalogue import catalogue
from catchup.kg.reading.files import ontology_files, vocabulary_files
from catchup.kg.reference.html import write
from catchup.kg.reference.model import read_reference


def main() -> None:
    """Write the pages and name them."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "build/reference")
    reference = read_reference(ontology_files(), vocabulary_files(), catalogue())
    for path in write(reference, folder):
        print(path)


if __name__ == "__main__":
    main()
