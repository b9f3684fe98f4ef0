"""Is this the same picture? Asked by an audit and by the search for duplicates; nothing here tidies up."""
