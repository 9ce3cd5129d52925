"""Programs that run another: what is left of a command when they are taken off, and texts for a shell."""

from __future__ import annotations

from dataclasses import dataclass, replace

from gate.domain.risk.view import Simple

SHELLS = frozenset({"sh", "bash", "zsh", "dash", "ksh", "mksh", "ash", "fish"})
_MOST_WRAPPERS = 12


@dataclass(frozen=True, slots=True)
class _Wrapper:
    """How a program names the command it runs: after its options, of which `valued` take the next word,
    and after `skip` further words. `queries` are options with which it runs nothing.
    """

    valued: frozenset[str] = frozenset()
    skip: int = 0
    queries: frozenset[str] = frozenset()
    is_exact: bool = True


def _wrapper(valued: str = "", skip: int = 0, queries: str = "", is_exact: bool = True) -> _Wrapper:
    return _Wrapper(frozenset(valued.split()), skip, frozenset(queries.split()), is_exact)


_SUDO = "-u --user -g --group -h --host -p --prompt -C --close-from -r --role -t --type -T -U -D --chdir -R"
_WRAPPERS = {
    "sudo": _wrapper(_SUDO, queries="-l --list -v --validate -k -K -V --version"),
    "doas": _wrapper("-u -C"),
    "pkexec": _wrapper("--user"),
    "runuser": _wrapper("-u --user -g --group -G --supp-group -w"),
    "env": _wrapper("-u --unset -C --chdir -S --split-string"),
    "nohup": _wrapper(),
    "setsid": _wrapper(),
    "time": _wrapper("-f --format -o --output"),
    "nice": _wrapper("-n --adjustment"),
    "ionice": _wrapper("-c --class -n --classdata -p --pid"),
    "chrt": _wrapper(skip=1),
    "taskset": _wrapper(skip=1),
    "timeout": _wrapper("-k --kill-after -s --signal", skip=1),
    "gtimeout": _wrapper("-k --kill-after -s --signal", skip=1),
    "stdbuf": _wrapper("-i -o -e --input --output --error"),
    "xargs": _wrapper(
        "-I -L -n -P -s -d -a -E --max-args --max-procs --delimiter --arg-file", is_exact=False
    ),
    "parallel": _wrapper("-j --jobs -a --arg-file", is_exact=False),
    "command": _wrapper(queries="-v -V"),
    "builtin": _wrapper(),
    "exec": _wrapper("-a"),
    "coproc": _wrapper(),
    "busybox": _wrapper(),
    "strace": _wrapper("-e -o -p -s -u -E -a"),
    "flock": _wrapper("-w --timeout -E", skip=1),
    "chroot": _wrapper(skip=1),
    "nsenter": _wrapper("-t --target -S -G --setuid --setgid"),
    "unshare": _wrapper("-S -G --setuid --setgid"),
    "caffeinate": _wrapper("-t -w"),
    "unbuffer": _wrapper(),
    "xvfb-run": _wrapper("-e -f -n -s -p -w --server-args --server-num"),
    "chronic": _wrapper(),
    "dumb-init": _wrapper(),
    "direnv": _wrapper(skip=2),
    "dotenv": _wrapper("-e -f"),
    "npx": _wrapper("-p --package -w --workspace"),
}
_RUNNERS = {
    "uv": "run",
    "poetry": "run",
    "pipenv": "run",
    "pdm": "run",
    "hatch": "run",
    "rye": "run",
    "conda": "run",
    "mamba": "run",
    "bundle": "exec",
}
_RUNNER_VALUES = frozenset(
    "--with --with-requirements --python -p --extra --group --directory --project --package"
    " --env-file -C -P -n --name --prefix --cwd".split()
)
_SSH_VALUES = frozenset("-b -B -c -D -E -e -F -I -i -J -L -l -m -O -o -p -Q -R -S -W -w".split())
_SHELL_VALUES = frozenset({"-o", "+o", "-O", "+O", "--rcfile", "--init-file"})
_WATCH_VALUES = frozenset({"-n", "--interval"})


@dataclass(frozen=True, slots=True)
class Unwrapped:
    """A command without its wrappers, texts that it gives to a shell, and commands that it runs besides."""

    simple: Simple
    scripts: tuple[str, ...] = ()
    others: tuple[Simple, ...] = ()


def unwrap(simple: Simple) -> Unwrapped:
    """Take wrappers off until none is left."""
    scripts: list[str] = []
    for _ in range(_MOST_WRAPPERS):
        inner = _runner(simple) if simple.name in _RUNNERS else _step(simple, scripts)
        if inner is None:
            break
        simple = inner
    script = _script(simple)
    if script is not None:
        scripts.append(script)
    return Unwrapped(simple, tuple(scripts), _found(simple))


def reads_script(simple: Simple) -> bool:
    """Whether it is a shell that takes what it runs from its standard input."""
    if simple.name == "ssh":
        return not _after_host(simple)
    return simple.name in SHELLS and _shell_words(simple.words[1:]) in ([], ["-"])


