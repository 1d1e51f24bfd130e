"""Entered cases: reading, checking, keeping, accepting and withdrawing them."""
