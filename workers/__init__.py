"""The worker processes: jobs on RQ, and the clock that asks for sweeps."""
