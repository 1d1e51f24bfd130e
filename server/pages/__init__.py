"""Pages for people, rendered by the server from the same answers that everybody can query."""
