"""What one item of a brief asks for. Whatever is not clearly understood stays words, for a person to read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from gate.domain.brief.limits import limits_in
from gate.domain.brief.model import BriefRule, Part, RuleKind
from gate.domain.brief.paths import as_pattern, has_edit_verb, is_path, paths_of_nouns, plain_paths
from gate.domain.brief.reading import Item

_MOST_VALUES = 50
_SPAN = re.compile(r"(?<!`)(`{1,3})(?!`)([^`]+)\1(?!`)")
_NEGATION = re.compile(
    r"\b(?:never|no|not|don'?t|cannot|can't|mustn't|without|avoid|forbidden|off[- ]limits|leave)\b|n't\b",
    re.IGNORECASE,
)
_EXCEPT = re.compile(r"\b(?:except|other than|but|outside(?: of)?|unless|apart from)\b", re.IGNORECASE)
_ONLY = re.compile(r"\b(?:only|nothing but|nowhere but|solely|exclusively)\b", re.IGNORECASE)
_RUN = re.compile(
    r"\b(?:run|runs|running|ran|execute|executing|start|invoke|call|use|using|pass|passes|fail|fails|green|"
    r"succeeds?)\b",
    re.IGNORECASE,
)
_MAY = re.compile(r"\b(?:you (?:may|can)|allowed to)\b", re.IGNORECASE)
_FAILS = re.compile(r"\b(?:fail|fails|failing|failed|breaks?|red)\b", re.IGNORECASE)
_LIST = re.compile(
    r"^(?:please |then |also )*(?:list|name|mention|report|state|note|summari[sz]e|explain)\b[: ]*(.+)",
    re.IGNORECASE,
)
_PUSH_TO = re.compile(
    r"\bpush(?:es|ed|ing)?\b(?: (?:only|directly|straight|anything|anywhere|nowhere|nothing|your work|but|"
    r"except|other than|commits|it))*(?: (?:to|onto|on))?(?: only)?\s+(.+)",
    re.IGNORECASE,
)
_REF = re.compile(r"(?:refs/(?:heads|tags)/)?[\w*][\w*./@+-]*")
_NO_REFS = frozenset(
    "it them your the changes work a an any directly force forced anything this that".split()
)
_FORCE = re.compile(r"\bforce[- ]?push", re.IGNORECASE)
_PROGRAMS = frozenset(
    "apt apt-get aws az brew bun cargo chmod chown composer curl docker eslint gcloud gh git go "
    "gradle helm jest just kubectl make mvn mypy nc node npm npx nox pip pip3 pnpm podman poetry psql pulumi "
    "pytest python python3 rails rake rm rsync ruff scp sh ssh su sudo systemctl terraform tox tsc uv vitest "
    "wget yarn".split()
)
_SENTENCES = re.compile(r";\s+|\.\s+(?=[A-Z`])")
_STEPS = re.compile(r",?\s+(?:and then|and|then)\s+(?=(?:run|list|push|report)\b)")


@dataclass(frozen=True, slots=True)
class _Sentence:
    """A clause with the words above it. `spans` are what stands in backticks, `plain` the words without."""

    item: Item
    text: str
    whole: str
    spans: tuple[str, ...]
    plain: str

    @property
    def is_negated(self) -> bool:
        return _NEGATION.search(_SPAN.sub(" ", self.whole)) is not None

    @property
    def is_bounded(self) -> bool:
        """Whether it names what is allowed by ruling out the rest: `only`, `nothing but`, `not outside`."""
        words = _SPAN.sub(" ", self.whole)
        return _ONLY.search(words) is not None or (self.is_negated and _EXCEPT.search(words) is not None)


def rules_of(item: Item) -> tuple[BriefRule, ...]:
    """The rules in one item, at least one of them. The part of a rule follows what it says: `never push to
    main` forbids, whatever it stands below.
    """
    if item.is_code:
        return (_rule(item, _code_part(item), RuleKind.COMMAND, item.text, (item.text,)),)
    found = [rule for clause in _clauses(item) for rule in _read(clause)]
    if all(rule.kind is RuleKind.WORDS for rule in found):
        return (_rule(item, item.part, RuleKind.WORDS, item.text),)
    return tuple(found)


def _clauses(item: Item) -> Iterator[_Sentence]:
    for sentence in _split(item.text, _SENTENCES):
        # `Never run x and push to main` forbids both: its second half cannot stand alone.
        is_negated = _NEGATION.search(_SPAN.sub(" ", sentence)) is not None
        for text in [sentence] if is_negated else _split(sentence, _STEPS):
            spans = tuple(match[2].strip() for match in _SPAN.finditer(text))
            plain = " ".join(_SPAN.sub(" ", text).split())
            yield _Sentence(item, text, f"{item.lead} {text}".strip(), spans, plain)


def _split(text: str, between: re.Pattern[str]) -> list[str]:
    """The pieces of a text, none of them cut inside backticks."""
    spans = [(match.start(), match.end()) for match in _SPAN.finditer(text)]
    cuts = [
        match
        for match in between.finditer(text)
        if not any(start < match.start() < end for start, end in spans)
    ]
    starts = [0, *(cut.end() for cut in cuts)]
    ends = [*(cut.start() for cut in cuts), len(text)]
    return [piece for start, end in zip(starts, ends, strict=True) if (piece := text[start:end].strip(" ."))]


def _read(sentence: _Sentence) -> tuple[BriefRule, ...]:
    item = sentence.item
    for reader in (_limits, _lists, _refs, _commands, _paths):
        rules = reader(sentence)
        if rules:
            return rules
    return (_rule(item, item.part, RuleKind.WORDS, sentence.text),)


def _limits(sentence: _Sentence) -> tuple[BriefRule, ...]:
    item = sentence.item
    is_open = item.part is Part.ALLOWED and re.search(r"\bmore than\b", sentence.whole, re.IGNORECASE)
    if is_open and not sentence.is_negated:
        return ()
    return tuple(
        BriefRule(
            item.part,
            RuleKind.FILE_LIMIT if limit.is_files else RuleKind.LINE_LIMIT,
            _shown(sentence),
            item.line,
            limit=limit.most,
        )
        for limit in limits_in(sentence.text)
    )


def _lists(sentence: _Sentence) -> tuple[BriefRule, ...]:
    item = sentence.item
    match = _LIST.match(sentence.whole if item.lead else sentence.text)
    if match is None or item.part is not Part.BEFORE_FINISHING:
        return ()
    things = sentence.text if item.lead else match[1]
    values = [_thing(part) for part in re.split(r",| and | or ", things)]
    known = tuple(dict.fromkeys(value for value in values if value))
    return (_rule(item, item.part, RuleKind.LIST, _shown(sentence), known),) if known else ()


def _thing(text: str) -> str:
    """`every new dependency in the summary` as `new dependency`."""
    text = re.sub(
        r"\b(?:in|to|into|at|under|as|with|that|which|you)\b.*", "", text.strip(" .:"), flags=re.IGNORECASE
    )
    words = re.findall(r"[\w/-]+", text)
    filling = ("the", "a", "an", "any", "all", "every", "each", "your", "known", "remaining")
    return " ".join(word for word in words if word.casefold() not in filling).casefold()


def _refs(sentence: _Sentence) -> tuple[BriefRule, ...]:
    item = sentence.item
    marked = _SPAN.sub(lambda match: f" \0{match[2].strip()}\0 ", sentence.whole)
    match = _PUSH_TO.search(marked)
    if match is None or _FORCE.search(marked) or any(span.startswith("git ") for span in sentence.spans):
        return ()
    in_code = re.findall("\0([^\0]+)\0", match[1])
    names = in_code or list(_plain_refs(match[1]))
    if not names or not all(_REF.fullmatch(name) for name in names):
        return ()
    patterns = tuple(name if name.startswith("refs/") else f"refs/heads/{name}" for name in names)
    return (_rule(item, _part(sentence), RuleKind.REFS, _shown(sentence), patterns),)


def _plain_refs(words: str) -> Iterator[str]:
    """`main or release/*` as two refs; nothing of a sentence that goes on about something else."""
    for word in words.replace(",", " , ").split():
        name = word.rstrip(".")
        if name in (",", "or", "and", "/") or name.casefold() in (
            "branch",
            "branches",
            "the",
            "directly",
            "only",
        ):
            continue
        if name.casefold() in _NO_REFS or not _REF.fullmatch(name):
            return
        yield name


def _commands(sentence: _Sentence) -> tuple[BriefRule, ...]:
    item, part = sentence.item, _part(sentence)
    is_run = _RUN.search(_SPAN.sub(" ", sentence.whole)) is not None
    is_edited = has_edit_verb(_SPAN.sub(" ", sentence.whole))
    values = tuple(span for span in sentence.spans if _is_command(span, is_run=is_run, is_edited=is_edited))
    if not values:
        return ()
    if sentence.is_bounded and part is Part.ALLOWED:
        # `Only run X` speaks of every other command, which is for a person to judge.
        return ()
    if item.part is Part.STOP_IF and not _FAILS.search(sentence.whole) and not is_run:
        return ()
    return (_rule(item, part, RuleKind.COMMAND, _shown(sentence), values),)


def _is_command(span: str, *, is_run: bool, is_edited: bool) -> bool:
    words = span.split()
    if not words:
        return False
    if len(words) > 1:
        return is_run or words[0].rpartition("/")[2] in _PROGRAMS or not is_edited
    if is_run and not is_edited:
        return "*" not in span and not span.endswith("/")
    return words[0] in _PROGRAMS and not is_edited


def _paths(sentence: _Sentence) -> tuple[BriefRule, ...]:
    item = sentence.item
    words = _SPAN.sub(" ", sentence.whole)
    is_edited = has_edit_verb(words)
    in_code = [span for span in sentence.spans if is_path(span, is_edited=is_edited)]
    if sentence.spans and len(in_code) < len(sentence.spans):
        return ()
    found = (*in_code, *plain_paths(sentence.plain))
    nouns = paths_of_nouns(sentence.plain if has_edit_verb(sentence.plain) else f"edit {sentence.plain}")
    is_whole = sentence.text == item.text.strip(" .")
    if (item.part is Part.ALLOWED and not is_whole) or not (is_edited or item.part is Part.NOT_ALLOWED):
        nouns = ()
    # `edit `tests/**` and fixtures`: a kind of file beside a path widens the rule.
    values = tuple(dict.fromkeys(as_pattern(path) for path in (*found, *nouns)))
    if not values or _has_two_sides(sentence):
        return ()
    return (_rule(item, _part(sentence), RuleKind.PATHS, _shown(sentence), values),)


def _has_two_sides(sentence: _Sentence) -> bool:
    """Whether paths stand on both sides of an `except`: no list of patterns says the same for sure."""
    match = _EXCEPT.search(_SPAN.sub(lambda span: "`" * len(span[0]), sentence.text))
    if match is None:
        return False
    before, after = sentence.text[: match.start()], sentence.text[match.end() :]
    sides = [_SPAN.search(side) is not None or bool(plain_paths(side)) for side in (before, after)]
    is_loosened = not sentence.is_negated and not sentence.is_bounded and sides[1]
    return all(sides) or (is_loosened and sentence.item.part is not Part.NOT_ALLOWED)


def _part(sentence: _Sentence) -> Part:
    part = sentence.item.part
    if part is Part.STOP_IF:
        return part
    if sentence.is_bounded or (_MAY.search(sentence.whole) and not sentence.is_negated):
        return Part.ALLOWED
    if part is Part.NOT_ALLOWED and _EXCEPT.search(_SPAN.sub(" ", sentence.whole)):
        return Part.ALLOWED
    return Part.NOT_ALLOWED if sentence.is_negated else part


def _code_part(item: Item) -> Part:
    is_negated = _NEGATION.search(item.lead) is not None
    return Part.NOT_ALLOWED if is_negated and item.part is not Part.STOP_IF else item.part


def _rule(item: Item, part: Part, kind: RuleKind, words: str, values: tuple[str, ...] = ()) -> BriefRule:
    return BriefRule(part, kind, words, item.line, values[:_MOST_VALUES])


def _shown(sentence: _Sentence) -> str:
    return sentence.whole if sentence.item.lead else sentence.text
