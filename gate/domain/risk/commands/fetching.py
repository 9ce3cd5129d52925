"""C01 and C19: code that is run without ever being in the push."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator

from gate.domain.risk.commands.look import Hit, Look
from gate.domain.risk.commands.paths import is_in
from gate.domain.risk.commands.programs import (
    fetches,
    inline_code,
    is_fetcher,
    is_interpreter,
    is_python,
    runs_input,
    script,
)
from gate.domain.risk.model import Confidence, Rule, Severity
from gate.domain.risk.view import Pipeline, Simple

C01 = Rule(
    id="C01",
    name="run-download",
    severity=Severity.HIGH,
    why="Whoever controls the download decides what runs on the agent's host, and can decide anew each time.",
    check="Open the address, read what it serves, and ask why a package with a fixed version would not do.",
)
C19 = Rule(
    id="C19",
    name="inline-code",
    severity=Severity.LOW,
    why="Code on the command line, or behind an encoding, is in no file that anyone reviews.",
    check="Read the code in the log, and see whether it did more than what the task asked for.",
)
_LONGEST_CODE = 100_000
_DECODERS = re.compile(r"base64|base32|xxd|uudecode|basenc|openssl")
_RUNNING_CALLS = frozenset({"eval", "exec", "compile", "__import__"})
_DECODING = frozenset({"b64decode", "b32decode", "a85decode", "unhexlify", "fromhex", "decompress", "loads"})
_REACHING = frozenset(
    "subprocess socket urllib requests httpx http ftplib smtplib paramiko ctypes pty telnetlib shutil aiohttp"
    " multiprocessing marshal pickle".split()
)
_ACTING = frozenset(
    {"system", "popen", "remove", "unlink", "rmtree", "chmod", "kill", "spawn", "fork", "execv", "execve"}
)
_OTHER_CODE = re.compile(
    r"child_process|require\(['\"](?:node:)?(?:https?|net|dgram|tls)['\"]\)|\bfetch\("
    r"|\beval\s*\(|Function\s*\("
    r"|\bsystem\b|\bexec\b|\bunlink|rmSync|writeFile|Socket|LWP::|Net::HTTP|`[^`]+`"
)


def run_download(look: Look) -> Iterator[Hit]:
    """The output of a download goes to a shell or an interpreter, or a file that was downloaded is run."""
    commands = look.commands
    first = next((place for place, one in enumerate(commands) if is_fetcher(one)), None)
    fed = any(fetches(one) for one in look.pipeline.fed_by)
    for place, simple in enumerate(commands):
        is_fed = first is not None and place > first and runs_input(simple)
        if is_fed or (fed and _runs_substitution(simple)):
            yield Hit(Severity.HIGH, f"the output of a download was run by {_kind(simple)}")
        elif (path := script(simple)) and look.path(path) in look.past.fetched:
            yield Hit(Severity.HIGH, "a file that the session had downloaded was run")


def inline(look: Look) -> Iterator[Hit]:
    """Code on the command line that reaches outside of itself, and whatever is decoded and then run."""
    if _runs_decoded(look):
        yield Hit(Severity.HIGH, "something was decoded and then run")
    for simple in look.commands:
        code = inline_code(simple)
        if code and is_python(simple):
            yield from _python(code)
        elif code and _OTHER_CODE.search(code[:_LONGEST_CODE]):
            yield Hit(
                Severity.LOW, "code on the command line runs programs, changes files or uses the network"
            )
        path = look.path(script(simple)) if script(simple) else None
        if path in look.past.written and not is_in(path or "", (look.context.work, *look.context.roots[:1])):
            yield Hit(Severity.LOW, "a script that the session wrote outside of the work folder was run")


def not_parsed(look: Look) -> Iterator[Hit]:
    """A text that is no Bash. The other rules looked at a guess."""
    if not look.parsed.is_parsed and look.pipeline is look.parsed.pipelines[0]:
        yield Hit(Severity.INFO, "the command could not be taken apart for sure: the rules looked at a guess")


def _kind(simple: Simple) -> str:
    return "an interpreter" if is_interpreter(simple) and not simple.name.endswith("sh") else "a shell"


def _runs_substitution(simple: Simple) -> bool:
    """Whether a command runs what a substitution in it prints."""
    texts = [*simple.words[1:], *(one.target for one in simple.redirects), simple.stdin or ""]
    if simple.name in ("eval", "source", "."):
        return any(_has_substitution(text) for text in texts)
    if simple.words and simple.words[0].startswith(("$(", "`")):
        return True
    if not is_interpreter(simple):
        return False
    code = inline_code(simple)
    if code or not simple.name.endswith("sh"):
        return _has_substitution(code) or script(simple).startswith("<(")
    if runs_input(simple):
        return any(_has_substitution(text) for text in texts)
    given = [word for place, word in enumerate(simple.words[1:]) if _is_script_text(simple.words, place)]
    return any(_has_substitution(text) for text in given) or script(simple).startswith("<(")


def _is_script_text(words: tuple[str, ...], place: int) -> bool:
    """Whether the word after `place` options follows `-c`."""
    before = words[place]
    return before.startswith("-") and not before.startswith("--") and "c" in before


def _has_substitution(text: str) -> bool:
    return "$(" in text or "`" in text or "<(" in text


def _runs_decoded(look: Look) -> bool:
    commands = look.commands
    decoder = next((place for place, one in enumerate(commands) if _decodes(one)), None)
    for place, simple in enumerate(commands):
        if decoder is not None and place > decoder and runs_input(simple):
            return True
        if _runs_substitution(simple) and any(_has_decoder(one) for one in look.pipeline.fed_by):
            return True
        if script(simple) and look.path(script(simple)) in look.past.decoded:
            return True
    return False


def _decodes(simple: Simple) -> bool:
    if not _DECODERS.fullmatch(simple.name):
        return False
    return simple.name == "uudecode" or any(
        word in ("--decode", "enc") or (word[:1] == "-" and word[:2] != "--" and set(word) & set("dDr"))
        for word in simple.words[1:]
    )


def _has_decoder(pipeline: Pipeline) -> bool:
    return any(map(_decodes, pipeline.commands)) or any(map(_has_decoder, pipeline.fed_by))


def decodes(pipeline: Pipeline) -> bool:
    """Whether something is decoded in a pipeline."""
    return _has_decoder(pipeline)


def _python(code: str) -> Iterator[Hit]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # About the agent's code, such as an escape that is none.
            tree = ast.parse(code[:_LONGEST_CODE])
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        yield Hit(Severity.INFO, "Python on the command line could not be read", Confidence.POSSIBLE)
        return
    calls = {_called(node) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    if calls & _RUNNING_CALLS and calls & _DECODING:
        yield Hit(Severity.HIGH, "Python on the command line decoded something and ran it")
    elif calls & (_ACTING | _RUNNING_CALLS) or _imported(tree) & _REACHING:
        yield Hit(Severity.LOW, "Python on the command line runs programs, changes files or uses the network")


def _called(call: ast.Call) -> str:
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def _imported(tree: ast.AST) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").partition(".")[0])
    return found
