"""TIFF and what is shaped like it: cameras' RAW files, and the directories that EXIF is made of."""
