"""Other tools' manifests, read as ours, and ours written as theirs."""
