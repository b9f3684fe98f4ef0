"""HEIC, HEIF and AVIF: their structure, the strict decode of their items, and what lies beside the picture."""
