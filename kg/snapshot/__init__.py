"""Snapshots: immutable, content-addressed parts and the manifest that names them."""
