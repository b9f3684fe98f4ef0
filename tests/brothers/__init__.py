"""Searches for brothers: not the faults that are known, but the classes that they came from."""
