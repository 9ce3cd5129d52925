"""A hold's pull request: what the gate asks for there, in words that no text of the agent breaks out of."""
