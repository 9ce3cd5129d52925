"""Takes shell commands apart, with tree-sitter's grammar for Bash."""

from gate.adapters.shell.parser import BashParser

__all__ = ["BashParser"]
