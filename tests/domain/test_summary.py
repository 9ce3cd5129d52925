"""Where the agent's own summary of risks is found."""

from __future__ import annotations

import pytest

from gate.domain.evidence import AgentSummary, SummarySource
from gate.domain.summary import agent_summary, risk_section


@pytest.mark.parametrize(
    ("markdown", "section"),
    [
        ("# Status\n\n## Risks\n- a\n### Detail\nb\n## Next\nc", "- a\n### Detail\nb"),
        ("## 4. ⚠️ **Risks** & mitigations:\nlow", "low"),
        ("Risk Assessment\n---------------\nlow\n\nOther\n=====\nx", "low"),
        ("done\n\n**Final risk summary**\n\n- a\n\n**Next steps**\n- b", "- a"),
        ("**Risks:** none\n**Next**", "none"),
        ("Done.\n\nRisk summary\n- a\n- b", "- a\n- b"),
        ("Known risks: may be slow\n", "may be slow"),
        ("- state: ready\n- risks: none known,\n  but one\n- tests: 3", "none known,\n  but one"),
        ("# Risks\nold\n# Log\nx\n# Risks\nnew", "new"),
        ("# Risks\nold\n# Risks\n\n---", "old"),
        ("```\n# Risks\nin code\n```\n", ""),
        ("# Risks\n```\n# not a heading\n```\nafter", "```\n# not a heading\n```\nafter"),
        ("# Risky business\nno\n# Asterisks\nno", ""),
        ("The risks are small.\nReally.", ""),
        ("", ""),
    ],
)
def test_a_section_on_risks_is_found_by_its_heading(markdown: str, section: str) -> None:
    assert risk_section(markdown) == section


def test_the_status_comes_before_the_message_and_the_message_before_the_commit() -> None:
    status, message, commit = (
        "# Risks\nfrom status",
        "from message",
        "Subject\n\nFrom commit.\n\nSigned-off-by: A\n",
    )

    assert agent_summary(["# Plan\nx", status], message, commit) == AgentSummary(
        SummarySource.STATUS, "from status"
    )
    assert agent_summary(["# Plan\nx"], message, commit) == AgentSummary(
        SummarySource.LAST_MESSAGE, "from message"
    )
    assert agent_summary([], " \n", commit) == AgentSummary(SummarySource.COMMIT, "From commit.")
    assert agent_summary([], "", "Subject only\n\nCo-authored-by: A <a@example.org>\n") is None


def test_a_message_that_has_a_section_on_risks_gives_that_alone() -> None:
    assert agent_summary([], "Fixed.\n\n## Risks\nnone", "") == AgentSummary(
        SummarySource.LAST_MESSAGE, "none"
    )


def test_a_summary_without_end_is_cut_and_the_search_for_it_is_bounded() -> None:
    found = agent_summary(["# risks\n" * 30_000 + "x" * 10_000, "#" * 1_000_000], "y" * 10_000, "")

    assert found == AgentSummary(SummarySource.LAST_MESSAGE, "y" * 4000 + " …")
