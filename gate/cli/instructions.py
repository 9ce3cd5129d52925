"""What AGENTS.md tells a coding agent about pushing to a repository behind the gate."""

from __future__ import annotations

_HELD = {
    "hold": "`git push` ends with `! [remote rejected] … (held for review as N)` and exit code 1. That is\n"
    "  the expected answer and no error: upstream has not moved, and your push is safe.",
    "accept": "`git push` succeeds and names the hold (`refs/held/N`). Upstream has not moved yet.",
}


def block(repository: str, url: str, reply: str) -> str:
    """The block, in Markdown. It repeats what the gate's answers say, so that no answer surprises."""
    return f"""\
## Pushing

Pushes to this repository go through a review gate ({url}). Push as usual; every push is held until people
have approved it.

- {_HELD[reply]}
- Do not push the same commits again, do not force, do not look for another remote or another way: it
  changes nothing. Go on with other work, or finish and say in your last message that the push waits for a
  review, with the address that the gate printed.
- To change what is held, commit and push to the same branch again: it becomes the same hold's next revision.
- When the gate's answer lists what reviewers ask for, do that first and push again.
- When it says that upstream has moved: `git fetch origin`, rebase onto the branch, run the tests, push again.
- When it says that a push was refused, it names every reason and its fix. Do what the fix says, once. If that
  is not possible within your task, stop and report it.
- Never change git's configuration, remotes or hooks to get around the gate.
- After a release, `git fetch origin` shows your commits on {repository}'s branch.
"""
