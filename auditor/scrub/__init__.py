"""A backup is read again and laid beside what was written down when it was made."""