def _step(simple: Simple, scripts: list[str]) -> Simple | None:
    wrapper = _WRAPPERS.get(simple.name)
    if simple.name == "ssh":
        return _remote(simple)
    if wrapper is None:
        return None
    rest = list(simple.words[1:])
    while rest and rest[0].startswith("-") and rest[0] != "-":
        option = rest.pop(0)
        if option == "--":
            break
        if option in wrapper.queries:
            return None
        if option in ("-S", "--split-string") and rest and simple.name == "env":
            scripts.append(" ".join(rest))
            return None
        if option in wrapper.valued and rest:
            rest.pop(0)
    assignments = list(simple.assignments)
    while rest and simple.name in ("env", "sudo", "doas") and _is_assignment(rest[0]):
        name, _, value = rest.pop(0).partition("=")
        assignments.append((name, value))
    rest = rest[wrapper.skip :]
    if not rest:
        return None
    return replace(
        simple,
        words=tuple(rest),
        assignments=tuple(assignments),
        wrappers=(*simple.wrappers, simple.name),
        is_exact=simple.is_exact and wrapper.is_exact,
    )


def _runner(simple: Simple) -> Simple | None:
    """`uv run`, `poetry run` and their like, which only choose an environment."""
    words = simple.words
    if len(words) < 3 or words[1] != _RUNNERS[simple.name]:
        return None
    rest = list(words[2:])
    while rest and rest[0].startswith("-"):
        option = rest.pop(0)
        if option in _RUNNER_VALUES and rest:
            rest.pop(0)
    if not rest:
        return None
    return replace(simple, words=tuple(rest), wrappers=(*simple.wrappers, simple.name))


def _remote(simple: Simple) -> Simple | None:
    """What `ssh host` runs, where it is one plain word or more: the far shell takes them apart again."""
    rest = _after_host(simple)
    if len(rest) > 1 and not any(set(word) & set(" ;|&<>$`(){}*\n'\"\\") for word in rest):
        return replace(simple, words=tuple(rest), wrappers=(*simple.wrappers, "ssh"))
    if len(rest) == 1 and rest[0] in SHELLS:
        return replace(simple, words=tuple(rest), wrappers=(*simple.wrappers, "ssh"))
    return None


def _after_host(simple: Simple) -> list[str]:
    rest = list(simple.words[1:])
    while rest and rest[0].startswith("-"):
        option = rest.pop(0)
        if option in _SSH_VALUES and rest:
            rest.pop(0)
    return rest[1:]


def _script(simple: Simple) -> str | None:
    """The text that a command gives to a shell, if any."""
    name, words = simple.name, simple.words[1:]
    if name in SHELLS:
        return _shell_script(words) or (simple.stdin if reads_script(simple) else None)
    if name == "ssh":
        return " ".join(_after_host(simple)) or simple.stdin
    if name == "eval":
        return " ".join(words)
    if name == "watch":
        rest = list(words)
        while rest and rest[0].startswith("-"):
            if rest.pop(0) in _WATCH_VALUES and rest:
                rest.pop(0)
        return " ".join(rest)
    if name == "trap":
        return words[0] if len(words) > 1 and not words[0].startswith("-") else None
    if name in ("su", "runuser", "script", "flock"):
        return _option_text(words)
    return None


def _shell_script(words: tuple[str, ...]) -> str | None:
    rest = list(words)
    has_command = False
    while rest and rest[0][:1] in ("-", "+") and len(rest[0]) > 1:
        option = rest.pop(0)
        if option in _SHELL_VALUES and rest:
            rest.pop(0)
        has_command = has_command or (not option.startswith("--") and option[0] == "-" and "c" in option)
        if option == "--":
            break
    return rest[0] if has_command and rest else None


def _shell_words(words: tuple[str, ...]) -> list[str]:
    """What is left without the options: a script's path and its arguments, or nothing. `-s` reads stdin."""
    rest = list(words)
    while rest and rest[0][:1] in ("-", "+") and len(rest[0]) > 1:
        option = rest.pop(0)
        if option in _SHELL_VALUES and rest:
            rest.pop(0)
        if option[:2] != "--" and "s" in option and option not in _SHELL_VALUES:
            return []
    return rest


def _option_text(words: tuple[str, ...]) -> str | None:
    """The value of `-c`, also as the last of some letters, `-qc`."""
    for place, option in enumerate(words[:-1]):
        if option == "--command" or (option[:1] == "-" and option[1:2] != "-" and option.endswith("c")):
            return words[place + 1]
    return None


def _found(simple: Simple) -> tuple[Simple, ...]:
    """The commands that `find` runs on what it finds."""
    if simple.name not in ("find", "fd", "fdfind"):
        return ()
    found: list[Simple] = []
    words = list(simple.words)
    while words:
        word = words.pop(0)
        if word not in ("-exec", "-execdir", "-ok", "-okdir", "-x", "-X", "--exec", "--exec-batch"):
            continue
        end = next((place for place, one in enumerate(words) if one in (";", "+", "\\;")), len(words))
        if words[:end]:
            wrappers = (*simple.wrappers, simple.name)
            found.append(
                replace(simple, words=tuple(words[:end]), wrappers=wrappers, is_exact=False, stdin=None)
            )
        words = words[end + 1 :]
    return tuple(found)


def _is_assignment(word: str) -> bool:
    name, equals, _ = word.partition("=")
    return bool(equals) and name.replace("_", "a").isalnum() and not name[:1].isdigit()
