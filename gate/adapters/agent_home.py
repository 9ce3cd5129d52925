"""An agent's home folder on this machine, written by a shell that runs as the folder's owner.

The agent can put a symbolic link wherever it may write. So nothing is written there with more rights than
the agent's own, and what is written is one script that people can read first.
"""

from __future__ import annotations

import os
import pwd
import shlex
import subprocess
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from gate.domain.errors import Failed
from gate.services.ports.agent_home import HomeSetup

_SECONDS = 60

# Git calls it with the word `get`, `store` or `erase`, and with what it wants to reach on standard input:
# git-credential(1). It answers for the gate alone, and a claim is made of ids and of nothing else.
_HELPER = """\
#!/bin/sh
# Gives git the name and the token of {agent} at {url}, and to the name adds which
# Codex session asks: `{agent}+THREAD.SESSION.CALL`. Written by `python -m gate agent setup`.
set -eu
[ "${{1:-}}" = get ] || exit 0
protocol= host= path=
while IFS= read -r line && [ -n "$line" ]; do
    case $line in
    protocol=*) protocol=${{line#*=}} ;;
    host=*) host=${{line#*=}} ;;
    path=*) path=${{line#*=}} ;;
    esac
done
[ "$protocol" = {protocol} ] && [ "$host" = {host} ] || exit 0
case $path in
*..* | *%*) exit 0 ;;
{prefix}*) ;;
*) exit 0 ;;
esac
id() {{
    case $1 in
    '' | *[!A-Za-z0-9_-]* | [!A-Za-z0-9]*) ;;
    *) [ "${{#1}}" -gt 64 ] || printf %s "$1" ;;
    esac
}}
thread=$(id "${{CODEX_THREAD_ID:-}}")
session=$(id "${{CODEX_SESSION_ID:-}}")
call=$(id "${{CODEX_TOOL_CALL_ID:-}}")
name={agent}
if [ -n "$thread" ]; then
    name="$name+$thread"
    [ -z "$session$call" ] || name="$name.$session"
    [ -z "$call" ] || name="$name.$call"
fi
IFS= read -r token < {token_file}
printf 'username=%s\\npassword=%s\\n' "$name" "$token"
"""

_SCRIPT = """\
set -eu
umask 077
HOME={home}
export HOME
unset XDG_CONFIG_HOME GIT_CONFIG GIT_CONFIG_GLOBAL GIT_DIR || true
mkdir -p {folder}
cat > {token_file}.new <<'END_OF_TOKEN'
{token}
END_OF_TOKEN
mv -f {token_file}.new {token_file}
cat > {helper_file}.new <<'END_OF_HELPER'
{helper}END_OF_HELPER
chmod 700 {helper_file}.new
mv -f {helper_file}.new {helper_file}
# Written anew at the end: the empty helper takes away those before it, or git gives them the token to keep.
git config --global --remove-section {key} 2>/dev/null || true
git config --global --add {key}.helper ''
git config --global --add {key}.helper {git_helper}
git config --global {key}.useHttpPath true
"""


class LocalAgentHomes:
    """Implements `ports.agent_home.AgentHomes`."""

    def faults(self, home: str, folders: Sequence[str]) -> list[str]:
        faults = [fault for folder in dict.fromkeys((home, *folders)) if (fault := _folder_fault(folder))]
        return faults or _owner_faults(Path(home))

    def script(self, setup: HomeSetup) -> str:
        folder = f"{setup.home.rstrip('/')}/.config/pushgate"
        token_file, helper_file = f"{folder}/{setup.agent}.token", f"{folder}/{setup.agent}.credentials"
        url = f"{setup.url.rstrip('/')}/git"
        return _SCRIPT.format(
            home=shlex.quote(setup.home),
            folder=shlex.quote(folder),
            token=setup.token,
            token_file=shlex.quote(token_file),
            helper_file=shlex.quote(helper_file),
            helper=_helper(setup.agent, url, token_file),
            key=shlex.quote(f"credential.{url}"),
            # With `!` it is a command for the shell, so that the path may hold anything.
            git_helper=shlex.quote(f"!{shlex.quote(helper_file)}"),
        )

    def install(self, setup: HomeSetup) -> None:
        owner = Path(setup.home).stat()
        is_other = os.geteuid() == 0 and owner.st_uid != 0
        done = subprocess.run(
            ("/bin/sh", "-s"),
            input=self.script(setup).encode(),
            env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8"},
            cwd="/",
            capture_output=True,
            timeout=_SECONDS,
            check=False,
            user=owner.st_uid if is_other else None,
            group=owner.st_gid if is_other else None,
            extra_groups=[] if is_other else None,
        )
        if done.returncode != 0:
            said = done.stderr.decode(errors="backslashreplace").strip()
            raise Failed(
                f"setup of {setup.agent} in {setup.home}: {said or 'the shell failed'}. Run it again."
            )


def _helper(agent: str, url: str, token_file: str) -> str:
    parts = urlsplit(url)
    return _HELPER.format(
        agent=agent,
        url=url,
        protocol=shlex.quote(parts.scheme),
        host=shlex.quote(parts.netloc),
        prefix=shlex.quote(parts.path.removeprefix("/") + "/"),
        token_file=shlex.quote(token_file),
    )


def _folder_fault(folder: str) -> str | None:
    if not folder.startswith("/"):
        return f"{folder!r} is not absolute. Write the whole path, from /"
    if any(letter in folder for letter in "\n\r\0"):
        return f"{folder!r} has a line break in it"
    if not Path(folder).is_dir():
        return f"{folder} is not there, or is no folder, or cannot be seen from here"
    return None


def _owner_faults(home: Path) -> list[str]:
    owner = home.stat().st_uid
    if os.geteuid() in (0, owner):
        return []
    return [
        f"{home} belongs to {_user_name(owner)}. Run this as that user or as root, or take the script that "
        "--print shows there"
    ]


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"the user {uid}"
