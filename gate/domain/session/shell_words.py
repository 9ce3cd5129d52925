"""The simple commands of a shell command, as words without their quotes: enough to know a program by.

No shell: what an expansion would give is not known, and a word keeps it as it is written. The risk rules
have a true parser; this one only tells what was run from what was merely named.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

Words = tuple[str, ...]

# Longer commands write files from a heredoc; what they run stands at the start.
_MOST_CHARACTERS = 1 << 16
_MOST_DEPTH = 6
_BLANK = " \t\r"
_OPERATOR = re.compile(r"&&|\|\||\|&|;;&?|;&|[;&|()\n]")
_REDIRECT = re.compile(r"\d*(?:<<<|<<-?|<&|<>|<|>>|>&|>\||>|&>>|&>)")
_PLAIN = re.compile(r"[^ \t\r\n\\'\"`$#;&|()<>0-9]+|\d+(?![<>])|\d")
_PLAIN_IN_QUOTES = re.compile(r"[^\\`$\"]+|\$(?!\()")
_FD = re.compile(r"&?\d+-?|-")
_HEREDOC = re.compile(r"<<(-?)[ \t]*(['\"]?)([^\s'\"<>|;&()]+)\2")
_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\+?=")
_RESERVED = frozenset("if then else elif do while until ! { time".split())
# What follows these are names and patterns, never a program.
_NO_COMMANDS = frozenset("for case select function in [[ (( }".split())
_SHELLS = frozenset("sh bash dash zsh ksh ash fish".split())


@dataclass(frozen=True, slots=True)
class _Wrapper:
    """A program that runs another: its options that take a value, and how many words of its own follow."""

    with_value: frozenset[str] = frozenset()
    own_words: int = 0
    subcommand: frozenset[str] = frozenset()


def _wrapper(with_value: str = "", own_words: int = 0, subcommand: str = "") -> _Wrapper:
    return _Wrapper(frozenset(with_value.split()), own_words, frozenset(subcommand.split()))


_UV_VALUES = (
    "--with --with-editable --with-requirements --extra --group --only-group --env-file -p --python "
    "--project --directory --package --index --index-url -i --extra-index-url -w"
)
_WRAPPERS = {
    "env": _wrapper("-u --unset -C --chdir -S --split-string"),
    "sudo": _wrapper("-u --user -g --group -h --host -C -D --chdir -p --prompt"),
    "doas": _wrapper("-u -C"),
    "timeout": _wrapper("-s --signal -k --kill-after", own_words=1),
    "gtimeout": _wrapper("-s --signal -k --kill-after", own_words=1),
    "nice": _wrapper("-n --adjustment"),
    "ionice": _wrapper("-c -n -p"),
    "nohup": _wrapper(),
    "setsid": _wrapper(),
    "stdbuf": _wrapper("-i -o -e"),
    "unbuffer": _wrapper(),
    "runuser": _wrapper("-u --user -g --group -G --supp-group -w"),
    "flock": _wrapper("-w --timeout -E", own_words=1),
    "busybox": _wrapper(),
    "chroot": _wrapper(own_words=1),
    "strace": _wrapper("-e -o -p -s -u -E -a"),
    "taskset": _wrapper(own_words=1),
    "caffeinate": _wrapper("-t -w"),
    "exec": _wrapper("-a"),
    "command": _wrapper(),
    "builtin": _wrapper(),
    "time": _wrapper("-f --format -o --output"),
    "xvfb-run": _wrapper("-e -f -n -s -p -w --server-args --server-num"),
    "xargs": _wrapper("-a -d -E -I -L -n -P -s"),
    "chronic": _wrapper(),
    "dotenv": _wrapper("-e -f"),
    "uv": _wrapper(_UV_VALUES, subcommand="run"),
    "uvx": _wrapper(_UV_VALUES + " --from"),
    "pipx": _wrapper("--spec --python", subcommand="run"),
    "poetry": _wrapper("-C --directory -P --project", subcommand="run"),
    "pipenv": _wrapper(subcommand="run"),
    "pdm": _wrapper("-p --project", subcommand="run"),
    "rye": _wrapper(subcommand="run"),
    "hatch": _wrapper("-e --env", subcommand="run"),
    "conda": _wrapper("-n --name -p --prefix --cwd", subcommand="run"),
    "mamba": _wrapper("-n --name -p --prefix --cwd", subcommand="run"),
    "npx": _wrapper("-p --package -w --workspace"),
    "bunx": _wrapper("-p --package"),
    "bundle": _wrapper("--gemfile", subcommand="exec"),
    "direnv": _wrapper(own_words=1, subcommand="exec"),
    "dumb-init": _wrapper(),
}
_NAME_OF_PACKAGE_TOOL = frozenset("npm pnpm yarn".split())
_PACKAGE_TOOL = _wrapper("-C --dir --prefix --filter -F -w --workspace --cwd", subcommand="exec dlx x")


def simple_commands(text: str) -> tuple[Words, ...]:
    """Every simple command in `text`: of lists, pipes, loops, substitutions, `bash -c`, and behind wrappers
    such as `env`, `timeout` or `uv run`. Assignments and redirects are left out.
    """
    return tuple(_commands(text[:_MOST_CHARACTERS], 0))


def program(words: Sequence[str]) -> str:
    """The name of the program, without its folder."""
    return words[0].rpartition("/")[2] if words else ""


def positionals(words: Sequence[str], with_value: frozenset[str] = frozenset()) -> Iterator[str]:
    """The words after the program that are neither options nor values of the options named."""
    rest = iter(words[1:])
    for word in rest:
        if word in with_value:
            next(rest, None)
        elif not word.startswith("-"):
            yield word


def runs_git_push(text: str) -> bool:
    """Whether a shell command runs `git push`."""
    return any(_is_git_push(words) for words in simple_commands(text))


_GIT_VALUES = frozenset("-C -c --git-dir --work-tree --namespace --exec-path --config-env".split())


def _is_git_push(words: Words) -> bool:
    return program(words) == "git" and next(positionals(words, _GIT_VALUES), "") == "push"


def _commands(text: str, depth: int) -> Iterator[Words]:
    if depth > _MOST_DEPTH:
        return
    scan = _Scan(text)
    scan.run()
    for words in scan.commands:
        yield from _unwrapped(words, depth)
    for inner in scan.inner:
        yield from _commands(inner, depth + 1)


def _unwrapped(words: Sequence[str], depth: int) -> Iterator[Words]:
    rest = list(words)
    while rest and (rest[0] in _RESERVED or _ASSIGNMENT.match(rest[0])):
        del rest[0]
    if not rest or rest[0] in _NO_COMMANDS:
        return
    name = program(rest)
    if name in _SHELLS or name == "eval":
        script = " ".join(rest[1:]) if name == "eval" else _script_of(rest)
        if script is not None:
            yield from _commands(script, depth + 1)
            return
    inner = _inside(name, rest) if depth <= _MOST_DEPTH else None
    if inner is None:
        yield tuple(rest)
    elif inner:
        yield from _unwrapped(inner, depth + 1)


def _script_of(words: Sequence[str]) -> str | None:
    """The text after `-c`, which may stand among other letters: `bash -lc`."""
    for place, word in enumerate(words[1:], 1):
        if word.startswith("-") and not word.startswith("--") and "c" in word:
            return words[place + 1] if place + 1 < len(words) else ""
        if not word.startswith(("-", "+")):
            return None
    return None


def _inside(name: str, words: Sequence[str]) -> list[str] | None:
    """The command that a wrapper runs; None where `words` is no wrapper, or none that runs something."""
    wrapper = _PACKAGE_TOOL if name in _NAME_OF_PACKAGE_TOOL else _WRAPPERS.get(name)
    if wrapper is None:
        return None
    rest = list(words[1:])
    if wrapper.subcommand:
        rest = _skip_options(rest, wrapper)
        if not rest or rest[0] not in wrapper.subcommand:
            return None
        del rest[0]
    if name == "env" and rest[:1] in (["-S"], ["--split-string"]):
        return " ".join(rest[1:]).split()
    rest = _skip_options(rest, wrapper)
    if name == "env":
        while rest and _ASSIGNMENT.match(rest[0]):
            del rest[0]
    return rest[wrapper.own_words :]


def _skip_options(words: list[str], wrapper: _Wrapper) -> list[str]:
    place = 0
    while place < len(words) and words[place].startswith("-") and words[place] != "-":
        if words[place] == "--":
            return words[place + 1 :]
        place += 2 if words[place] in wrapper.with_value else 1
    return words[place:]


@dataclass(slots=True)
class _Scan:
    """One pass over a command's text. `inner` are the texts of substitutions, to be scanned in their turn."""

    text: str
    commands: list[list[str]] = field(default_factory=list)
    inner: list[str] = field(default_factory=list)
    _at: int = 0
    _words: list[str] = field(default_factory=list)
    _word: list[str] | None = None
    _skips_word: bool = False
    _heredocs: list[tuple[str, bool]] = field(default_factory=list)

    def run(self) -> None:
        while self._at < len(self.text):
            self._step(self.text[self._at])
        self._end_command()

    def _step(self, char: str) -> None:
        if char in _BLANK:
            self._end_word()
            self._at += 1
        elif char == "\\":
            self._escape()
        elif char in "'\"`$":
            self._quoted(char)
        elif char == "#" and self._word is None:
            end = self.text.find("\n", self._at)
            self._at = len(self.text) if end < 0 else end
        elif self._redirect() or self._operator() or self._add_run(_PLAIN):
            return
        else:
            self._add(char)
            self._at += 1

    def _add_run(self, run: re.Pattern[str]) -> bool:
        """Take as much as needs no closer look; one character at a time is slow in a long text."""
        found = run.match(self.text, self._at)
        if found is None:
            return False
        self._add(found[0])
        self._at = found.end()
        return True

    def _add(self, text: str) -> None:
        if self._word is None:
            self._word = []
        self._word.append(text)

    def _escape(self) -> None:
        following = self.text[self._at + 1 : self._at + 2]
        if following != "\n":
            self._add(following)
        self._at += 2

    def _quoted(self, char: str) -> None:
        if char == "'":
            self._single(self._at + 1)
        elif char == '"':
            self._double()
        elif char == "`":
            end = _closing(self.text, self._at + 1, "`")
            self._substitution(self.text[self._at + 1 : end], self.text[self._at : end + 1], end + 1)
        elif self.text.startswith("$'", self._at):
            self._single(self._at + 2, escapes=True)
        elif self.text.startswith("$(", self._at):
            end = _closing_bracket(self.text, self._at + 2)
            self._substitution(self.text[self._at + 2 : end], self.text[self._at : end + 1], end + 1)
        else:
            self._add("$")
            self._at += 1

    def _substitution(self, inner: str, written: str, after: int) -> None:
        self.inner.append(inner)
        self._add(written)
        self._at = after

    def _single(self, start: int, *, escapes: bool = False) -> None:
        end = _closing(self.text, start, "'") if escapes else self.text.find("'", start)
        end = len(self.text) if end < 0 else end
        self._add(self.text[start:end])
        self._at = end + 1

    def _double(self) -> None:
        self._add("")
        self._at += 1
        while self._at < len(self.text) and self.text[self._at] != '"':
            char = self.text[self._at]
            if char == "\\":
                self._escape()
            elif char == "`" or self.text.startswith("$(", self._at):
                self._quoted(char)
            else:
                self._add_run(_PLAIN_IN_QUOTES)
        self._at += 1

    def _redirect(self) -> bool:
        found = _REDIRECT.match(self.text, self._at)
        if found is None or (self._word is not None and found[0][0].isdigit()):
            return False
        if found[0] in ("<", ">") and self.text.startswith("(", found.end()):
            end = _closing_bracket(self.text, found.end() + 1)
            self._substitution(self.text[found.end() + 1 : end], self.text[self._at : end + 1], end + 1)
            return True
        self._end_word()
        heredoc = _HEREDOC.match(self.text, self._at)
        if heredoc and found[0] in ("<<", "<<-"):
            self._heredocs.append((heredoc[3], heredoc[1] == "-"))
            self._at = heredoc.end()
            return True
        fd = _FD.match(self.text, found.end()) if found[0].endswith("&") else None
        self._at = fd.end() if fd else found.end()
        self._skips_word = fd is None
        return True

    def _operator(self) -> bool:
        found = _OPERATOR.match(self.text, self._at)
        if found is None:
            return False
        self._end_command()
        self._at = found.end()
        if found[0] == "\n":
            self._skip_heredocs()
        return True

    def _skip_heredocs(self) -> None:
        for end, takes_tabs in self._heredocs:
            while self._at < len(self.text):
                newline = self.text.find("\n", self._at)
                stop = len(self.text) if newline < 0 else newline
                line = self.text[self._at : stop]
                self._at = stop + 1
                if (line.lstrip("\t") if takes_tabs else line) == end:
                    break
        self._heredocs.clear()

    def _end_word(self) -> None:
        if self._word is not None and not self._skips_word:
            self._words.append("".join(self._word))
        if self._word is not None:
            self._skips_word = False
        self._word = None

    def _end_command(self) -> None:
        self._end_word()
        self._skips_word = False
        if self._words:
            self.commands.append(self._words)
            self._words = []


def _closing(text: str, start: int, mark: str) -> int:
    """Where `mark` stands next without a backslash before it; the end of the text where it does not."""
    at = start
    while at < len(text):
        if text[at] == "\\":
            at += 1
        elif text[at] == mark:
            return at
        at += 1
    return len(text)


def _closing_bracket(text: str, start: int) -> int:
    """Where the bracket before `start` is closed, past quotes and brackets within."""
    depth, at = 1, start
    while at < len(text):
        char = text[at]
        if char == "\\":
            at += 1
        elif char == "'":
            end = text.find("'", at + 1)
            at = len(text) if end < 0 else end
        elif char == '"':
            at = _closing(text, at + 1, '"')
        elif char in "()":
            depth += 1 if char == "(" else -1
            if depth == 0:
                return at
        at += 1
    return len(text)
