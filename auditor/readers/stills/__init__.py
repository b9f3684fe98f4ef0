"""The other pictures: PNG, WebP, GIF, BMP, and what Pillow alone decodes."""
