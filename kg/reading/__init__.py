"""Reading what people write: YAML entries, Turtle and its relatives, spreadsheets."""
