"""What GitHub refuses of a push, in its words: git's proc-receive hook of every simulated repository.

It runs by itself with the standard library alone, decides per ref, and lets git do what it does not refuse.
https://git-scm.com/docs/githooks#proc-receive
"""

from __future__ import annotations

import json
import os
import subprocess
import sys

ZERO = "0" * 40


def main() -> None:
    options = _read()[0].partition("\0")[2].split()
    _write("version=1")
    _flush()
    commands = [line.split(" ", 2) for line in _read()]
    # A push that came past the server is the test's own, and free.
    rules = json.loads(os.environ.get("SIM_RULES", '{"default": null, "branches": {}, "workflows": true}'))
    verdicts = {ref: _refusal(rules, old, new, ref) for old, new, ref in commands}
    is_void = "atomic" in options and any(verdicts.values())
    for ref, refusal in verdicts.items():
        if refusal or is_void:
            _write(f"ng {ref} {refusal or 'atomic transaction failed'}")
        else:
            _write(f"ok {ref}")
            _write("option fall-through")
    _flush()


def _refusal(rules: dict[str, object], old: str, new: str, ref: str) -> str:
    """Why GitHub does not take this; empty where it does."""
    if ref.startswith("refs/pull/"):
        return "deny updating a hidden ref"
    branch = ref.removeprefix("refs/heads/")
    if new == ZERO and ref == f"refs/heads/{rules['default']}":
        return f"refusing to delete the current branch: {ref}"
    if ref.startswith("refs/heads/") and branch in rules["branches"]:  # type: ignore[operator]
        words = _protected(rules["branches"][branch], old, new)  # type: ignore[index]
        if words:
            print(f"error: GH006: Protected branch update failed for {ref}.", file=sys.stderr)
            print(f"error: {words}", file=sys.stderr)
            return "protected branch hook declined"
    return "" if rules["workflows"] or new == ZERO else _of_workflows(str(rules["pusher"]), new)


def _protected(rule: dict[str, object], old: str, new: str) -> str:
    if new == ZERO:
        return "Cannot delete this branch"
    if old != ZERO and _git("merge-base", "--is-ancestor", old, new) is None:
        return "Cannot force-push to this branch"
    if rule["reviews"]:
        return "Changes must be made through a pull request."
    missing = [one for one in rule["required"] if new not in rule["green"][one]]  # type: ignore[attr-defined,index]
    if len(missing) == 1:
        return f'Required status check "{missing[0]}" is expected.'
    return f"{len(missing)} of {len(missing)} required status checks are expected." if missing else ""


def _of_workflows(pusher: str, new: str) -> str:
    folder = ".github/workflows"
    commits = _git("rev-list", new, "--not", "--all", "--", folder) or ""
    for commit in commits.split():
        names = _git("diff-tree", "--no-commit-id", "--name-only", "-r", "--root", "-m", commit, "--", folder)
        if names:
            words = f"refusing to allow {pusher} to create or update workflow `{names.splitlines()[0]}`"
            scope = "`workflow` scope" if "Token" in pusher else "`workflows` permission"
            return f"{words} without {scope}"
    return ""


def _git(*arguments: str) -> str | None:
    done = subprocess.run(("git", *arguments), capture_output=True, text=True, check=False)
    return done.stdout if done.returncode == 0 else None


def _read() -> list[str]:
    """Lines up to the next flush packet."""
    lines = []
    while (size := int(sys.stdin.buffer.read(4) or b"0000", 16)) > 0:
        lines.append(sys.stdin.buffer.read(size - 4).decode(errors="surrogateescape").rstrip("\n"))
    return lines


def _write(text: str) -> None:
    data = text.encode(errors="surrogateescape")
    sys.stdout.buffer.write(b"%04x" % (len(data) + 4) + data)


def _flush() -> None:
    sys.stdout.buffer.write(b"0000")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
