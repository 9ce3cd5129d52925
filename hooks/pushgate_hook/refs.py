"""Ref names and ref updates: what may be named, and the patterns that settings name them by."""

# git needs room for `.lock` behind the last part of a name in its 255 bytes.
LONGEST_PART = 250
LONGEST_NAME = 1000

_REVIEW_BRANCHES = "refs/heads/pushgate"

_FORBIDDEN = frozenset(b" ~^:?*[\\\x7f") | frozenset(range(32))
_HEX = frozenset("0123456789abcdef")
_ONE_LEVEL = ""
_ANY_DEPTH = "/"


class Update:
    """One ref update as the client asked for it; `old` or `new` is all zeros for a create or a delete."""

    __slots__ = ("new", "old", "ref")

    def __init__(self, old: str, new: str, ref: str) -> None:
        self.old = old
        self.new = new
        self.ref = ref

    @property
    def is_create(self) -> bool:
        return not self.old.strip("0")

    @property
    def is_delete(self) -> bool:
        return not self.new.strip("0")

    @property
    def is_tag(self) -> bool:
        return self.ref.startswith("refs/tags/")


# A branch of such a name makes git ask which of two is meant, in every later command about the other.
_AMBIGUOUS = frozenset((b"HEAD", b"FETCH_HEAD", b"ORIG_HEAD", b"MERGE_HEAD"))


def parse_update(line: bytes) -> Update:
    """Read git's `<old> <new> <ref>`; bytes of the ref that are no UTF-8 become surrogate escapes."""
    old, _, rest = line.decode(errors="surrogateescape").partition(" ")
    new, _, ref = rest.partition(" ")
    if not (_is_oid(old) and _is_oid(new) and len(old) == len(new) and ref):
        raise ValueError("git sent a line that is no ref update")
    return Update(old, new, ref)


def ref_fault(ref: str) -> str | None:
    """Say what is wrong with a ref name, or None.

    receive-pack checks names only for the updates it carries out itself, not for those that it passes to
    proc-receive (git 2.39, builtin/receive-pack.c, update()). So the rules of git-check-ref-format are
    here, and with them the promise that a ref name is safe to use as a path.
    """
    name = ref.encode(errors="surrogateescape")
    if not _FORBIDDEN.isdisjoint(name) or b".." in name or b"@{" in name or name.endswith(b"."):
        return "git does not allow this name"
    parts = name.split(b"/")
    if parts[0] != b"refs" or len(parts) < 3:
        return "git does not allow this name"
    is_ambiguous = parts[2] == b"refs" or b"/".join(parts[2:]) in _AMBIGUOUS
    if parts[1] in (b"heads", b"tags") and is_ambiguous:
        return "git could take this short name for something else"
    if any(not part or part.startswith(b".") or part.endswith(b".lock") for part in parts):
        return "git does not allow this name"
    if any(len(part) > LONGEST_PART for part in parts) or len(name) > LONGEST_NAME:
        return f"it is longer than {LONGEST_PART} bytes between two slashes, or than {LONGEST_NAME} in all"
    return None if _is_utf8(ref) else "it is not UTF-8"


def is_review_branch(ref: str) -> bool:
    """Whether the gate itself shows held pushes under this name, or could not any more if it were taken."""
    return ref == _REVIEW_BRANCHES or ref.startswith(f"{_REVIEW_BRANCHES}/")


def matches(pattern: str, ref: str) -> bool:
    """Whether `ref` fits: `*` stands for anything within one level, `**` for anything at any depth.

    The time is linear in both lengths, whatever the pattern.
    """
    tokens = _tokens(pattern)
    places = _rest_may_be_empty(tokens, {0})
    for letter in ref:
        places = _rest_may_be_empty(tokens, _step(tokens, places, letter))
        if not places:
            return False
    return len(tokens) in places


def matches_any(patterns: list[str], ref: str) -> bool:
    return any(matches(pattern, ref) for pattern in patterns)


def _tokens(pattern: str) -> list[tuple[bool, str]]:
    tokens: list[tuple[bool, str]] = []
    for index, part in enumerate(pattern.split("**")):
        if index:
            tokens.append((True, _ANY_DEPTH))
        for position, letters in enumerate(part.split("*")):
            if position:
                tokens.append((True, _ONE_LEVEL))
            tokens.extend((False, letter) for letter in letters)
    return tokens


def _step(tokens: list[tuple[bool, str]], places: set[int], letter: str) -> set[int]:
    after = set()
    for place in places:
        if place == len(tokens):
            continue
        is_wild, token = tokens[place]
        if is_wild and (letter != "/" or token == _ANY_DEPTH):
            after.add(place)
        elif not is_wild and token == letter:
            after.add(place + 1)
    return after


def _rest_may_be_empty(tokens: list[tuple[bool, str]], places: set[int]) -> set[int]:
    reached = set(places)
    for place in places:
        while place < len(tokens) and tokens[place][0]:
            place += 1
            reached.add(place)
    return reached


def _is_oid(text: str) -> bool:
    return len(text) in (40, 64) and _HEX.issuperset(text)


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
