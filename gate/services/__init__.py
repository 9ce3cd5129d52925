"""The use cases: one verb a file. They talk to ports only."""
