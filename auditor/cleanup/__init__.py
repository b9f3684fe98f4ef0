"""Removing what is not needed: plan, quarantine, undo."""
