"""A coding agent's session as a reader of its records sees it: an account by the agent's side, no proof."""
