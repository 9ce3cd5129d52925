"""Terminal recordings of any kind, read as asciicast v3 (docs.asciinema.org/manual/asciicast/v3)."""
