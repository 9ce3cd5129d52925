"""The machines that agents work on, read only."""
