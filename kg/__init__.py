"""The graph: files in, a checked, reasoned and indexed snapshot out, and limited engines over it."""
