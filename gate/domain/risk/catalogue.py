"""Every risk rule."""

from __future__ import annotations

from gate.domain.risk.commands import COMMAND_RULES
from gate.domain.risk.diff import DIFF_RULES
from gate.domain.risk.model import Rule
from gate.domain.risk.secrets import SECRET_RULES
from gate.domain.risk.workflow_audit import WORKFLOW_RULES

ALL_RULES: tuple[Rule, ...] = (*SECRET_RULES, *WORKFLOW_RULES, *DIFF_RULES, *COMMAND_RULES)
