"""Films of every container: structure, strict decode, facts, digests, and whether two hold the same."""
