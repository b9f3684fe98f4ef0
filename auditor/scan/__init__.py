"""A place becomes a manifest: every file gets a row, and each file's bytes are read once."""
