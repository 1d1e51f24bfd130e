"""How well names of real tables are matched: precision of what is claimed, recall of what is found."""
