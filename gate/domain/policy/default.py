"""The policy that a repository gets when it is put behind the gate."""

_TEXT = """\
# A policy of Pushgate: what is held, who must approve it, and how it is released.
# Check a change before you install it:  python -m gate policy check FILE
# Unknown keys and conditions the gate cannot evaluate are faults; with a fault nothing is released.
version = 1

[hold]
refs           = ["refs/heads/**", "refs/tags/**"]  # `*` is one level, `**` any depth
allow_refs     = []          # these pass with no review, rewrites and deletes too
on_push        = "append"    # a new push is the next revision; or "supersede" (a new hold), "refuse"
settle_seconds = {settle:<11} # approvals sooner after publishing than this do not count
expires_after  = "7d"        # a hold that nobody decides on ends
# max_changed_files = 40     # larger pushes are blocked
# copy_condition = "none"    # approvals also count for: no_change | no_code_change | trivial_rebase

[release]
method          = "fast_forward"  # upstream gets exactly the approved commit; or merge | squash | rebase
base_moved      = "hold"          # upstream moved since the review: hold | reapprove | allow_fast_forward
blocking_labels = []              # a review with one of these labels waits
witness_notes   = false           # true: write the audit trail's tree head to refs/notes/pushgate upstream
timeout_sec     = 120

[approval_defaults.options]  # nobody approves a push they have a part in
allow_author      = false
allow_operator    = false    # the person who runs the agent
allow_contributor = false
allow_coauthor    = false
allow_bot         = false

[[approval_rules]]
name = "one person has approved"
[approval_rules.requires]
count       = 1
permissions = ["write"]      # at least; admin includes it
# teams       = ["acme/core"]  # of these teams, at GitHub
# code_owners = true           # and an owner of every changed file, by CODEOWNERS

[[approval_rules]]
name = "an admin approves what loses commits"
[approval_rules.if]
update_kind = ["rewrite", "delete"]  # create | fast_forward | rewrite | delete | tag
[approval_rules.requires]
count       = 1
permissions = ["admin"]

[policy]
approval = ["one person has approved", "an admin approves what loses commits"]  # all that apply

[policy.disapproval]         # a request for changes blocks until the same person approves
requires = { permissions = ["write"] }
sticky   = true              # nobody else's dismissal lifts it

# [commands]                 # comments such as `/approve 3f9c2ab`, `/hold`, `/reject why`
# enabled = true

# [policy.override]          # for emergencies, on the audit trail
# requires      = { count = 2, users = ["alice", "bob"], permissions = ["write"] }
# expires_after = "15m"
"""


def default_policy(*, settle_seconds: int = 0) -> str:
    """The text for a forge whose pages need so long to show a new revision."""
    return _TEXT.replace("{settle:<11}", f"{settle_seconds:<11}")


DEFAULT_POLICY = default_policy()
