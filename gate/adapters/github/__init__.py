"""GitHub: its API by PyGithub, and its git by a credential helper."""
