"""Options and operands of a command."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gate.domain.risk.view import Simple

_WRITING = frozenset({">", ">>", ">|", "&>", "&>>", "<>", ">&"})
_COPYING = frozenset({"cp", "mv", "install", "ln", "rsync"})


@dataclass(frozen=True, slots=True)
class Arguments:
    """Options with their values, letters apart, and what is no option."""

    options: tuple[tuple[str, str], ...]
    operands: tuple[str, ...]

    def has(self, *names: str) -> bool:
        return any(name in names for name, _ in self.options)

    def values(self, *names: str) -> tuple[str, ...]:
        return tuple(value for name, value in self.options if name in names)

    def value(self, *names: str) -> str:
        """The last value, as most programs have it; empty without one."""
        return next(reversed(self.values(*names)), "")


def arguments(words: Iterable[str], valued: str = "") -> Arguments:
    """Take the words after a program's name apart. `valued` are the options that take the next word."""
    taking = frozenset(valued.split())
    options: list[tuple[str, str]] = []
    operands: list[str] = []
    rest = list(words)
    rest.reverse()
    while rest:
        word = rest.pop()
        if word == "--":
            operands.extend(reversed(rest))
            break
        if word.startswith("--"):
            name, equals, value = word.partition("=")
            if not equals and name in taking and rest:
                value = rest.pop()
            options.append((name, value))
        elif word.startswith("-") and len(word) > 1:
            options.extend(_letters(word, taking, rest))
        else:
            operands.append(word)
    return Arguments(tuple(options), tuple(operands))


def _letters(word: str, taking: frozenset[str], rest: list[str]) -> list[tuple[str, str]]:
    """`-rf` as `-r` and `-f`; the first letter that takes a value takes what is left of the word."""
    if word in taking:
        return [(word, rest.pop() if rest else "")]
    found: list[tuple[str, str]] = []
    for place, letter in enumerate(word[1:40], start=1):
        name = f"-{letter}"
        if name in taking:
            return [*found, (name, word[place + 1 :] or (rest.pop() if rest else ""))]
        found.append((name, ""))
    return found


def written(simple: Simple) -> tuple[str, ...]:
    """The words that name what a command writes to."""
    targets = [
        one.target for one in simple.redirects if one.operator in _WRITING and not _is_descriptor(one.target)
    ]
    words, name = simple.words[1:], simple.name
    plain = arguments(words, "-t --target-directory -o -m --mode -S").operands
    if name in ("tee", "touch", "sponge"):
        targets.extend(plain)
    elif name in _COPYING:
        chosen = arguments(words, "-t --target-directory -m --mode").value("-t", "--target-directory")
        targets.extend([chosen] if chosen else plain[-1:] if len(plain) > 1 else [])
    elif name in ("sed", "perl") and any(
        word.startswith(("-i", "--in-place", "-pi", "-ni")) for word in words
    ):
        parts = arguments(words, "-e -f --expression --file")
        has_script = parts.has("-e", "-f", "--expression", "--file")
        targets.extend(parts.operands if has_script else parts.operands[1:])
    elif name == "dd":
        targets.extend(word[3:] for word in words if word.startswith("of="))
    elif name == "truncate":
        targets.extend(arguments(words, "-s --size -r").operands)
    elif name == "curl":
        targets.extend(arguments(words, CURL_VALUES).values("-o", "--output"))
    elif name == "wget":
        targets.extend(arguments(words, WGET_VALUES).values("-O", "--output-document"))
    return tuple(target for target in targets if target)


def _is_descriptor(target: str) -> bool:
    return target.isdigit() or target in ("-", "/dev/null", "/dev/stdout", "/dev/stderr", "/dev/tty")


CURL_VALUES = (
    "-o --output -d --data --data-binary --data-raw --data-urlencode --json -F --form -T"
    " --upload-file -H --header -X"
    " --request -u --user -A --user-agent -e --referer -b --cookie -c --cookie-jar -m"
    " --max-time --connect-timeout"
    " --retry -x --proxy --cacert --cert --key -w --write-out -K --config --resolve -C --url --form-string"
    " --output-dir --retry-delay --retry-max-time -D --dump-header -E -r --range -y -Y -z"
)
WGET_VALUES = (
    "-O --output-document -o --output-file -P --directory-prefix --post-file --body-file"
    " --post-data --body-data"
    " --header --method -U --user-agent --user --password -t --tries -T --timeout -i --input-file -e -Q -w"
)
