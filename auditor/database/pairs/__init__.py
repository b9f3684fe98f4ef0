"""Which row of a backup stands beside each due file, step by step, and what that proves."""
