"""Risk: what in a push, or in the session behind it, deserves a reviewer's look, and why."""
