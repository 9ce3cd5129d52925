"""D28, D29: code that runs what it was given as text, or what it fetched."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator

from gate.domain.risk.diff.look import FileLook, FileRule, Hit
from gate.domain.risk.diff.patterns import any_of
from gate.domain.risk.diff.python_syntax import argument, called, calls, original_names, parsed
from gate.domain.risk.model import Confidence, Rule, Severity
from gate.domain.risk.path_class import is_code
from gate.domain.risk.view import Line, PathClass

D28 = Rule(
    id="D28",
    name="dynamic-exec",
    severity=Severity.MEDIUM,
    why="Text becomes code here, so whoever can write the text can run anything.",
    check="See where the text comes from, and whether it can be had without.",
)
D29 = Rule(
    id="D29",
    name="fetch-and-run",
    severity=Severity.HIGH,
    why="Whatever the other side sends is run, today and every time after.",
    check="See what is fetched, and pin it by a version and a hash.",
)

_DANGEROUS = frozenset(
    "eval exec compile __import__ builtins.eval builtins.exec os.system os.popen commands.getoutput"
    " subprocess.getoutput subprocess.getstatusoutput pickle.load pickle.loads pickle.Unpickler"
    " cPickle.loads dill.load dill.loads cloudpickle.loads joblib.load shelve.open marshal.load"
    " marshal.loads jsonpickle.decode torch.load yaml.load yaml.load_all yaml.unsafe_load"
    " yaml.full_load code.InteractiveInterpreter importlib.import_module pandas.read_pickle"
    " ctypes.CDLL".split()
)
_ONLY_WITH_TEXT = frozenset({"compile", "__import__", "importlib.import_module", "ctypes.CDLL"})
_SAFE_LOADERS = frozenset({"SafeLoader", "CSafeLoader", "BaseLoader"})
_PYTHON_HINTS = tuple(
    "eval exec compile __import__ system popen getoutput getstatusoutput pickle load marshal shelve"
    " interpreter import_module cdll shell".split()
)
_OTHERS = any_of(
    r"(?<![.\w])(?:eval|execScript)[ \t]*\((?![ \t]*\))",
    r"\bnew[ \t]+Function[ \t]*\(",
    r"\bchild_process\b",
    r"\b(?:execSync|spawnSync|execFileSync)[ \t]*\(",
    r"\bvm\.runIn\w*",
    r"\bset(?:Timeout|Interval)[ \t]*\([ \t]*['\"`]",
    r"\bdangerouslySetInnerHTML\b",
    r"\b(?:shell_exec|passthru|proc_open|pcntl_exec|unserialize|create_function)[ \t]*\(",
    r"\bRuntime\.getRuntime\(\)\.exec\b",
    r"\bnew[ \t]+(?:ObjectInputStream|ScriptEngineManager)\b",
    r"\bexec\.Command(?:Context)?\([^\n]{0,80}\"(?:ba|z)?sh\"[^\n]{0,20}\"-c\"",
    r"\b(?:instance_eval|class_eval|Marshal\.load|YAML\.load)\b(?!_file)",
    r"\bInvoke-Expression\b",
    r"\bBinaryFormatter\b",
)
_OTHER_HINTS = tuple(
    "eval execscript function child_process execsync spawnsync execfilesync vm.runin settimeout"
    " setinterval dangerouslysetinnerhtml shell_exec passthru proc_open pcntl_exec unserialize"
    " create_function getruntime objectinputstream scriptenginemanager exec.command marshal.load"
    " yaml.load invoke-expression binaryformatter".split()
)
_SHELL_EVAL = re.compile(r"(?:^|[;&|][ \t]*|[ \t])eval[ \t]+[\"']?[$`]", re.MULTILINE)
_SHELLS = (".sh", ".bash", ".zsh", ".ksh")

_FETCH = r"(?:curl|wget|fetch|aria2c)\b"
_AS = r"(?:sudo[ \t]+(?:-\w+[ \t]+)*)?(?:env[ \t]+)?(?:/(?:usr/)?bin/)?"
_RUN = _AS + r"(?:(?:ba|z|da|k|c)?sh|python[\d.]*|perl|node|ruby|php)\b"
_FETCH_AND_RUN = re.compile(
    rf"\b{_FETCH}[^\n|]{{0,400}}\|[ \t]*(?:(?:tee|gunzip|tar|base64)[^\n|]{{0,80}}\|[ \t]*)?(?:{_RUN})"
    rf"|\b(?:ba|z|da|k)?sh[ \t]+(?:-\w+[ \t]+)*<\([ \t]*{_FETCH}"
    rf"|\b(?:ba|z|da|k)?sh[ \t]+-\w*c[ \t]+[\"']?(?:\$\(|`)[ \t]*{_FETCH}"
    rf"|\beval[ \t]+[\"']?(?:\$\(|`)[ \t]*{_FETCH}|(?:^|[ \t;&])(?:\.|source)[ \t]+<\([ \t]*{_FETCH}"
    r"|\b(?:iex|Invoke-Expression)\b[^\n]{0,200}(?:DownloadString|\biwr\b|\birm\b|Invoke-WebRequest|Invoke-RestMethod)"
    r"|\b(?:iwr|irm|Invoke-WebRequest|Invoke-RestMethod)\b[^\n|]{0,300}\|[ \t]*(?:iex|Invoke-Expression)\b",
    re.IGNORECASE | re.MULTILINE,
)
_PYTHON_FETCH = re.compile(
    r"\b(?:exec|eval)[ \t]*\([^\n]{0,200}\b(?:requests\.get|urlopen|httpx\.get|urllib\.request)\b"
)


def dynamic_exec(look: FileLook) -> Iterator[Hit]:
    if look.path_class in (PathClass.DOCS, PathClass.LOCALE, PathClass.LOCK) or look.is_deleted:
        return
    severity = look.lowered_in(D28.severity, PathClass.TEST, PathClass.VENDORED, PathClass.GENERATED)
    if look.path.endswith((".py", ".pyi", ".pyw")):
        yield from _python(look, severity)
    elif look.path.endswith(_SHELLS):
        for line, _ in look.finds(_SHELL_EVAL, "eval"):
            if not look.is_comment(line):
                yield Hit("A text is run as shell code", line, severity)
    elif is_code(look.path):
        for line, match in look.finds(_OTHERS, *_OTHER_HINTS):
            if not look.is_comment(line) and match.group() not in "".join(
                one.text for one in look.removed[:500]
            ):
                yield Hit("A text, or data, is run as code", line, severity)


def fetch_and_run(look: FileLook) -> Iterator[Hit]:
    for line, _ in look.finds(_FETCH_AND_RUN, "curl", "wget", "fetch", "aria2c", "iex", "invoke-expression"):
        yield Hit("Something is fetched and run at once", line, _fetch_severity(look, line))
    for line, _ in look.finds(_PYTHON_FETCH, "exec", "eval"):
        yield Hit("Something is fetched and run at once", line, _fetch_severity(look, line))


def _fetch_severity(look: FileLook, line: Line) -> Severity:
    is_prose = look.path_class in (PathClass.DOCS, PathClass.LOCALE)
    if is_prose or look.is_comment(line):
        return Severity.LOW
    return look.lowered_in(D29.severity, PathClass.TEST)


def _python(look: FileLook, severity: Severity) -> Iterator[Hit]:
    """By its tree, so that `re.compile(…)`, comments and texts are no hits, nor is what was there."""
    if not any(hint in look.folded for hint in _PYTHON_HINTS):
        return
    tree = None if look.is_unread else parsed(look.new)
    if tree is None:
        yield from _python_by_pattern(look, severity)
        return
    known = Counter(what for _, what in _dangers(look.old, parsed(look.old)))
    lines = {line.number: line for line in look.added}
    for call, what in _dangers(look.new, tree):
        if known[what]:
            known[what] -= 1
            continue
        span = range(call.lineno, (call.end_lineno or call.lineno) + 1)
        # Python also ends lines at a carriage return alone: then its numbers are not ours, and the hit stays.
        line = next((lines[number] for number in span if number in lines), None)
        name, text = what
        yield Hit(f"{name or 'A shell'} runs a text, or data, as code", line, severity, key=text)


_BY_PATTERN = re.compile(
    r"(?<![.\w])(?:eval|exec)[ \t]*\(|\bos\.(?:system|popen)\b|\bpickle\.loads?\b|shell[ \t]*=[ \t]*True"
)


def _python_by_pattern(look: FileLook, severity: Severity) -> Iterator[Hit]:
    for line, _ in look.finds(_BY_PATTERN):
        if not look.is_comment(line):
            words = "A text, or data, seems to be run as code; the file cannot be read as Python"
            yield Hit(words, line, severity, confidence=Confidence.LIKELY)


def _dangers(text: str, tree: ast.Module | None) -> Iterator[tuple[ast.Call, tuple[str, str]]]:
    """Each dangerous call, with its name and the lines that it is on."""
    if tree is None:
        return
    names, lines = original_names(tree), text.split("\n")
    for call in calls(tree):
        first, dot, rest = called(call).partition(".")
        name = f"{names.get(first, first)}{dot}{rest}"
        if _is_dangerous(call, name):
            span = lines[call.lineno - 1 : call.end_lineno]
            yield call, (name, "\n".join(line.strip() for line in span[:50]))


def _is_dangerous(call: ast.Call, name: str) -> bool:
    shell = argument(call, "shell")
    if shell is not None and not (isinstance(shell, ast.Constant) and not shell.value):
        return True
    if name not in _DANGEROUS:
        return False
    if name in ("yaml.load", "yaml.load_all"):
        loader = argument(call, "Loader") or (call.args[1] if len(call.args) > 1 else None)
        return loader is None or called(loader).rpartition(".")[2] not in _SAFE_LOADERS
    if name == "torch.load":
        only = argument(call, "weights_only")
        return not (isinstance(only, ast.Constant) and only.value is True)
    if name in _ONLY_WITH_TEXT:
        # A constant name is a plain import.
        return bool(call.args) and not isinstance(call.args[0], ast.Constant)
    return True


RULES = (FileRule(D28, dynamic_exec), FileRule(D29, fetch_and_run))
