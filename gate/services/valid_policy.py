"""A repository's policy, where it has a valid one."""

from __future__ import annotations

from gate.domain.errors import Invalid
from gate.domain.policy import Policy, parse_policy
from gate.services.ports.outside import PolicySource


def valid_policy(policies: PolicySource, repository: str) -> Policy | None:
    """The policy as it is now; None for a missing or broken one, which allows nothing and releases nothing.

    Whoever has to say what is wrong with it asks `Judge`.
    """
    text = policies.text(repository)
    try:
        return None if text is None else parse_policy(text)
    except Invalid:
        return None
