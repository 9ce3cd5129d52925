"""Pushgate: a review gate between coding agents and the repositories they push to."""

__version__ = "0.1.0"
