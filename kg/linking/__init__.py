"""Links to other data sets: mapping tables, checks of them, candidates, facts from elsewhere."""
