"""One outside thing each: git, the database, the queue, the forge, files and keys."""
