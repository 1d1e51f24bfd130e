"""Reference documentation, generated from the ontology's and the vocabularies' files."""
