from __future__ import annotations

from pathlib import Path

import pytest

from gate.domain.risk.diff import DIFF_RULES
from gate.domain.risk.model import Rule

PAGE = (Path(__file__).parents[3] / "docs" / "risk.md").read_text()


@pytest.mark.parametrize("rule", DIFF_RULES, ids=lambda rule: rule.id)
def test_a_rule_is_documented_with_its_name_and_weight(rule: Rule) -> None:
    assert f'<a id="{rule.id.lower()}"></a>{rule.id} | {rule.name} | {rule.severity} |' in PAGE
