"""Every risk rule."""

from __future__ import annotations

from gate.domain.risk.model import Rule
from gate.domain.risk.secrets import SECRET_RULES

ALL_RULES: tuple[Rule, ...] = SECRET_RULES
