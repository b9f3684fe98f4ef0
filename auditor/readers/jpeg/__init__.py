"""JPEG: its structure, its strict decode, and what lies behind and beside the picture."""
