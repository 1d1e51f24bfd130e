"""Cases side by side: what the sources say of each, dimension by dimension, claim by claim."""
