"""ISO base media files, as far as HEIC and MP4 share their form. Source: ISO/IEC 14496-12."""
