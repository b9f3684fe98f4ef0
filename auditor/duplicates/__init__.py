"""Finding copies of the same picture: candidates, verification on pixels, which one to keep and why."""
