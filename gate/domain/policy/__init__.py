"""The policy of a repository: its text, its rules, and the verdict on a held push."""

from gate.domain.policy.asking import Asked
from gate.domain.policy.default import DEFAULT_POLICY, default_policy
from gate.domain.policy.evaluate import evaluate
from gate.domain.policy.model import BaseMoved, CopyCondition, Method, OnPush, Policy
from gate.domain.policy.parse import PolicyCheck, check_policy, parse_policy, policy_hash
from gate.domain.policy.ref_pattern import RefPattern, any_matches, parse_ref_pattern
from gate.domain.policy.subject import Override, OwnedPaths, Published, Subject
from gate.domain.policy.verdict import Node, Outcome, Status, Verdict

__all__ = [
    "DEFAULT_POLICY",
    "Asked",
    "BaseMoved",
    "CopyCondition",
    "Method",
    "Node",
    "OnPush",
    "Outcome",
    "Override",
    "OwnedPaths",
    "Policy",
    "PolicyCheck",
    "Published",
    "RefPattern",
    "Status",
    "Subject",
    "Verdict",
    "any_matches",
    "check_policy",
    "default_policy",
    "evaluate",
    "parse_policy",
    "parse_ref_pattern",
    "policy_hash",
]
