"""The manifest: one row of facts a file, as JSON Lines with a header and a footer; and other tools' lists."""
