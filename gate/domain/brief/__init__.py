"""The task brief: what an agent was told to do, what it may do, and whether that was kept."""
