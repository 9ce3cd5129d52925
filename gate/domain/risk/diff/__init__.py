"""The rules over what was pushed, and over the push itself: docs/risk.md has the table."""

from gate.domain.risk.diff.assess import DIFF_RULES, assess_diff

__all__ = ["assess_diff", "DIFF_RULES"]
