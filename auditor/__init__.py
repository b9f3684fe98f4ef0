"""Proves that every photo and video on a phone is safe in its backup, or says exactly which are not, and why."""

__version__ = "0.1.0"
