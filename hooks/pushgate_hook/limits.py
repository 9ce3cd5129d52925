"""The sizes of a push: incoming bytes, the largest file, the number of changed files."""

import posix

from pushgate_hook.git import Git, empty_tree
from pushgate_hook.refs import Update

_MOST_FILES = 500
# The most that zlib makes of one byte (https://zlib.net/zlib_tech.html).
_MOST_INFLATED = 1032


class LargeFile:
    """A file over the limit. `path` is None when only git's object name is known."""

    __slots__ = ("oid", "path", "size")

    def __init__(self, oid: str, size: int, path: str | None) -> None:
        self.oid = oid
        self.size = size
        self.path = path


def incoming_size() -> int:
    """The bytes of the objects that came with this push, as git stored them for now."""
    folder = posix.environ.get(b"GIT_QUARANTINE_PATH")
    return _size(folder) if folder else 0


def can_bring(limit: int) -> bool:
    """Whether a file of more than `limit` bytes may be among the incoming objects.

    No, where they are few: git then stores each by itself, deflated, and no delta makes more of them. So an
    ordinary push is spared the walk over its objects, and with it a git to wait for.
    """
    folder = posix.environ.get(b"GIT_QUARANTINE_PATH")
    if not folder or posix.listdir(folder + b"/pack"):
        return True
    size = _size(folder)
    return size == 0 or size * _MOST_INFLATED > limit


def large_files(git: Git, tips: list[str], limit: int) -> list[LargeFile]:
    """Files of more than `limit` bytes that no branch or tag has yet, the largest first; at most 500.

    Held refs do not count as known: an unreviewed push must not carry a file past the limit for the next one.
    """
    # git omits the blobs of the given size and above, and says so with a `~` before their names.
    arguments = ("rev-list", "--objects", f"--filter=blob:limit={limit + 1}", "--filter-provided-objects")
    output = git.run(
        *arguments, "--filter-print-omitted", "--stdin", "--not", "--branches", "--tags", stdin=_lines(tips)
    )
    oids = [line[1:].decode() for line in output.split(b"\n") if line.startswith(b"~")]
    # cat-file answers while it is still being asked: more than a pipe holds would block both sides.
    oids = oids[:_MOST_FILES]
    return _with_sizes_and_paths(git, tips, oids) if oids else []


class Change:
    """What a push changes: the trees, or commits, between which it stands."""

    __slots__ = ("base", "new")

    def __init__(self, base: str, new: str) -> None:
        self.base = base
        self.new = new


def change_of(git: Git, update: Update) -> Change | None:
    """From where the tip left its branch, or the default one if it is new; None for what is no commit."""
    other = "HEAD" if update.is_create else update.old
    # Status 1: no common history. Status 128: a tag of something else than a commit, or no HEAD yet.
    bases = git.run("merge-base", other, update.new, expected=(0, 1, 128)).decode().split()
    tree = git.run("rev-parse", "-q", "--verify", f"{update.new}^{{tree}}", expected=(0, 1)).decode().strip()
    if not tree:
        return None
    return Change(bases[0] if bases else empty_tree(update.new), tree)


def paths_of(git: Git, change: Change, pathspecs: list[str] | None = None) -> list[bytes]:
    """The files that differ, all of them or those that the pathspecs match; a moved file is two."""
    arguments = ("diff-tree", "-r", "--no-renames", "--name-only", "-z", change.base, change.new, "--")
    return git.run(*arguments, *(pathspecs or [])).split(b"\0")[:-1]


def lines_of(git: Git, change: Change) -> int:
    """How many lines are added and removed in all; a binary file has none."""
    arguments = ("diff-tree", "-r", "--no-renames", "--numstat", "-z", change.base, change.new, "--")
    counts = (entry.split(b"\t", 2)[:2] for entry in git.run(*arguments).split(b"\0")[:-1])
    return sum(int(number) for pair in counts for number in pair if number != b"-")


def changed_files(git: Git, update: Update) -> int:
    """How many files a push changes; what is no commit counts as one."""
    change = change_of(git, update)
    return 1 if change is None else len(paths_of(git, change))


def _with_sizes_and_paths(git: Git, tips: list[str], oids: list[str]) -> list[LargeFile]:
    listing = git.run("rev-list", "--objects", "--stdin", "--not", "--branches", "--tags", stdin=_lines(tips))
    paths = dict(line.decode(errors="backslashreplace").partition(" ")[::2] for line in listing.split(b"\n"))
    sizes = git.run("cat-file", "--batch-check=%(objectname) %(objectsize)", stdin=_lines(oids))
    pairs = (line.split() for line in sizes.decode().splitlines())
    found = [LargeFile(oid, int(size), paths.get(oid) or None) for oid, size in pairs]
    return sorted(found, key=lambda file: -file.size)


def _lines(oids: list[str]) -> bytes:
    return "".join(f"{oid}\n" for oid in oids).encode()


def _size(folder: bytes) -> int:
    total = 0
    with posix.scandir(folder) as entries:
        for entry in entries:
            is_folder = entry.is_dir(follow_symlinks=False)
            total += _size(entry.path) if is_folder else entry.stat(follow_symlinks=False).st_size
    return total
