"""The rules over what was pushed, and over the push itself: docs/risk.md has the table."""

from gate.domain.risk.diff.assess import D00, DIFF_RULES, assess_diff

__all__ = ["D00", "DIFF_RULES", "assess_diff"]
