"""Commands that only look: what they say is data, and no rule but those about reading has to see them."""

from __future__ import annotations

from gate.domain.risk.commands.arguments import written
from gate.domain.risk.commands.git import git_of
from gate.domain.risk.view import Pipeline, Simple

_READERS = frozenset(
    "ls cat head tail less more wc grep egrep fgrep rg ag sort uniq cut tr nl tac rev column"
    " diff cmp comm file stat"
    " du df pwd cd echo printf true false : test [ [[ which type whereis basename dirname"
    " realpath readlink date"
    " uname whoami id hostname nproc uptime ps jq yq tree bat seq sleep expr md5sum sha1sum"
    " sha256sum cksum strings"
    " hexdump od xxd base64 fold fmt paste join env printenv locale lsb_release free getconf exa eza".split()
)
_GIT_READERS = frozenset(
    "status log diff show blame grep ls-files ls-tree ls-remote rev-parse rev-list describe shortlog cat-file"
    " diff-tree diff-files diff-index name-rev merge-base for-each-ref show-ref var"
    " count-objects whatchanged help"
    " version".split()
)
_SEARCH_ACTIONS = frozenset(
    "-exec -execdir -ok -okdir -delete -fprint -fprintf -fls -x -X --exec --exec-batch".split()
)


def is_read_only(pipeline: Pipeline) -> bool:
    """Whether nothing in it can change anything, whatever its words say."""
    return all(map(_reads, pipeline.commands)) and all(map(is_read_only, pipeline.fed_by))


def _reads(simple: Simple) -> bool:
    if written(simple) or simple.wrappers or simple.assignments or not simple.words:
        return False
    if "/dev/tcp/" in "".join(one.target for one in simple.redirects):
        return False
    name, words = simple.words[0], simple.words[1:]
    if name == "git":
        git = git_of(simple)
        is_plain = (
            git is not None
            and not git.settings
            and not any(w.startswith(("--output", "--ext-diff")) for w in words)
        )
        return is_plain and git is not None and git.verb in _GIT_READERS
    if name in ("find", "fd"):
        return not _SEARCH_ACTIONS.intersection(words)
    if name == "sed":
        return words[:1] == ("-n",) and not any(
            word.startswith(("-i", "--in-place")) or "w " in word for word in words
        )
    if name in ("date", "hostname") and any(not word.startswith("+") for word in words):
        return False
    if name == "rg" and any(word.startswith("--pre") for word in words):
        return False
    return name in _READERS and not (name == "base64" and {"-d", "-D", "--decode"}.intersection(words))
