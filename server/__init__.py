"""The web process: the SPARQL protocol, linked data and descriptions over a limited engine."""
