"""Validation with SHACL: the shapes of `shapes/` read, compiled and applied."""
