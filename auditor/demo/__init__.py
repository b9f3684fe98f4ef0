"""A small phone and its backup with a dozen kinds of seeded trouble: the tool's check of itself, for anybody to run."""
