"""Content by its SHA-256, in zstd frames, on a disk or in an object store."""
