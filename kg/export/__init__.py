"""The graph in the formats that others take: RDF, YAML entries, spreadsheets, nanopublications."""
