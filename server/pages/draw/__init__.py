"""Drawings: SVG made from data, with classes for the style sheet and text for everyone."""
