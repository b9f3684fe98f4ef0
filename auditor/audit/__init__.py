"""One audit: its inputs, its database, the pairing of files, the rules, and what they amount to."""
